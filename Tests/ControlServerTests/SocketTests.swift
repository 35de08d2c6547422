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
        try await RawSocket.answering(words[0])
        return program
    }

    @Test("Whatever the umask, it is 0600", arguments: ["0", "022", "077"])
    func mode(_ umask: String) async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let program = try await fixture([path], prefix: ["sh", "-c", "umask \(umask); exec \"$0\" \"$@\""])
        #expect(try FileStatus(ofLink: path).mode == 0o600)
        program.send(SIGTERM)
        #expect(try await program.end().status == 0)
        #expect(try Directory.entries(folder.path).isEmpty)
    }

    @Test(
        "It is 0600 from the call that makes it, and no later call widens or narrows it",
        .enabled(if: access("/usr/bin/strace", X_OK) == 0))
    func modeFromBirth() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let trace = folder.path + "/trace"
        let program = try await fixture(
            [path],
            prefix: [
                "strace", "-D", "-f", "-o", trace, "-e", "trace=bind,chmod,fchmod,fchmodat,umask,rename,listen", "sh",
                "-c",
                "umask 0; exec \"$0\" \"$@\"",
            ])
        #expect(try FileStatus(ofLink: path).mode == 0o600)
        // With -D the program is our child, and strace a bystander.
        program.send(SIGTERM)
        _ = try await program.end()
        let text = String(decoding: try OpenFile.content(of: trace), as: UTF8.self)
        let calls = text.split(separator: "\n").compactMap { line in
            ["fchmod(", "chmod(", "bind(", "listen(", "rename("].first {
                line.contains(" " + $0) && !line.contains("UNFINISHED")
            }
        }
        // The mode is set on the descriptor before it has a name, and it listens before it has its own. After that the library
        // listens once more, and nothing touches the mode.
        #expect(calls == ["fchmod(", "bind(", "listen(", "rename(", "listen("], "\(text)")
    }

    /// Why there can be no socket at `path`; nil when there is one now.
    func refusal(at path: String) -> GuardError? {
        do throws(GuardError) {
            _ = try ListeningSocket(at: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("A living daemon's socket is left alone, and its pid is named")
    func living() async throws {
        try await World.run { world in
            let error = refusal(at: world.socket)
            #expect(error?.code == .stateDirectoryBusy)
            #expect(error?.message.contains("pid \(getpid())") == true)
            let reply = try await world.send("GET", "/v1/health")
            #expect(reply.status == 200)
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
            try Directory.unlink(world.socket)
            try OpenFile.creating(world.socket).close()
            return world.folder
        }
        #expect(try Directory.entries(other.path) == ["control.sock"])
    }

    @Test("A listening socket that somebody else bound is taken over, and another descriptor is not")
    func inherited() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        #expect(throws: GuardError.self) { try ListeningSocket(inherited: descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0 && listen(descriptor, 8) == 0)
        try await World.run(on: ListeningSocket(inherited: dup(descriptor)), at: path) { world in
            let reply = try await world.send("GET", "/v1/health")
            #expect(reply.status == 200)
        }
        // Who made it cares for its name.
        #expect(try Directory.entries(folder.path) == ["s"])
    }
}

@Suite("Peers of the control socket")
struct PeerTests {
    @Test(
        "A stranger who reaches the socket gets one 403 and a closed connection",
        .enabled(if: geteuid() == 0, "only root may become another user"))
    func stranger() async throws {
        try await World.run { world in
            // Open the doors that would keep a stranger out before the daemon has to.
            #expect(chmod(world.folder.path, 0o711) == 0 && chmod(world.socket, 0o666) == 0)
            let end = try await RunningProgram.run([
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "--unix-socket",
                world.socket,
                "-w", "%{http_code} %{num_connects}", "http://localhost/v1/status", "http://localhost/v1/status",
            ])
            #expect(end.output.components(of: "\"code\":\"permissionDenied\"") == 2)
            #expect(end.output.components(of: "403 1") == 2, "\(end.output)")
        }
    }

    @Test(
        "A stranger does not get past the mode of the socket",
        .enabled(if: geteuid() == 0, "only root may become another user"))
    func mode() async throws {
        try await World.run { world in
            #expect(chmod(world.folder.path, 0o711) == 0)
            let end = try await RunningProgram.run([
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "--unix-socket",
                world.socket,
                "http://localhost/v1/status",
            ])
            #expect(end.status == 7)
        }
    }
}
