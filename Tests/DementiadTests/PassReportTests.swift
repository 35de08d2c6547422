// SPDX-License-Identifier: MIT

import ControlAPI
import Engine
import GuardCore
import Stores
import Testing

@testable import dementiad

@Suite("What a pass over servers says")
struct PassReportTests {
    private let problem = GuardError(
        .serverUnreachable, "the server db:5432 cannot be reached", hint: "Start it.", causes: ["connection refused"])
    private let store = StoreForm(
        location: StoreLocation(engine: .postgres, name: "db:5432/app#shop"), project: "shop", state: .current,
        sizeBytes: 8 << 20)

    private func report(_ items: [PassItem], _ problems: [GuardError]) -> String {
        PassReport(
            PassResult(items: items, problems: problems),
            places: ["/home/ann", "postgres://(with a password, not shown)"], mode: { _ in .auto }
        ).text
    }

    @Test("A server that cannot be reached is named, and the report does not say that everything is safe")
    func unreached() {
        let text = report([PassItem(store: store, operation: nil)], [problem])
        #expect(
            text == """
                1 memory under /home/ann, postgres://(with a password, not shown), and one place not examined.

                shop  db:5432/app#shop
                  is         of unknown version, 8.0 MiB, nothing to do

                Not examined:
                  the server db:5432 cannot be reached
                    because: connection refused
                    Start it.
                """)
        #expect(report([], [problem]).contains("cannot be reached"))
        #expect(report([PassItem(store: store, operation: nil)], []).contains("it is safe"))
    }

    @Test("What was not restored and not rehearsed is not said to be")
    func decoded() {
        var generator = SystemRandomNumberGenerator()
        var record = OperationRecord(
            id: OperationID(milliseconds: 1, using: &generator), kind: .migrate, store: store.id, state: .settled,
            trigger: "once", actor: .init(uid: 1000), startedAt: Timestamp(milliseconds: 1))
        record.outcome = .succeeded
        record.dataState = .migratedVerified
        record.backup = BackupID(sequence: 7, root: "0123456789ab")
        record.steps = [StepRecord(kind: .rehearse, state: .done, startedAt: Timestamp(milliseconds: 1))]
        let usual = report([PassItem(store: store, operation: record)], [])
        #expect(usual.contains("restored and compared") && usual.contains("rehearsed  on the restored copy"))
        record.findings = [
            Finding(code: "proofDecoded", message: "the backup was proved without a restore: no scratch"),
            Finding(code: "notRehearsed", message: "the migration was not rehearsed"),
        ]
        let sparse = report([PassItem(store: store, operation: record)], [])
        #expect(sparse.contains("000007_0123456789ab, read back and compared"))
        #expect(!sparse.contains("restored copy") && !sparse.contains("restored and compared"))
        #expect(sparse.contains("note       the backup was proved without a restore: no scratch"))
    }
}
