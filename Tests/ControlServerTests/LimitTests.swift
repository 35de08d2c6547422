// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

@Suite("Limits of the control socket")
struct LimitTests {
    @Test("32 clients are served at the same time, each with all that it asks")
    func atOnce() async throws {
        try await World.run { world in
            let sockets = try (1...32).map { _ in try RawSocket(world.socket) }
            defer { for socket in sockets { socket.end() } }
            await withTaskGroup(of: Int.self) { group in
                for socket in sockets {
                    group.addTask {
                        var answered = 0
                        for _ in 1...20 {
                            await socket.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
                            if await socket.read(until: "}\n").hasPrefix("HTTP/1.1 200 OK\r\n") { answered += 1 }
                        }
                        return answered
                    }
                }
                for await answered in group { #expect(answered == 20) }
            }
        }
    }

    @Test("A client that sends a byte now and then is not waited for longer than one that sends none")
    func drip() async throws {
        var limits = ControlLimits()
        limits.requestTime = .milliseconds(300)
        try await World.run(limits: limits) { world in
            let socket = try RawSocket(world.socket)
            defer { socket.end() }
            let feeder = Task {
                for byte in "GET /v1/status HTTP/1.1\r\n" + String(repeating: "X: 1\r\n", count: 1000) {
                    guard await socket.send(String(byte)) > 0, !Task.isCancelled else { break }
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            // On a socket of its own: reading and sending share a thread in this one.
            await feeder.value
            let reply = Reply(await socket.read())
            #expect(reply?.status == 408)
            #expect(reply?.problem?.code == .requestTimeout)
        }
    }

    @Test("A client that asks and never reads loses its connection, and everybody else is served")
    func dead() async throws {
        var limits = ControlLimits()
        limits.connections = 1
        limits.stallTime = .milliseconds(200)
        limits.requestTime = .seconds(60)
        try await World.run(limits: limits) { world in
            let dead = try RawSocket(world.socket)
            defer { dead.end() }
            // More answers than the buffers of both ends hold.
            await dead.send(String(repeating: "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", count: 1000))
            await world.service.arrival(at: .status)
            var status: Int?
            try await eventually("another client is answered") {
                status = try? await world.send("GET", "/v1/health").status
                // Until the dead connection is closed there is no room.
                return status != nil && status != 503
            }
            #expect(status == 200)
        }
    }

    @Test("Without descriptors nobody is accepted; with some again everybody is, and the daemon has lived on")
    func noDescriptors() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let program = try RunningProgram([RunningProgram.built("ControlFixture"), path])
        try await RawSocket.answering(path)
        // As many as it has now, and three more.
        let held = try Directory.entries("/proc/\(program.pid)/fd").count + 3
        let limited = try await RunningProgram.run(["prlimit", "--pid", "\(program.pid)", "--nofile=\(held):4096"])
        #expect(limited.status == 0, "\(limited.errors)")
        let sockets = try (1...12).map { _ in try RawSocket(path) }
        for socket in sockets { await socket.send("GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n") }
        var answered = 0
        for socket in sockets.prefix(3) {
            if await socket.read(until: "}\n").hasPrefix("HTTP/1.1 200") { answered += 1 }
        }
        #expect(answered >= 1)
        #expect(try Directory.entries("/proc/\(program.pid)/fd").count >= held - 1)
        for socket in sockets { socket.end() }
        try await RawSocket.answering(path)
        program.send(SIGTERM)
        #expect(try await program.end().status == 0)
    }

    @Test(
        "Who may only read takes no place of the owner's",
        .enabled(if: geteuid() == 0, "only root may become another user"))
    func places() async throws {
        var limits = ControlLimits()
        limits.connections = 2
        try await World.run(limits: limits, readers: [.init(name: "4242", id: 4242)]) { world in
            #expect(chmod(world.folder.path, 0o711) == 0)
            let script = """
                import socket, sys, time
                all = []
                for _ in range(8):
                    one = socket.socket(socket.AF_UNIX)
                    one.connect(sys.argv[1])
                    all.append(one)
                open(sys.argv[2], "w").close()
                time.sleep(3600)
                """
            let sign = world.folder.path + "/shared"
            #expect(mkdir(sign, 0o777) == 0 && chmod(sign, 0o777) == 0)
            let reader = try RunningProgram([
                "setpriv", "--reuid=65534", "--regid=4242", "--clear-groups", "/usr/bin/python3", "-c", script,
                world.socket,
                sign + "/ready",
            ])
            try await eventually("the reader has its connections", from: reader.pid) {
                try FileStatus.ifPresent(sign + "/ready") != nil
            }
            #expect(try await world.send("GET", "/v1/health").status == 200)
            reader.send(SIGKILL)
            _ = try await reader.end()
        }
    }
}
