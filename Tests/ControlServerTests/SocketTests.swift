// SPDX-License-Identifier: MIT

import ControlServer
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import Testing

@Suite("The control socket itself")
struct SocketTests {
    /// A fixture that is a process of its own, started and answering.
    func fixture(_ words: [String], prefix: [String] = []) async throws -> RunningProgram {
        let program = try RunningProgram(prefix + [RunningProgram.built("ControlFixture")] + words)
        for _ in 0..<400 {
            if (try? RawSocket(words[0]))?.end() != nil { return program }
            try await Task.sleep(for: .milliseconds(25))
        }
        program.send(SIGKILL)
        Issue.record("the fixture does not answer: \(try await program.end().errors)")
        return program
    }

    @Test("It is 0600 from the call that makes it, and no later call widens or narrows it")
    func modeFromBirth() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let trace = folder.path + "/trace"
        let program = try await fixture(
            [path],
            prefix: ["strace", "-f", "-o", trace, "-e", "trace=bind,chmod,fchmod,fchmodat,umask,rename,listen", "sh", "-c",
                "umask 0; exec \"$0\" \"$@\""])
        #expect(try FileStatus(ofLink: path).mode == 0o600)
        // The program is strace's child; it ends with it.
        program.send(SIGTERM)
        _ = try await program.end()
        let text = String(decoding: try OpenFile.content(of: trace), as: UTF8.self)
        let calls = text.split(separator: "\n").compactMap { line in
            ["fchmod(", "chmod(", "bind(", "listen(", "rename("].first { line.contains(" " + $0) && !line.contains("UNFINISHED") }
        }
        // The mode is set on the descriptor before it has a name, it listens before it has its own, and then nothing.
        #expect(calls == ["fchmod(", "bind(", "listen(", "rename("], "\(text)")
    }

    @Test("A living daemon's socket is left alone, and its pid is named")
    func living() async throws {
        try await World.run { world in
            let error = #expect(throws: GuardError.self) { try ListeningSocket(at: world.socket) }
            #expect(error?.code == .stateDirectoryBusy)
            #expect(error?.message.contains("pid \(getpid())") == true)
            #expect(try await world.send("GET", "/v1/health").status == 200)
        }
    }

    @Test("A dead daemon's socket is replaced")
    func dead() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let program = try await fixture([path])
        program.send(SIGKILL)
        #expect(try await program.end().status == 128 + SIGKILL)
        #expect(throws: Never.self) { try ListeningSocket(at: path) }
        try RawSocket(path).end()
        #expect(try Directory.entries(folder.path) == ["s"])
    }

    @Test("What is not a socket is not touched")
    func stranger() throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        try OpenFile.creating(path).close()
        let error = #expect(throws: GuardError.self) { try ListeningSocket(at: path) }
        #expect(error?.code == .configuration)
        #expect(try FileStatus(of: path).kind == .file)
    }

    @Test("A path that no socket can have, and a folder that cannot be made, are said so")
    func impossible() throws {
        let folder = try Folder()
        let long = folder.path + "/" + String(repeating: "x", count: 120)
        #expect(throws: GuardError.self) { try ListeningSocket(at: long) }
        #expect(throws: GuardError.self) { try ListeningSocket(at: "/proc/nothing/here/s") }
        #expect(try Directory.entries(folder.path).isEmpty)
    }

    @Test("A graceful stop takes the name away, but not one that is somebody else's by now")
    func removal() async throws {
        let folder = try await World.run { $0.folder }
        #expect(try Directory.entries(folder.path).isEmpty)
        let other = try await World.run { world in
            try Directory.remove(world.socket)
            try OpenFile.creating(world.socket).close()
            return world.folder
        }
        #expect(try Directory.entries(other.path) == ["control.sock"])
    }

    @Test("A listening socket that somebody else bound is taken over, and another descriptor is not")
    func inherited() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let made = try ListeningSocket(at: path)
        #expect(throws: Never.self) { try ListeningSocket(inherited: made.descriptorForTests) }
        #expect(throws: GuardError.self) { try ListeningSocket(inherited: 0) }
    }
}

@Suite("Peers of the control socket")
struct PeerTests {
    @Test("A stranger who reaches the socket gets one 403 and a closed connection", .enabled(if: geteuid() == 0))
    func stranger() async throws {
        try await World.run { world in
            // Open the doors that would keep a stranger out before the daemon has to.
            #expect(chmod(world.folder.path, 0o711) == 0 && chmod(world.socket, 0o666) == 0)
            let end = try await RunningProgram.run([
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "--unix-socket", world.socket,
                "-w", "%{http_code} %{num_connects}", "http://localhost/v1/status", "http://localhost/v1/status",
            ])
            #expect(end.output.components(of: "\"code\":\"permissionDenied\"") == 2)
            #expect(end.output.components(of: "403 1") == 2, "\(end.output)")
        }
    }

    @Test("A stranger does not get past the mode of the socket", .enabled(if: geteuid() == 0))
    func mode() async throws {
        try await World.run { world in
            #expect(chmod(world.folder.path, 0o711) == 0)
            let end = try await RunningProgram.run([
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "--unix-socket", world.socket,
                "http://localhost/v1/status",
            ])
            #expect(end.status == 7)
        }
    }
}
