// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import GuardCore
import TestSupport
import Testing

@Suite("The audit as it grows")
struct AuditStreamTests {
    let shop = Samples.stores[0].id
    let blog = Samples.stores[1].id

    func listen(_ world: World, _ query: String = "", after id: String? = nil) async throws -> RawSocket {
        let socket = try RawSocket(world.socket)
        let field = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        await socket.send("GET /v1/events\(query) HTTP/1.1\r\nHost: x\r\n\(field)\r\n")
        return socket
    }

    @Test("Without an id it begins with what happens from now on")
    func fromNow() async throws {
        try await World.run { world in
            let socket = try await listen(world)
            defer { socket.end() }
            let head = await socket.read(until: "retry: 1000\n\n")
            #expect(head.contains("Content-Type: text/event-stream") && !head.contains("event: entry"))
            await world.service.record(blog)
            let text = await socket.read(until: "\n\n")
            #expect(text.contains("id: 3\nevent: entry\ndata: {") && text.contains("\"kind\":\"storeFound\""))
        }
    }

    @Test("It goes on after the id of the query, and rather after that of the header", arguments: [nil, "1"])
    func resume(_ last: String?) async throws {
        try await World.run { world in
            let socket = try await listen(world, "?since=0", after: last)
            defer { socket.end() }
            let text = await socket.read(until: "id: 2\nevent: entry\n")
            #expect(text.contains("id: 1\nevent: entry\n") == (last == nil))
        }
    }

    @Test("Only what concerns one store, when that was asked for")
    func ofStore() async throws {
        try await World.run { world in
            let socket = try await listen(world, "?since=0&store=\(blog)")
            defer { socket.end() }
            await world.service.record(shop)
            await world.service.record(blog)
            let text = await socket.read(until: "event: entry\n")
            #expect(text.contains("id: 4\nevent: entry\n") && text.components(of: "event: ") == 1)
        }
    }

    @Test("An id of another journal is answered with a gap, and what happens then follows")
    func gap() async throws {
        try await World.run { world in
            let socket = try await listen(world, after: "4711")
            defer { socket.end() }
            #expect(await socket.read(until: "data: {}\n\n").contains("id: 2\nevent: gap\ndata: {}\n\n"))
            await world.service.record(shop)
            #expect(await socket.read(until: "\n\n").contains("id: 3\nevent: entry\n"))
        }
    }

    @Test("With nothing to tell it shows that it is alive, and it ends with a goodbye when the daemon stops")
    func heartbeat() async throws {
        var limits = ControlLimits()
        limits.heartbeat = .milliseconds(20)
        try await World.run(limits: limits) { world in
            let socket = try await listen(world)
            defer { socket.end() }
            #expect(await socket.read(until: ": heartbeat\n\n").contains(": heartbeat"))
            await world.stop()
            #expect(await socket.read().contains("event: goodbye\n"))
        }
    }

    @Test("An id that no event can have is refused", arguments: ["x", "-1", "9223372036854775808", "1.0"])
    func badID(_ id: String) async throws {
        try await World.run { world in
            let query = try await world.send("GET", "/v1/events?since=\(id)")
            let field = try await world.send("GET", "/v1/events", fields: ["Last-Event-ID": id])
            for reply in [query, field] {
                #expect(reply.status == 400)
                #expect(reply.problem?.code == .usage)
            }
        }
    }

    @Test("One user gets so many streams and no more; the place of one that has gone is free again")
    func seats() async throws {
        var limits = ControlLimits()
        limits.streams = 2
        try await World.run(limits: limits) { world in
            let open = [try await listen(world), try await listen(world)]
            for socket in open { _ = await socket.read(until: "retry: 1000\n\n") }
            let refused = try await world.send("GET", "/v1/events")
            #expect(refused.status == 429)
            #expect(refused.problem?.code == .tooManyStreams && refused.problem?.retryable == true)
            // Only streams are counted.
            #expect(try await world.send("GET", "/v1/health").status == 200)
            open[0].end()
            defer { open[1].end() }
            var status = 429
            try await eventually("the server knows that one has gone") {
                let socket = try await listen(world)
                defer { socket.end() }
                status = Reply(await socket.read(until: "\r\n\r\n"))?.status ?? 0
                return status != 429
            }
            #expect(status == 200)
        }
    }
}
