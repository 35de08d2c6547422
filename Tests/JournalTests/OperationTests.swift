// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import Testing

@Suite struct OperationTests {
    @Test("a record with everything in it reads back as it was written, also after the journal was opened again")
    func roundTrip() async throws {
        let world = World()
        let written = full()
        try await world.journal().begin(written)

        #expect(try await world.journal().operation(written.id) == written)
    }

    @Test("progress is never in the journal")
    func progress() async throws {
        let journal = try World().journal()
        var record = Sample.operation()
        record.progress = Progress(step: .backup, done: 1, total: 2, unit: .pages)
        try await journal.begin(record)
        record.progress = nil
        #expect(try await journal.operation(record.id) == record)
    }

    @Test("the steps of a migration stand in the journal with their times, details and what they changed")
    func life() async throws {
        let world = World()
        let journal = try world.journal()
        var expected = Sample.operation()
        try await journal.begin(expected)

        let start = world.clock.now
        try await journal.start(.step(.backup, "scratch/1"), of: expected.id)
        world.clock.advance(by: 3)
        let turn = world.clock.now
        let finding = Finding(code: "previewMissing", message: "row 7 has no preview", table: "rlm_chunks", row: "7")
        try await journal.transition(
            of: expected.id, finishing: .done(.backup), starting: .step(.migrate), dataState: .changing,
            backup: Sample.backup, attempt: "abc", findings: [finding])
        try await journal.note("xid 731", on: .migrate, of: expected.id)
        world.clock.advance(by: 1)
        let end = world.clock.now
        var result = OperationResult()
        result.toVersion = 4
        let later = Finding(code: "checkNotRun", message: "the check command could not run")
        try await journal.settle(
            expected.id, as: .succeeded, dataState: .migratedVerified, finishing: .done(.migrate, "4 applied"),
            findings: [later], result: result)

        expected.state = .settled
        expected.outcome = .succeeded
        expected.dataState = .migratedVerified
        expected.settledAt = end
        expected.backup = Sample.backup
        expected.attempt = "abc"
        expected.findings = [finding, later]
        expected.result = result
        expected.steps = [
            StepRecord(kind: .backup, state: .done, startedAt: start, finishedAt: turn, detail: "scratch/1"),
            StepRecord(kind: .migrate, state: .done, startedAt: turn, finishedAt: end, detail: "4 applied"),
        ]
        #expect(try await journal.operation(expected.id) == expected)
    }

    @Test("a step may run a second time, and only the running one is finished")
    func repeatedStep() async throws {
        let journal = try World().journal()
        let record = Sample.operation()
        try await journal.begin(record)
        try await journal.start(.step(.backup, "first"), of: record.id)
        try await journal.finish(.failed(.backup, "the store had moved"), of: record.id)
        try await journal.start(.step(.backup, "second"), of: record.id)
        try await journal.finish(.done(.backup), of: record.id)

        let steps = try #require(try await journal.operation(record.id)).steps
        #expect(steps.map(\.state) == [.failed, .done])
        #expect(steps.map(\.detail) == ["the store had moved", "second"])
    }

    @Test("steps that nobody finished end as failed with the operation")
    func leftover() async throws {
        let journal = try World().journal()
        let record = Sample.operation()
        try await journal.begin(record)
        try await journal.start(.step(.rehearse), of: record.id)
        try await journal.settle(record.id, as: .failedUntouched, dataState: .untouched)
        #expect(try await journal.operation(record.id)?.steps.map(\.state) == [.failed])
    }

    @Test("a settled operation never changes")
    func settledIsFinal() async throws {
        let journal = try World().journal()
        let record = Sample.operation()
        try await journal.begin(record)
        try await journal.settle(record.id, as: .cancelled, dataState: .untouched)
        let settled = try await journal.operation(record.id)

        await expect(.misuse) {
            try await journal.settle(record.id, as: .succeeded, dataState: .migratedVerified)
        }
        await expect(.misuse) { try await journal.transition(of: record.id, dataState: .changing) }
        await expect(.misuse) { try await journal.note("x", on: .migrate, of: record.id) }
        #expect(try await journal.operation(record.id) == settled)
    }

    @Test("a refused write leaves nothing behind, in the operation or in the audit")
    func atomic() async throws {
        let journal = try World().journal()
        let id = Sample.operation().id
        try await journal.begin(Sample.operation(id: id))
        try await journal.start(.step(.migrate), of: id)
        try await journal.start(.step(.verify), of: id)
        let record = try #require(try await journal.operation(id))
        let events = try await journal.lastEventID()

        // The end of the first step is written when the start of the second one, which runs already, is refused.
        await expect(.misuse) {
            try await journal.transition(of: id, finishing: .done(.migrate), starting: .step(.verify))
        }
        await expect(.misuse) { try await journal.begin(record) }
        var twice = Sample.operation()
        twice.outcome = .succeeded
        await expect(.misuse) { [twice] in try await journal.begin(twice) }
        await expect(.notFound) { try await journal.start(.step(.backup), of: Sample.operation().id) }

        #expect(try await journal.operation(id) == record)
        #expect(try await journal.lastEventID() == events)
        #expect(try await journal.operations(limit: 10).count == 1)
    }

    @Test("R13: an operation that never got beyond its checks is history in one write")
    func settledAtOnce() async throws {
        let journal = try World().journal()
        let record = full()
        try await journal.begin(record)
        #expect(try await journal.unsettled().isEmpty)
        let kinds = try await journal.events(after: 0, limit: 10).map(\.kind)
        #expect(kinds == [.operationBegan, .operationSettled])
    }

    private func full() -> OperationRecord {
        let at = Timestamp(milliseconds: 1_762_689_662_345)
        var record = Sample.operation(attempt: "digest of what was tried")
        record.state = .settled
        record.outcome = .failedRestored
        record.dataState = .restoredVerified
        record.settledAt = Timestamp(milliseconds: 1_762_689_662_999)
        record.backup = Sample.backup
        record.steps = [
            StepRecord(kind: .preflight, state: .done, startedAt: at, finishedAt: at),
            StepRecord(kind: .migrate, state: .failed, startedAt: at, finishedAt: at, detail: "“why”\n\u{0}🙂 /path"),
            StepRecord(kind: .recover, state: .running, startedAt: at, detail: ""),
        ]
        record.findings = [Finding(code: "previewMissing", message: "a \"row\"", table: "t", row: "1")]
        record.error = Problem(
            GuardError(
                .verificationFailed, "counts differ", store: Sample.shop.id, dataState: .restoredVerified, hint: "look",
                causes: ["one", "two"]),
            operation: record.id)
        var result = OperationResult()
        result.fromVersion = 1
        result.toVersion = 4
        result.applied = [.init(version: 2, name: "rlm", milliseconds: 12)]
        result.keptState = Sample.backup
        result.rowsInKeptState = ["memory_items": 3]
        result.seconds = ["backup": 0.1, "migrate": 1.0 / 3.0]
        record.result = result
        return record
    }
}

/// Expects `body` to throw a ``JournalError`` of `code`.
func expect(
    _ code: JournalError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await #expect(throws: JournalError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
}
