// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import Synchronization
import Testing

@Suite struct WriteObserverTests {
    @Test("every commit is announced before and after, with one number and a name that a crash test can aim at")
    func names() async throws {
        let seen = Seen()
        let journal = try World().journal(observer: { seen.append($0) })
        let record = Sample.operation()
        try await journal.begin(record)
        try await journal.start(.step(.backup), of: record.id)
        try await journal.transition(of: record.id, finishing: .done(.backup), starting: .step(.migrate))
        try await journal.transition(of: record.id, dataState: .changing)
        try await journal.finish(.done(.migrate), of: record.id)
        try await journal.settle(record.id, as: .succeeded, dataState: .migratedVerified)
        try await journal.pin(Sample.backup)

        let names = [
            "begin(migrate)", "intent(backup)", "result(backup)+intent(migrate)", "update", "result(migrate)",
            "settle(succeeded)", "pin",
        ]
        #expect(seen.writes.map(\.description) == names.flatMap { ["before \($0)", "after \($0)"] })
        #expect(seen.writes.map(\.ordinal) == (1...7).flatMap { [$0, $0] })
    }

    @Test("a write that fails is announced by nothing")
    func refusal() async throws {
        let seen = Seen()
        let journal = try World().journal(observer: { seen.append($0) })
        await expect(.notFound) { try await journal.settle(Sample.operation().id, as: .busy, dataState: .untouched) }
        #expect(seen.writes.isEmpty)
    }
}

private final class Seen: Sendable {
    private let list = Mutex<[JournalWrite]>([])

    var writes: [JournalWrite] { list.withLock { $0 } }

    func append(_ write: JournalWrite) { list.withLock { $0.append(write) } }
}
