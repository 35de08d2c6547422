// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import GuardCore
import Testing

@Suite("Requests on the control socket")
struct RequestTests {
    @Test(
        "Every route answers with its form",
        arguments: [
            ("/v1/status", "verdict"), ("/v1/health", "checks"), ("/v1/stores", "items"),
            ("/v1/stores/\(Samples.stores[0].id)", "location"),
            ("/v1/stores/\(Samples.stores[0].id)/history", "ledger"),
            ("/v1/migrations", "items"), ("/v1/backups", "items"), ("/v1/backups/\(Samples.backupID)", "sha256"),
            ("/v1/operations", "items"), ("/v1/holds", "items"),
        ])
    func routes(_ path: String, _ field: String) async throws {
        let reply = try await World.run { try await $0.send("GET", path) }
        #expect(reply.status == 200)
        #expect(reply.fields["content-type"] == "application/json")
        #expect(reply.body.contains("\"\(field)\""), "\(reply.body)")
    }

    @Test("An operation is accepted with its place, for the caller that the kernel names")
    func start() async throws {
        try await World.run { world in
            let body =
                "{\"kind\":\"migrate\",\"store\":\"\(Samples.stores[1].id)\",\"to\":4,\"planDigest\":\"ab\",\"dryRun\":true}"
            let reply = try await world.post("/v1/operations", body, fields: ["Idempotency-Key": "k1"])
            let operation: OperationRecord = try reply.form()
            #expect(reply.status == 202)
            #expect(reply.fields["location"] == "/v1/operations/\(operation.id)")
            let started = try #require(await world.service.started.first)
            #expect(
                started.request
                    == OperationRequest(
                        kind: .migrate, store: Samples.stores[1].id, to: .version(4), planDigest: "ab", dryRun: true))
            #expect(started.key == "k1")
            #expect(started.caller == Caller(uid: Self.uid, pid: Self.pid))
        }
    }

    @Test("An archive comes with its length and its name")
    func content() async throws {
        let reply = try await World.run { try await $0.send("GET", "/v1/backups/\(Samples.backupID)/content") }
        #expect(Array(reply.body.utf8) == Samples.archive)
        #expect(reply.fields["content-length"] == String(Samples.archive.count))
        #expect(reply.fields["content-disposition"] == "attachment; filename=\"data.db.zst\"")
    }

    @Test("A hold is made, listed and removed")
    func holds() async throws {
        try await World.run { world in
            let made = try await world.post(
                "/v1/holds", "{\"reason\":\"holidays\",\"until\":\"2026-02-01T00:00:00.000Z\"}")
            #expect(made.status == 201)
            let id = try made.form(Hold.self).id
            #expect(try await world.send("GET", "/v1/holds").form(ItemList<Hold>.self).items.map(\.id) == [id])
            let removed = try await world.send("DELETE", "/v1/holds/\(id)")
            #expect(removed.status == 204 && removed.body.isEmpty)
            #expect(try await world.send("DELETE", "/v1/holds/\(id)").status == 404)
        }
    }

    @Test("Lists come in pages")
    func pages() async throws {
        try await World.run { world in
            for _ in 1...3 { _ = try await world.post("/v1/operations", "{\"kind\":\"rescan\"}") }
            let first: ItemList<OperationRecord> = try await world.send("GET", "/v1/operations?limit=2").form()
            let next = try #require(first.next)
            let second: ItemList<OperationRecord> = try await world.send("GET", "/v1/operations?limit=2&after=\(next)")
                .form()
            #expect(first.items.map(\.id) == [Samples.operationID(3), Samples.operationID(2)])
            #expect(second.items.map(\.id) == [Samples.operationID(1)])
            #expect(second.next == nil)
        }
    }

    @Test("A second request goes over the same connection")
    func keepAlive() async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            for _ in 1...2 {
                await socket.send("GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await socket.read(until: "}\n").hasPrefix("HTTP/1.1 200 OK"))
            }
        }
    }

    @Test("A client that has said everything may close its half and read the answer")
    func halfClose() async throws {
        try await World.run { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            await socket.send("GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            socket.finishSending()
            #expect(await socket.read().hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test("A health that is not well is 503, and its form is there")
    func service() async throws {
        try await World.run { world in
            let busy = GuardError(.storeBusy, "held", store: Samples.stores[0].id, dataState: .changing, hint: "wait")
            await world.service.fail(.status, with: busy)
            let reply = try await world.send("GET", "/v1/status")
            #expect(reply.status == 409)
            #expect(reply.problem == Problem(busy))
        }
    }
}
