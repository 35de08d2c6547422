// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import FoundationEssentials
import Glibc
import GuardCore
import LinuxKit
import Testing

/// `api.readerGroups`: peers are told apart by what the kernel says of them, so these tests have to be root to be somebody else.
@Suite(
    "Members of reader groups at the control socket", .enabled(if: geteuid() == 0, "only root may become another user"))
struct ReaderTests {
    static let group = AccessPolicy.ReaderGroup(name: "4242", id: 4242)

    /// A world that members of the group 4242 may read in, in a folder that lets everybody through.
    func world(limits: ControlLimits = .init(), _ body: @Sendable (World) async throws -> Void) async throws {
        try await World.run(limits: limits, readers: [Self.group]) { world in
            #expect(chmod(world.folder.path, 0o711) == 0)
            try await body(world)
        }
    }

    /// What curl gets as somebody with these groups: the answers, each followed by ` STATUS CONNECTS`.
    func curl(_ world: World, groups: String, _ arguments: [String]) async throws -> RunningProgram.End {
        try await RunningProgram.run(
            ["setpriv", "--reuid=65534", "--regid=65533"]
                + (groups.isEmpty ? ["--clear-groups"] : ["--groups=\(groups)"])
                + ["curl", "-sS", "--unix-socket", world.socket, "-w", " %{http_code} %{num_connects}\n"] + arguments)
    }

    @Test("A member reads, whichever of its groups it is, also when it has very many")
    func read() async throws {
        try await world { world in
            #expect(try FileStatus(ofLink: world.socket).mode & 0o777 == 0o666)
            let many = (5000...5199).map(String.init).joined(separator: ",") + ",4242"
            for groups in ["4242", "4241,4242", many] {
                let end = try await curl(world, groups: groups, ["http://localhost/v1/status"])
                #expect(end.output.hasSuffix(" 200 1\n"), "\(end.output)\(end.errors)")
            }
            let own = try await RunningProgram.run([
                "setpriv", "--reuid=65534", "--regid=4242", "--clear-groups", "curl", "-sS", "--unix-socket",
                world.socket, "http://localhost/v1/status",
            ])
            #expect(own.output.contains("\"verdict\""))
        }
    }

    @Test(
        "A member does nothing that changes anything, nor gets a memory's content",
        arguments: SampleRequest.all.map(\.route.name))
    func act(_ name: Route.Name) async throws {
        let request = SampleRequest(name)
        guard request.route.access == .owner else { return }
        try await world { world in
            let body = request.body.map { ["-H", "Content-Type: application/json", "-d", $0] } ?? []
            let end = try await curl(
                world, groups: "4242",
                ["-X", request.route.method.rawValue] + body + ["http://localhost\(request.target)"])
            #expect(end.output.hasSuffix(" 403 1\n"), "\(end.output)")
            #expect(end.output.contains("'owner'"))
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test(
        "A member's plan names no place: the daemon would go there with the owner's rights and passwords",
        arguments: [
            "{\"kind\":\"transfer\",\"store\":\"\(Samples.stores[0].id)\",\"to\":\"postgres://elsewhere/db#shop\"}",
            "{\"kind\":\"restore\",\"backup\":\"\(Samples.backup.id)\",\"to\":\"passfile=/x host=h#shop\"}",
            "{\"kind\":\"restore\",\"backup\":\"\(Samples.backup.id)\",\"to\":\"/home/ann/there.db\"}",
        ])
    func places(_ body: String) async throws {
        let call = ["-H", "Content-Type: application/json", "-d", body, "http://localhost/v1/plans"]
        try await world { world in
            let end = try await curl(world, groups: "4242", call)
            #expect(end.output.hasSuffix(" 403 1\n") && end.output.contains("'owner'"), "\(end.output)")
            let owner = try await RunningProgram.run(["curl", "-sS", "--unix-socket", world.socket] + call)
            #expect(owner.output.contains("\"kind\""), "\(owner.output)")
        }
    }

    @Test("Only so many plans of one member are computed at once; those of the owner are not counted")
    func plans() async throws {
        var limits = ControlLimits()
        limits.plans = 0
        let body = "{\"store\":\"\(Samples.stores[0].id)\"}"
        let call = ["-H", "Content-Type: application/json", "-d", body, "http://localhost/v1/plans"]
        try await world(limits: limits) { world in
            let end = try await curl(world, groups: "4242", call)
            #expect(end.output.contains("\"code\":\"\(GuardError.Code.tooManyPlans)\""), "\(end.output)")
            #expect(end.output.hasSuffix(" 429 1\n"))
            let owner = try await RunningProgram.run(["curl", "-sS", "--unix-socket", world.socket] + call)
            #expect(owner.output.contains("\"steps\""), "\(owner.output)")
        }
        try await world { world in
            let end = try await curl(world, groups: "4242", call)
            #expect(end.output.hasSuffix(" 200 1\n"), "\(end.output)")
        }
    }

    @Test("Somebody else gets one 403 on a connection, which is then closed")
    func stranger() async throws {
        try await world { world in
            let twice = ["http://localhost/v1/status", "http://localhost/v1/status"]
            let end = try await curl(world, groups: "4241", twice)
            #expect(end.output.components(of: " 403 1\n") == 2, "\(end.output)")
            #expect(end.output.contains("'reader'"))
        }
    }

    @Test("A reload admits and sends away, and the mode of the socket says the same")
    func reload() async throws {
        try await World.run { world in
            #expect(chmod(world.folder.path, 0o711) == 0)
            let url = ["http://localhost/v1/health"]
            #expect(try FileStatus(ofLink: world.socket).mode & 0o777 == 0o600)
            #expect(try await curl(world, groups: "4242", url).status == 7)
            try world.admit([Self.group])
            #expect(try FileStatus(ofLink: world.socket).mode & 0o777 == 0o666)
            #expect(try await curl(world, groups: "4242", url).output.hasSuffix(" 200 1\n"))
            try world.admit([.init(name: "4241", id: 4241)])
            #expect(try await curl(world, groups: "4242", url).output.hasSuffix(" 403 1\n"))
            try world.admit([])
            #expect(try FileStatus(ofLink: world.socket).mode & 0o777 == 0o600)
            #expect(try await curl(world, groups: "4241", url).status == 7)
        }
    }

    @Test("A socket whose mode cannot be changed leaves everything as it was")
    func foreign() async throws {
        try await World.run { (world) async throws in
            #expect(lchown(world.socket, 65534, 65534) == 0)
            let error = #expect(throws: GuardError.self) { try world.admit([Self.group]) }
            #expect(error?.code == .permissionDenied)
            #expect(error?.hint?.contains("api.readerGroups") == true)
            #expect(try FileStatus(ofLink: world.socket).mode & 0o777 == 0o600)
            #expect(lchown(world.socket, 0, 0) == 0)
        }
    }

    @Test(
        "R16: a 403 names the caller, the class and one command; after it, or in it, the same call succeeds",
        .enabled("Needs sudo and useradd") { await Self.hasTools() })
    func remedy() async throws {
        let people = try await People()
        let folder = try Folder()
        #expect(chmod(folder.path, 0o777) == 0)
        let socket = folder.path + "/s"
        // The daemon is somebody's, as it is in life.
        let program = try RunningProgram([
            "setpriv", "--reuid=\(people.owner)", "--regid=\(people.owner)", "--init-groups",
            try RunningProgram.built("ControlFixture"), socket, "readers=\(people.group)",
        ])
        try await RawSocket.answering(socket)
        do {
            func ask(_ call: String) async throws -> Problem? {
                let end = try await RunningProgram.run([
                    "setpriv", "--reuid=\(people.guest)", "--regid=\(people.guest)", "--init-groups", "sh", "-c", call,
                ])
                return try? ControlJSON.decode(from: end.output.utf8)
            }
            let read = "curl -sS --unix-socket \(socket) http://localhost/v1/status"
            let refused = try #require(try await ask(read))
            #expect(refused.code == .permissionDenied)
            #expect(refused.detail.contains("User \(people.guest) (") && refused.detail.contains("'reader'"))
            let command = try #require(refused.hint?.components(separatedBy: ": ").last)
            #expect(try await RunningProgram.run(["sh", "-c", command]).status == 0, "\(command)")
            #expect(try await ask(read) == nil)

            let act = "curl -sS --unix-socket \(socket) -X PUT http://localhost/v1/backups/\(Samples.backupID)/pin"
            let forbidden = try #require(try await ask(act))
            #expect(forbidden.detail.contains("User \(people.guest) (") && forbidden.detail.contains("'owner'"))
            let shell = try #require(forbidden.hint?.components(separatedBy: ": ").last)
            let end = try await RunningProgram.run(["sh", "-c", "echo \"\(act)\" | SHELL=/bin/sh \(shell)"])
            #expect(end.output.contains("\"sha256\""), "\(shell): \(end.output)\(end.errors)")
        } catch {
            Issue.record(error)
        }
        program.send(SIGTERM)
        _ = try await program.end()
        await people.remove()
    }

    static func hasTools() async -> Bool {
        let end = try? await RunningProgram.run(["sh", "-c", "command -v sudo useradd groupadd >/dev/null"])
        return end?.status == 0
    }
}

/// Two users and a group that the machine has for the time of a test.
private struct People {
    let owner: String
    let guest: String
    let group: String

    init() async throws {
        let number = getpid()
        (owner, guest, group) = ("dmown\(number)", "dmguest\(number)", "dmread\(number)")
        let end = try await RunningProgram.run([
            "sh", "-ec", "groupadd \(group); useradd -M -s /bin/sh \(owner); useradd -M -s /bin/sh \(guest)",
        ])
        #expect(end.status == 0, "\(end.errors)")
    }

    func remove() async {
        // Best effort: a user that stays behind has no password and no home.
        _ = try? await RunningProgram.run(["sh", "-c", "userdel \(owner); userdel \(guest); groupdel \(group)"])
    }
}
