// SPDX-License-Identifier: MIT

import ControlAPI
import ControlClient
import ControlServer
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import Synchronization
import Testing

@Suite("The client")
struct ClientTests {
    func client(_ path: String, patience: Duration = .seconds(30)) -> ControlClient {
        ControlClient(.find(flag: path), patience: patience)
    }

    @Test("It reads what the server writes")
    func forms() async throws {
        try await World.run { world in
            let client = client(world.socket)
            #expect(try await client.stores() == Samples.stores)
            #expect(try await client.store(Samples.stores[1].id) == Samples.stores[1])
            #expect(try await client.backups() == [Samples.backup])
            #expect(try await client.backup(Samples.backupID) == Samples.backup)
            #expect(try await client.status() == Samples.status(Samples.stores, [], []))
            #expect(try await client.health().ok)
            #expect(try await client.migrations().count == 1)
            #expect(try await client.history(of: Samples.stores[0].id).store == Samples.stores[0].id)
            let hold = try await client.addHold(HoldRequest(reason: "a b/c"))
            #expect(try await client.holds() == [hold])
            try await client.removeHold(hold.id)
            #expect(try await client.holds().isEmpty)
        }
    }

    @Test("It asks for the next page until it has what was wanted")
    func pages() async throws {
        try await World.run { world in
            let client = client(world.socket)
            for _ in 1...5 { _ = try await client.start(OperationRequest(kind: .rescan)) }
            #expect(try await client.operations(atMost: 3).map(\.id) == [5, 4, 3].map(Samples.operationID))
            #expect(try await client.operations().count == 5)
        }
    }

    @Test("The daemon's problem is the error, with its hint and the state of the data")
    func problem() async throws {
        try await World.run { world in
            await world.service.fail(
                .start,
                with: GuardError(.storeBusy, "held", store: Samples.stores[0].id, dataState: .changing, hint: "wait"))
            let error = await failure { () throws(GuardError) in
                _ = try await client(world.socket).start(OperationRequest(kind: .migrate))
            }
            #expect(error?.code == .storeBusy && error?.dataState == .changing && error?.hint == "wait")
        }
    }

    @Test("Without a socket nobody is reachable, and every place that was looked at is named")
    func noSocket() async throws {
        let folder = try Folder()
        let error = await failure { () throws(GuardError) in _ = try await client(folder.path + "/s").status() }
        #expect(error?.code == .notReachable)
        #expect(error?.message.contains(folder.path + "/s (--socket)") == true)
        #expect(error?.hint?.contains("dementiad serve") == true)
    }

    @Test("A socket that was left over is told from one that is not there")
    func leftOver() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let program = try RunningProgram([RunningProgram.built("ControlFixture"), path])
        try await RawSocket.answering(path)
        program.send(SIGKILL)
        _ = try await program.end()
        let error = await failure { () throws(GuardError) in _ = try await client(path).status() }
        #expect(error?.code == .notReachable)
        #expect(error?.message.contains("left by one that ended") == true)
    }

    @Test("A path that no socket can have is wrong use")
    func longPath() async {
        let error = await failure { () throws(GuardError) in
            _ = try await client("/" + String(repeating: "x", count: 200)).status()
        }
        #expect(error?.code == .usage)
    }

    @Test(
        "A daemon that dies in the middle of a question was not reachable; of an order, what came of it is open",
        arguments: [
            (Route.Name.status, DataState.untouched), (.start, .changing),
        ])
    func dies(_ route: Route.Name, _ state: DataState) async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let program = try RunningProgram([RunningProgram.built("ControlFixture"), path, "die-on-\(route.rawValue)"])
        try await RawSocket.answering(path)
        let error = await failure { () throws(GuardError) in
            if route == .status {
                _ = try await client(path).status()
            } else {
                _ = try await client(path).start(OperationRequest(kind: .rescan))
            }
        }
        #expect(error?.code == .notReachable && error?.dataState == state)
        #expect(try await program.end().status == 1)
    }

    @Test("What answers and is no dementiad is not taken for one")
    func stranger() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let program = try RunningProgram([
            "python3", "-c",
            """
            import socket, sys
            s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
            for _ in range(2):
                c, _ = s.accept()
                c.recv(9999)
                c.sendall(b"HTTP/1.1 500 Oops\\r\\nContent-Length: 4\\r\\n\\r\\noops"); c.close()
            """, path,
        ])
        try await RawSocket.answering(path)
        let error = await failure { () throws(GuardError) in _ = try await client(path).status() }
        #expect(error?.code == .internalError)
        #expect(try await program.end().status == 0)
    }

    @Test("A daemon that does not answer is given up on in time")
    func silent() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        // It listens, and nobody accepts.
        _ = try ListeningSocket(at: path)
        let error = await failure { () throws(GuardError) in
            _ = try await client(path, patience: .milliseconds(100)).status()
        }
        #expect(error?.code == .timedOut)
    }

    @Test("Following an operation gives every event once, and the settled operation")
    func follow() async throws {
        try await World.run { world in
            await world.service.end(nil)
            let client = client(world.socket)
            let operation = try await client.start(OperationRequest(kind: .rescan))
            let seen = Seen()
            async let end = client.follow(operation.id) { seen.take($0) }
            await seen.first()
            await world.service.report(Progress(step: .backup, done: 1, total: 2, unit: .bytes), of: operation.id)
            await world.service.settle(operation.id, .succeeded)
            #expect(try await end.outcome == .succeeded)
            #expect(seen.ids == seen.ids.sorted() && Set(seen.ids).count == seen.ids.count)
            #expect(seen.ids.last == 3)
        }
    }

    @Test("Following goes on when the daemon is stopped and started again")
    func restart() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let service = FakeService()
        await service.end(nil)
        let client = client(path)
        let seen = Seen()
        let (id, follower) = try await World.run(on: ListeningSocket(at: path), at: path, service: service) { world in
            let operation = try await client.start(OperationRequest(kind: .rescan))
            let follower = Task { try await client.follow(operation.id) { seen.take($0) } }
            await seen.first()
            return (operation.id, follower)
        }
        await service.settle(id, .failedRestored)
        try await World.run(on: ListeningSocket(at: path), at: path, service: service) { _ in
            let end = try await follower.value
            #expect(end.outcome == .failedRestored)
        }
        #expect(seen.ids == [1, 2])
    }

    @Test("Following ends with its time, and says that the operation goes on")
    func followTimeout() async throws {
        try await World.run { world in
            await world.service.end(nil)
            let client = client(world.socket)
            let operation = try await client.start(OperationRequest(kind: .rescan))
            let error = await failure { () throws(GuardError) in
                _ = try await client.follow(operation.id, within: .milliseconds(200)) { _ in }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("it goes on") == true)
        }
    }

    @Test("An archive arrives in pieces, and what a reader throws ends it")
    func content() async throws {
        try await World.run { world in
            let bytes = Bytes()
            let client = client(world.socket)
            try await client.content(of: Samples.backupID) { piece throws(GuardError) in bytes.take(piece) }
            #expect(bytes.all == Samples.archive)
            let error = await failure { () throws(GuardError) in
                try await client.content(of: Samples.backupID) { _ throws(GuardError) in
                    throw GuardError(.noSpace, "full")
                }
            }
            #expect(error?.code == .noSpace)
        }
    }
}

@Suite("Where the client looks for the socket")
struct ControlSocketTests {
    func find(_ flag: String?, _ variables: [String: String], _ present: Set<String>) -> ControlSocket {
        .find(
            flag: flag, environment: { variables[$0] }, userName: "anna", uid: 1000, exists: { present.contains($0) })
    }

    static let system = "/run/dementiad/anna/control.sock"
    static let user = "/run/user/1000/dementiad/control.sock"

    @Test("The flag, then the variable, then the system's place, then the user's")
    func order() {
        let all: Set = [Self.system, Self.user]
        #expect(find("/a", ["DEMENTIAD_SOCKET": "/b"], all).chosen == find("/a", [:], []).chosen)
        #expect(find("/a", [:], all).chosen.origin == .flag)
        #expect(find(nil, ["DEMENTIAD_SOCKET": "/b"], all).chosen.origin == .environment)
        #expect(find(nil, ["DEMENTIAD_SOCKET": ""], all).chosen.origin == .system)
        #expect(find(nil, [:], all).path == Self.system)
        #expect(find(nil, [:], [Self.user]).chosen.origin == .user)
        #expect(find(nil, ["XDG_RUNTIME_DIR": "/x"], ["/x/dementiad/control.sock"]).path == "/x/dementiad/control.sock")
    }

    @Test("With none there, both places are known")
    func none() {
        #expect(find(nil, [:], []).candidates.map(\.path) == [Self.system, Self.user])
    }
}

/// The error of `body`, nil when there is none.
func failure(_ body: () async throws(GuardError) -> Void) async -> GuardError? {
    do throws(GuardError) {
        try await body()
        return nil
    } catch {
        return error
    }
}

/// The events that a follower was given.
final class Seen: Sendable {
    private let state = Mutex<(ids: [UInt64], waiter: CheckedContinuation<Void, Never>?)>(([], nil))

    var ids: [UInt64] { state.withLock { $0.ids } }

    func take(_ event: OperationEvent) {
        state.withLock { state in
            state.ids.append(event.id)
            state.waiter?.resume()
            state.waiter = nil
        }
    }

    func first() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.ids.isEmpty { state.waiter = continuation } else { continuation.resume() }
            }
        }
    }
}

/// Bytes that came in pieces.
final class Bytes: Sendable {
    private let state = Mutex<[UInt8]>([])

    var all: [UInt8] { state.withLock { $0 } }

    func take(_ piece: [UInt8]) { state.withLock { $0 += piece } }
}
