// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import Testing

@Suite struct HistoryTests {
    @Test("operations come newest first, by store and by page, in the order in which they began and not by their ids")
    func pages() async throws {
        let journal = try World().journal()
        // The clock goes back: later operations have smaller ids.
        let shop = (0..<5).map { Sample.operation(id: id(milliseconds: 1_000_000 - $0)) }
        for record in shop { try await journal.begin(record) }
        let vault = Sample.operation(.prune, on: nil, id: id(milliseconds: 0))
        try await journal.begin(vault)

        let all = [vault] + shop.reversed()
        #expect(try await journal.operations(limit: 10) == all)
        #expect(try await journal.operations(limit: 2) == Array(all.prefix(2)))
        #expect(try await journal.operations(limit: 3, before: shop[4].id) == Array(all[2..<5]))
        #expect(try await journal.operations(store: Sample.shop.id, limit: 10) == shop.reversed())
        #expect(try await journal.operations(store: Sample.blog.id, limit: 10).isEmpty)
    }

    @Test("R12: what recovery has to settle comes oldest first")
    func unsettled() async throws {
        let journal = try World().journal()
        let records = (0..<3).map { _ in Sample.operation() }
        for record in records { try await journal.begin(record) }
        try await journal.start(.step(.preflight), of: records[2].id)
        // What became known before the first step does not make an operation run.
        try await journal.transition(of: records[0].id, attempt: "a")
        try await journal.settle(records[1].id, as: .nothingToDo, dataState: .untouched)
        let unsettled = try await journal.unsettled()
        #expect(unsettled.map(\.id) == [records[0].id, records[2].id])
        #expect(unsettled.map(\.state) == [.queued, .running])
    }

    @Test("a unique prefix names an operation, in any case and without its op_")
    func prefix() async throws {
        let journal = try World().journal()
        let early = Sample.operation(id: id(milliseconds: 1 << 40))
        let late = Sample.operation(id: id(milliseconds: (1 << 40) + (1 << 20)))
        try await journal.begin(early)
        try await journal.begin(late)
        // 1 << 40 and 1 << 20 set a digit each: the third and the seventh of the ten that are the time.
        let unique = String(late.id.value.prefix(3 + 6))
        let shared = String(late.id.value.prefix(3 + 5))
        #expect(unique.hasPrefix(shared) && early.id.value.hasPrefix(shared) && !early.id.value.hasPrefix(unique))

        #expect(try await journal.operation(matching: unique) == late)
        #expect(try await journal.operation(matching: unique.dropFirst(3).lowercased()) == late)
        #expect(try await journal.operation(matching: early.id.value) == early)
        await expect(.ambiguous) { _ = try await journal.operation(matching: shared) }
        await expect(.notFound) { _ = try await journal.operation(matching: "op_ZZ") }
        await expect(.notFound) { _ = try await journal.operation(matching: "%") }
    }

    @Test("invariant 9: failures of the same attempt are counted since an attempt last succeeded")
    func failedAttempts() async throws {
        let journal = try World().journal()
        let shop = Sample.shop.id
        func run(_ outcome: Outcome, _ attempt: String?, on store: StoreID = shop) async throws {
            let record = Sample.operation(on: store, attempt: attempt)
            try await journal.begin(record)
            try await journal.settle(record.id, as: outcome, dataState: .untouched)
        }
        try await run(.failedUntouched, "a")
        try await run(.failedUntouched, "a")
        try await run(.failedUntouched, "b")
        try await run(.failedUntouched, "a", on: Sample.blog.id)
        try await run(.busy, "a")
        try await run(.cancelled, "a")
        try await run(.succeeded, nil)
        try await journal.begin(Sample.operation(attempt: "a"))
        #expect(try await journal.failedAttempts(store: shop, attempt: "a") == 2)
        #expect(try await journal.failedAttempts(store: shop, attempt: "b") == 1)
        #expect(try await journal.failedAttempts(store: shop, attempt: "c") == 0)

        try await run(.succeeded, "c")
        try await run(.failedUntouched, "a")
        #expect(try await journal.failedAttempts(store: shop, attempt: "a") == 1)
        #expect(try await journal.failedAttempts(store: Sample.blog.id, attempt: "a") == 1)
    }

    private func id(milliseconds: Int) -> OperationID {
        var generator = SystemRandomNumberGenerator()
        return OperationID(milliseconds: UInt64(milliseconds), using: &generator)
    }
}
