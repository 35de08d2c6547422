// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import GuardCore
import TestSupport
import Testing

@Suite("Problems on the control socket")
struct ProblemTests {
    static let operation = Samples.operationID(1)

    @Test(
        "What cannot be asked is said so",
        arguments: [
            ("GET", "/v1/nope", 404, GuardError.Code.notFound), ("GET", "/v1", 404, .notFound),
            ("GET", "/v1/stores/xyz", 404, .notFound), ("GET", "/v1/stores/000000000000", 404, .notFound),
            ("GET", "/v1/operations/\(operation)", 404, .notFound),
            ("GET", "/v1/operations/\(operation)/events", 404, .notFound),
            ("GET", "/v1/backups/000001_000000000000", 404, .notFound), ("PUT", "/v1/status", 405, .methodNotAllowed),
            ("PUT", "/v1/stores", 405, .methodNotAllowed), ("GET", "/v1/status?verbose=1", 400, .usage),
            ("GET", "/v1/operations?state=asleep", 400, .usage), ("GET", "/v1/operations?limit=0", 400, .usage),
            ("GET", "/v1/operations?limit=9999", 400, .usage), ("GET", "/v1/operations?limit=1&limit=2", 400, .usage),
            ("GET", "/v1/operations/\(operation)?wait=soon", 400, .usage), ("GET", "/v1/backups?store=me", 400, .usage),
        ])
    func refused(_ method: String, _ target: String, _ status: Int, _ code: GuardError.Code) async throws {
        let reply = try await World.run { try await $0.send(method, target) }
        #expect(reply.status == status)
        #expect(reply.problem?.code == code, "\(reply.body)")
        #expect(reply.problem?.hint != nil)
        #expect((reply.fields["allow"] != nil) == (status == 405))
    }

    @Test(
        "What cannot be sent is said so",
        arguments: [
            ("/v1/plans", "{}", "text/plain", 415), ("/v1/plans", "{}", "application/json; charset=latin1", 415),
            ("/v1/plans", "{\"store\":1}", "application/json", 400), ("/v1/plans", "", "application/json", 400),
            ("/v1/operations", "{\"kind\":\"migrate\",\"dryrun\":true}", "application/json; charset=UTF-8", 400),
            ("/v1/operations", "not json", "application/json", 400),
            ("/v1/operations/\(operation)/cancel", "{\"now\":true}", "application/json", 400),
        ])
    func badBody(_ target: String, _ body: String, _ type: String, _ status: Int) async throws {
        try await World.run { world in
            let reply = try await world.send("POST", target, body: body, fields: ["Content-Type": type])
            #expect(reply.status == status)
            #expect(reply.problem?.code == (status == 415 ? .unsupportedMediaType : .usage))
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test(
        "A body where none is taken, and a bad header, are refused",
        arguments: [
            ["Content-Length": "2"], ["Transfer-Encoding": "chunked"],
        ])
    func bodyOfGet(_ fields: [String: String]) async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            let lines = fields.map { "\($0): \($1)\r\n" }.joined()
            await socket.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\(lines)Connection: close\r\n\r\n")
            await socket.send(fields["Content-Length"] == nil ? "0\r\n\r\n" : "{}")
            #expect(Reply(await socket.read())?.problem?.code == .usage)
        }
    }

    @Test("HEAD gets a header without a body")
    func head() async throws {
        let reply = try await World.run { try await $0.send("HEAD", "/v1/status") }
        #expect(reply.status == 405 && reply.body.isEmpty)
    }

    @Test("A body that is too long is refused, and its sender may send it to the end", arguments: [true, false])
    func tooLarge(_ saysLength: Bool) async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            let body = String(repeating: "x", count: 2_000_000)
            let length = saysLength ? "Content-Length: \(body.count)" : "Transfer-Encoding: chunked"
            let head = "POST /v1/operations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(length)\r\n\r\n"
            let chunk = saysLength ? body : "1E8480\r\n\(body)\r\n0\r\n\r\n"
            #expect(await socket.send(head + chunk) == head.utf8.count + chunk.utf8.count)
            let reply = Reply(await socket.read())
            #expect(reply?.status == 413)
            #expect(reply?.problem?.code == .bodyTooLarge)
        }
    }

    @Test(
        "A header that is too long, a path that is, and what is no HTTP are answered",
        arguments: [
            ("GET /v1/status HTTP/1.1\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n", 431),
            ("GET /v1/\(String(repeating: "x", count: 17_000)) HTTP/1.1\r\n\r\n", 431),
            ("GET /v1/status HTTP/1.1\r\n\((1...80).map { "X\($0): 1\r\n" }.joined())\r\n", 431),
            ("hello\r\n\r\n", 400), ("GET /v1/status SPDY/3\r\n\r\n", 400),
            ("POST /v1/plans HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
            (
                "POST /v1/plans HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                400
            ),
        ])
    func noRequest(_ text: String, _ status: Int) async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            await socket.send(text)
            let reply = Reply(await socket.read())
            #expect(reply?.status == status)
            #expect(reply?.problem?.code == (status == 431 ? .headerTooLarge : .usage))
        }
    }

    @Test(
        "A request that takes too long is answered and not waited for",
        arguments: [
            "", "GET /v1/status HT",
            "POST /v1/plans HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        ])
    func slowRequest(_ text: String) async throws {
        var limits = ControlLimits()
        limits.requestTime = .milliseconds(100)
        try await World.run(limits: limits) { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            await socket.send(text)
            let reply = Reply(await socket.read())
            #expect(reply?.status == 408)
            #expect(reply?.problem?.code == .requestTimeout)
        }
    }

    @Test("A connection that was kept and not used again is closed without a word")
    func idle() async throws {
        var limits = ControlLimits()
        limits.idleTime = .milliseconds(50)
        try await World.run(limits: limits) { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            await socket.send("GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
            let all = await socket.read()
            #expect(all.hasSuffix("}\n") && all.components(of: "HTTP/1.1") == 1)
        }
    }

    @Test("A body that ends early starts nothing")
    func cutShort() async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            let head = "POST /v1/operations HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
            await socket.send(head + "{\"kind\":\"rescan\"}")
            socket.finishSending()
            #expect(Reply(await socket.read())?.status == 400)
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test("Beyond the connections that are served, clients are told; and served again when others have gone")
    func connections() async throws {
        var limits = ControlLimits()
        limits.connections = 2
        try await World.run(limits: limits) { world in
            let idle = try [RawSocket(world.socket), RawSocket(world.socket)]
            for socket in idle {
                await socket.send("GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = await socket.read(until: "}\n")
            }
            let refused = try await world.send("GET", "/v1/health")
            #expect(refused.status == 503)
            #expect(refused.problem?.code == .tooManyConnections)
            for socket in idle { socket.end() }
            // The server learns of the closed ones by itself; until then it goes on refusing.
            var status = 503
            try await eventually("the server knows that they are closed") {
                status = try await world.send("GET", "/v1/health").status
                return status != 503
            }
            #expect(status == 200)
        }
    }

    @Test("Expect: 100-continue is answered before the body is sent")
    func continues() async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            await socket.send(
                """
                POST /v1/operations HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\
                Expect: 100-continue\r\nConnection: close\r\n\r\n
                """)
            #expect(await socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
            await socket.send("{\"kind\":\"rescan\"}")
            #expect(await socket.read().hasPrefix("HTTP/1.1 202"))
        }
    }
}

extension String {
    func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
