// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@Suite("Events of an operation")
struct EventTests {
    let record = Samples.operation()
    let progress = Progress(step: .backup, done: 1, total: 10, unit: .bytes)

    @Test("An event survives the stream, however it is cut")
    func roundTrip() throws {
        let events: [OperationEvent] = [
            .init(id: 1, change: .operation(record)), .init(id: 2, change: .progress(progress)),
            .init(id: 9, change: .gap),
        ]
        let text = try events.map { try $0.serverSent().text }.joined(separator: ServerSentEvent.heartbeat)
        var parser = ServerSentEventParser()
        let parsed = text.utf8.flatMap { parser.take([$0]) }
        #expect(try parsed.map { try OperationEvent($0) } == events)
    }

    @Test("Comments, CRLF and unknown fields of a stream are no events")
    func parser() {
        var parser = ServerSentEventParser()
        let text = ": hello\r\nretry: 5\r\n\r\nid: 7\r\nevent: x\r\ndata: a\r\ndata:b\r\n\r\nevent: unfinished\n"
        #expect(parser.take(text.utf8) == [ServerSentEvent(id: "7", name: "x", data: "a\nb")])
    }

    @Test("A new watcher learns how it stands, a known one what it missed")
    func batches() async {
        let feed = OperationFeed(record)
        await feed.report(progress)
        #expect(await feed.batch(after: nil, waiting: .zero).events == [.init(id: 2, change: .operation(record))])
        #expect(await feed.batch(after: 1, waiting: .zero).events == [.init(id: 2, change: .progress(progress))])
        #expect(await feed.batch(after: 2, waiting: .zero) == EventBatch(events: [], isLast: false))
    }

    @Test("Progress replaces progress and pushes nothing out")
    func progressReplaces() async {
        let feed = OperationFeed(record, capacity: 3)
        for done in 1...100 { await feed.report(Progress(step: .backup, done: Int64(done), total: 100, unit: .bytes)) }
        let batch = await feed.batch(after: 1, waiting: .zero)
        #expect(batch.events.map(\.id) == [101])
    }

    @Test("Who comes back too late, or from another daemon, gets a gap and how it stands", arguments: [UInt64(1), 99])
    func gap(_ after: UInt64) async {
        let feed = OperationFeed(record, capacity: 2)
        for _ in 1...5 { await feed.report(record) }
        #expect(
            await feed.batch(after: after, waiting: .zero).events == [
                .init(id: 6, change: .gap), .init(id: 6, change: .operation(record)),
            ])
    }

    @Test("A watcher that waits is woken by the next event, and told that it is the last")
    func wakes() async {
        let feed = OperationFeed(record)
        let settled = Samples.settled(record, .succeeded)
        async let batch = feed.batch(after: 1, waiting: .seconds(60))
        async let end = feed.settled(within: .seconds(60))
        await feed.report(settled)
        #expect(await batch == EventBatch(events: [.init(id: 2, change: .operation(settled))], isLast: true))
        #expect(await end == settled)
    }

    @Test("A wait ends with its time, and when its task is cancelled")
    func ends() async {
        let feed = OperationFeed(record)
        #expect(await feed.batch(after: 1, waiting: .milliseconds(20)).events.isEmpty)
        let task = Task { await feed.settled(within: .seconds(3600)) }
        task.cancel()
        #expect(await task.value == record)
    }
}
