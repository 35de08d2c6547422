// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@Suite struct IdentifierTests {
    @Test("a store's id is twelve digits of its place, the same in every run")
    func store() {
        let file = StoreLocation(engine: .sqlite, name: "/a/.claude-memory.db")
        #expect(file.id == StoreLocation(engine: .sqlite, name: "/a/.claude-memory.db").id)
        #expect(file.id != StoreLocation(engine: .postgres, name: "/a/.claude-memory.db").id)
        #expect(file.id.value == "75f7d04fe41a")
        #expect(StoreID(file.id.value) == file.id)
    }

    @Test(
        "what is no id is none",
        arguments: ["", "9f3c1a77b2e", "9f3c1a77b2e00", "9F3C1A77B2E0", "9f3c1a77b2eg", "９f3c1a77b2e0"])
    func noStore(_ text: String) {
        #expect(StoreID(text) == nil)
    }

    @Test("operations sort by the time they were made")
    func operation() throws {
        var generator = SystemRandomNumberGenerator()
        let ids = [0, 1, 31, 32, 1_762_689_662_345, 1 << 48 - 1].map {
            OperationID(milliseconds: $0, using: &generator)
        }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
        for id in ids { #expect(OperationID(id.value) == id) }
        #expect(ids[4].value.hasPrefix("op_01K9M7VFC9"))
    }

    @Test(
        "what is no operation is none",
        arguments: ["", "op_", "op_01K9ILOU0000000000000000", "01K9M6A9W90000000000000000"])
    func noOperation(_ text: String) {
        #expect(OperationID(text) == nil)
    }

    @Test("a backup's id is written in one way, and read in no other")
    func backup() {
        for id in [BackupID(sequence: 42, root: "9f3c1a77b2e0"), BackupID(sequence: 12_345_678, root: "000000000000")] {
            #expect(BackupID(id.description) == id)
        }
        #expect(BackupID(sequence: 42, root: "9f3c1a77b2e0").description == "000042_9f3c1a77b2e0")
        for text in [
            "42_9f3c1a77b2e0", "0000042_9f3c1a77b2e0", "+00042_9f3c1a77b2e0", "000042_9F3C1A77B2E0", "000042",
            "000042_9f_3",
        ] {
            #expect(BackupID(text) == nil, "\(text)")
        }
    }

    @Test("backups sort by their sequence, whatever its digits")
    func order() {
        #expect(BackupID(sequence: 999_999, root: "ffffffffffff") < BackupID(sequence: 1_000_000, root: "000000000000"))
    }
}

@Suite struct ErrorTableTests {
    @Test(
        "every code has a title, an exit status and an HTTP status that fit one another",
        arguments: GuardError.Code.allCases)
    func line(_ code: GuardError.Code) {
        let line = ErrorTable.line(for: code)
        #expect(!line.title.isEmpty && !line.title.hasSuffix("."))
        #expect((400..<600).contains(line.status))
        #expect(line.exit != .done && line.exit != .findings)
    }

    @Test(
        "each code has its documented exit status",
        arguments: [
            (GuardError.Code.notADatabase, 14), (.damaged, 14), (.foreignSchema, 14), (.foreignLedger, 14),
            (.drift, 14),
            (.unknownShape, 14), (.newerVersion, 14), (.storeBusy, 11), (.storeMoved, 11), (.permissionDenied, 12),
            (.readOnlyStore, 12),
            (.noSpace, 7), (.backupFailed, 7), (.migrationFailed, 8), (.conservationFailed, 8), (.rehearsalFailed, 8),
            (.checkVetoed, 8),
            (.verificationFailed, 6), (.restoreFailed, 5), (.notFound, 10), (.storeMissing, 10),
            (.confirmationNeeded, 13), (.usage, 64),
            (.serverUnreachable, 1), (.notAnswering, 8), (.notReachable, 69), (.timedOut, 75), (.configuration, 78),
            (.refusesRoot, 78),
            (.interrupted, 130),
            (.stateDirectoryBusy, 11),
        ] as [(GuardError.Code, Int32)])
    func exit(_ code: GuardError.Code, _ status: Int32) {
        #expect(ErrorTable.line(for: code).exit.rawValue == status)
    }

    @Test("the worst of a pass is the first in the documented order")
    func worst() {
        #expect(ExitCode.worstFirst.map(\.rawValue) == [5, 6, 4, 1, 8, 7, 12, 11, 14, 10, 0])
        #expect(ExitCode.worst(of: []) == .done)
        #expect(ExitCode.worst(of: [.done, .busy, .failedUntouched, .notMigratable]) == .failedUntouched)
    }

    @Test(
        "an error of the disk or of the vault has a next step, also where its maker names none; one of its own is kept")
    func nextSteps() {
        for code in [GuardError.Code.noSpace, .inputOutput, .backupFailed] {
            #expect(Problem(GuardError(code, "what happened")).hint != nil, "\(code)")
            #expect(GuardError(code, "what happened", hint: "Do this.").hint == "Do this.")
        }
        #expect(GuardError(.usage, "what happened").hint == nil)
    }

    @Test("titles are different, so that a list of them tells something")
    func titles() {
        let titles = GuardError.Code.allCases.map { ErrorTable.line(for: $0).title }
        #expect(Set(titles).count == titles.count)
    }
}
