// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import GuardCore
import Testing

@Suite("Streams and waits on the control socket")
struct StreamTests {
    let id = Samples.operationID(1)

    /// A world with one operation that goes on.
    func world(_ limits: ControlLimits = .init(), _ body: @Sendable (World) async throws -> Void) async throws {
        try await World.run(limits: limits) { world in
            await world.service.end(nil)
            _ = try await world.post("/v1/operations", "{\"kind\":\"rescan\"}")
            try await body(world)
        }
    }

    func listen(_ world: World, after id: UInt64? = nil) async throws -> RawSocket {
        let socket = try RawSocket(world.socket)
        let field = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        await socket.send("GET /v1/operations/\(self.id)/events HTTP/1.1\r\nHost: x\r\n\(field)\r\n")
        return socket
    }

    @Test("A watcher sees the state, progress with ids, and the end, and then the stream ends")
    func stream() async throws {
        try await world { world in
            let socket = try await listen(world)
            defer { socket.end() }
            let first = await socket.read(until: "\"running\"")
            #expect(first.contains("Content-Type: text/event-stream"))
            #expect(first.contains("id: 1\nevent: operation\n"))
            await world.service.report(Progress(step: .backup, done: 5, total: 10, unit: .bytes), of: id)
            #expect(await socket.read(until: "\n\n").contains("id: 2\nevent: progress\ndata: {\"done\":5,"))
            await world.service.settle(id, .succeeded)
            let rest = await socket.read()
            #expect(rest.contains("id: 3\nevent: operation\n") && rest.contains("\"outcome\":\"succeeded\""))
        }
    }

    @Test("Who comes back with the last id goes on after it")
    func resume() async throws {
        try await world { world in
            await world.service.report(Progress(step: .backup, done: 5, total: 10, unit: .bytes), of: id)
            await world.service.settle(id, .succeeded)
            let socket = try await listen(world, after: 2)
            defer { socket.end() }
            let all = await socket.read()
            #expect(all.components(of: "\nevent: ") == 1)
            #expect(all.contains("id: 3\nevent: operation\n"))
        }
    }

    @Test("Who comes back with an id that is not known gets a gap and how it stands")
    func gap() async throws {
        try await world { world in
            await world.service.settle(id, .succeeded)
            let socket = try await listen(world, after: 4711)
            defer { socket.end() }
            let all = await socket.read()
            #expect(all.contains("id: 2\nevent: gap\n") && all.contains("id: 2\nevent: operation\n"))
        }
    }

    @Test("A Last-Event-ID that is no number is refused")
    func badID() async throws {
        try await world { world in
            let reply = try await world.send("GET", "/v1/operations/\(id)/events", fields: ["Last-Event-ID": "x"])
            #expect(reply.status == 400)
        }
    }

    @Test("A stream with nothing to tell shows that it is alive")
    func heartbeat() async throws {
        var limits = ControlLimits()
        limits.heartbeat = .milliseconds(20)
        try await world(limits) { world in
            let socket = try await listen(world)
            defer { socket.end() }
            #expect(await socket.read(until: ": heartbeat\n\n").contains(": heartbeat"))
        }
    }

    @Test("A client that reads nothing keeps nobody waiting, and learns what it missed")
    func slowClient() async throws {
        try await world { world in
            let socket = try await listen(world)
            defer { socket.end() }
            // More than the buffers between the two ends hold.
            for step in 1...20_000 {
                await world.service.report(
                    Progress(step: step.isMultiple(of: 2) ? .backup : .verify, done: 1, total: 2, unit: .bytes), of: id)
            }
            #expect(try await world.send("GET", "/v1/health").status == 200)
            await world.service.settle(id, .succeeded)
            let all = await socket.read()
            #expect(all.contains("\"outcome\":\"succeeded\""))
        }
    }

    @Test("A wait ends when the operation is settled, and no later than asked")
    func wait() async throws {
        try await world { world in
            let early: OperationRecord = try await world.send("GET", "/v1/operations/\(id)?wait=10ms").form()
            #expect(early.state == .running)
            async let reply = world.send("GET", "/v1/operations/\(id)?wait=60s")
            await world.service.arrival(at: .operation, count: 2)
            await world.service.settle(id, .failedRestored)
            #expect(try await reply.form(OperationRecord.self).outcome == .failedRestored)
        }
    }

    @Test("A stop ends streams with a goodbye and waits with how it stands, and takes the socket away")
    func stop() async throws {
        try await world { world in
            let socket = try await listen(world)
            defer { socket.end() }
            _ = await socket.read(until: "event: operation")
            async let reply = world.send("GET", "/v1/operations/\(id)?wait=60s")
            await world.service.arrival(at: .operation)
            await world.stop()
            #expect(await socket.read().contains("event: goodbye"))
            #expect(try await reply.form(OperationRecord.self).state == .running)
            #expect(throws: (any Error).self) { try RawSocket(world.socket) }
        }
    }

    @Test("A stop does not wait for ever for a client that does not read")
    func stopWithSlowClient() async throws {
        var limits = ControlLimits()
        limits.stopTime = .milliseconds(100)
        let folder = try Folder()
        let path = folder.path + "/s"
        // Returns when the server has ended.
        try await World.run(on: try ListeningSocket(at: path), at: path, in: folder, limits: limits) { world in
            let socket = try RawSocket(world.socket)
            // Many requests and no reading: the answers fill every buffer. In one piece, which the queue takes at once.
            await socket.send(String(repeating: "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", count: 400))
            await world.service.arrival(at: .status)
        }
        #expect(throws: (any Error).self) { try RawSocket(path) }
    }
}
