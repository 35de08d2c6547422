// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@testable import Engine

@Suite("Operations of this run")
struct OperationRegistryTests {
    @Test("Feeds of operations that ended are let go, the oldest first; one at work keeps its own")
    func feeds() {
        var registry = OperationRegistry()
        var generator = SystemRandomNumberGenerator()
        let records = (0..<(OperationRegistry.keptFeeds + 10)).map { number in
            OperationRecord(
                id: OperationID(milliseconds: UInt64(number), using: &generator), kind: .verify, store: nil,
                state: .running, trigger: "request", actor: .init(uid: 0), startedAt: Timestamp(milliseconds: 0))
        }
        for record in records { registry.open(record) }
        #expect(registry.feeds.count == records.count)
        for record in records.dropFirst() { registry.end(record.id) }
        #expect(registry.feeds.count == OperationRegistry.keptFeeds + 1)
        #expect(registry.feeds[records[0].id] != nil && registry.feeds[records[1].id] == nil)
        #expect(registry.feeds[records[records.count - 1].id] != nil)
    }
}
