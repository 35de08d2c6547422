// SPDX-License-Identifier: MIT

import GuardCore
import Logging
import SystemdKit
import Testing

@testable import GuardLog

@Suite("How operations are told")
struct OperationLogEntryTests {
    private let store = StoreLocation(engine: .sqlite, name: "/home/ann/shop/.claude-memory.db").id

    private func record(
        _ kind: OperationKind, _ outcome: Outcome?, _ dataState: DataState, error: String? = nil
    ) throws -> OperationRecord {
        var record = OperationRecord(
            id: try #require(OperationID("op_01K9MQZ8S50123456789ABCDEF")), kind: kind, store: store, state: .settled,
            trigger: "release",
            actor: .init(uid: 1000), startedAt: Timestamp(milliseconds: 0))
        record.outcome = outcome
        record.dataState = dataState
        record.error = error.map { Problem(GuardError(.migrationFailed, $0, hint: "Look.", causes: ["below"])) }
        return record
    }

    @Test("R2: a migration that went well reads well alone")
    func migrated() throws {
        var record = try record(.migrate, .succeeded, .migratedVerified)
        record.result = OperationResult()
        record.result?.fromVersion = 1
        record.result?.toVersion = 4
        record.result?.lockedMilliseconds = 12
        record.backup = BackupID(sequence: 7, root: "9f3c1a77b2e0")
        record.settledAt = Timestamp(milliseconds: 113)
        let news = OperationLogEntry(record, name: "shop", at: "~/shop/.claude-memory.db", line: "sqlite-4")
        #expect(news.text == "shop: upgraded 4.0 → 4.4 in 113 ms (application waited 12 ms), backup 7")
        #expect(news.message == .operationSucceeded)
        #expect(news.metadata["store"] == "\(store)" && news.metadata["location"] == "~/shop/.claude-memory.db")
        #expect(news.metadata["operation"] == "\(record.id)" && news.metadata["kind"] == "migrate")
        #expect(news.metadata["outcome"] == "succeeded" && news.metadata["dataState"] == "migratedVerified")
        #expect(news.metadata["backup"] == "\(BackupID(sequence: 7, root: "9f3c1a77b2e0"))")
        #expect(news.metadata["fromVersion"] == "1" && news.metadata["toVersion"] == "4")
        #expect(news.metadata["error"] == nil)
    }

    @Test("A failure says what is true of the data, and why")
    func failures() throws {
        let untouched = OperationLogEntry(
            try record(.migrate, .failedUntouched, .untouched, error: "no such column"), name: "x")
        #expect(untouched.text == "x: upgrade failed; the data is untouched: no such column")
        #expect(untouched.message == .operationFailedUntouched && untouched.message.level == .error)
        #expect(
            untouched.metadata["error"] == "no such column; below" && untouched.metadata["code"] == "migrationFailed")
        #expect(untouched.metadata["hint"] == "Look.")

        var restored = try record(.migrate, .failedRestored, .restoredVerified, error: "a row went missing")
        restored.backup = BackupID(sequence: 7, root: "9f3c1a77b2e0")
        #expect(
            OperationLogEntry(restored).text
                == "\(store): upgrade failed and was reverted; the data was restored from backup 7 and verified: a row went missing"
        )

        let attention = OperationLogEntry(
            try record(.restore, .needsAttention, .unverified, error: "I/O error"), name: "x")
        #expect(
            attention.text == "x: NEEDS ATTENTION: restore failed; the data is not in a verified state: I/O error")
        #expect(attention.message.level == .critical)
        #expect(OperationLogEntry(try record(.migrate, nil, .unverified)).message == .operationNeedsAttention)
    }

    @Test("Whatever was cut short and came to a good end is told as recovery; a bad end as what it is")
    func recovery() throws {
        for (outcome, message) in [
            (Outcome.succeeded, GuardMessage.recoverySettled), (.failedUntouched, .recoverySettled),
            (.failedRestored, .operationFailedRestored), (.needsAttention, .operationNeedsAttention),
        ] {
            var record = try record(.migrate, outcome, .untouched)
            record.steps = [StepRecord(kind: .recover, state: .done, startedAt: Timestamp(milliseconds: 0))]
            #expect(OperationLogEntry(record).message == message)
        }
    }

    @Test("Each kind and outcome gives the fields that its explanation shows", arguments: OperationKind.allCases)
    func everyKind(_ kind: OperationKind) throws {
        let said = Said()
        for outcome in Outcome.allCases {
            for isRecovered in [false, true] {
                for dataState in DataState.allCases {
                    var record = try record(kind, outcome, dataState)
                    if isRecovered {
                        record.steps = [StepRecord(kind: .recover, state: .done, startedAt: Timestamp(milliseconds: 0))]
                    }
                    said.logger().tell(settled: record)
                    let told = try #require(said.records.last)
                    let message = try #require(GuardMessage.all.first { $0.id == told.messageID })
                    #expect(message.level == told.level)
                    let names = Set(told.journalFields(identifier: "x").map(\.name))
                    #expect(message.fields.isSubset(of: names), "\(message.subject)")
                    #expect(told.message.count > 15 && !told.message.contains("Optional"))
                    if [.untouched, .unverified].contains(dataState) {
                        #expect(!told.message.contains("and verified"), "\(told.message)")
                    }
                }
            }
        }
    }
}
