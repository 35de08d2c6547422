// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import Testing

// One after the other: hundreds of processes at once would only wait for each other.
@Suite("How the command behaves", .serialized)
struct BehaviourTests {
    static let blog = Samples.stores[1].id.value

    @Test(
        "A settled operation's outcome is the exit code, with the operation as the document",
        arguments: [
            (Outcome.succeeded, nil, 0), (.nothingToDo, nil, 0), (.busy, .storeBusy, 11),
            (.failedRestored, .checkVetoed, 4),
            (.needsAttention, .restoreFailed, 5), (.failedUntouched, .rehearsalFailed, 8),
            (.failedUntouched, .noSpace, 7),
            (.failedUntouched, .verificationFailed, 6), (.failedUntouched, .unknownShape, 14),
            (.failedUntouched, .permissionDenied, 12),
            (.cancelled, nil, 130),
        ] as [(Outcome, GuardError.Code?, Int32)])
    func outcomes(_ outcome: Outcome, _ code: GuardError.Code?, _ status: Int32) async throws {
        try await World.run { world in
            await world.service.end(outcome, code.map { GuardError($0, "why", hint: "what next") })
            let end = try await Ctl(world: world).run("migrate", Self.blog, "--json")
            #expect(end.status == status)
            #expect(try AnyDocument(end).kind == "operation")
            let text = try await Ctl(world: world).run("migrate", Self.blog)
            #expect(text.status == status && text.output.contains("data") && text.errors.isEmpty)
            if code != nil { #expect(text.output.contains("why") && text.output.contains("what next")) }
        }
    }

    @Test("Of several operations the worst decides, and one that cannot start does not keep the others from it")
    func several() async throws {
        try await World.run { world in
            await world.service.end(.failedRestored)
            let end = try await Ctl(world: world).run("backup", "create", "--json")
            #expect(end.status == 4)
            #expect(await world.service.started.count == 3)
            await world.service.fail(.start, with: GuardError(.storeBusy, "held", hint: "wait"))
            let refused = try await Ctl(world: world).run("backup", "create", "--json")
            #expect(refused.status == 11 && refused.output.contains("\"errors\":[{"))
        }
    }

    @Test(
        "Wrong use is 64, as a document with --json",
        arguments: [
            ["nope"], ["migrate", "--to", "x"], ["downgrade", "abc"], ["backup", "export", "1"], ["backup", "verify"],
            ["status", "extra"], ["operations", "list", "--limit", "0"], ["hold", "add", "--until", "soon"],
            ["status", "--timeout", "soon"], ["status", "--color", "blue"],
        ])
    func usage(_ arguments: [String]) async throws {
        try await World.run { world in
            let text = try await Ctl(world: world).run(arguments)
            #expect(text.status == 64 && text.output.isEmpty && !text.errors.isEmpty)
            let json = try await Ctl(world: world).run(arguments + ["--json"])
            #expect(json.status == 64 && json.errors.isEmpty)
            #expect(try AnyDocument(json).error?.code == .usage)
        }
    }

    @Test("Help is a result", arguments: [["--help"], ["help", "migrate"], ["backup", "--help"], []])
    func help(_ arguments: [String]) async throws {
        let end = try await RunningProgram.run([RunningProgram.built("dementiactl")] + arguments)
        #expect(end.status == 0 && end.output.contains("USAGE:") && end.errors.isEmpty)
    }

    @Test(
        "What cannot be found is 10",
        arguments: [
            ["stores", "show", "fff"], ["migrate", "/nowhere.db"], ["backup", "show", "7"],
            ["operations", "show", "zzz"],
            ["backup", "show", "000001_000000000000"], ["hold", "remove", "x"],
        ])
    func notFound(_ arguments: [String]) async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run(arguments + ["--json"])
            #expect(end.status == 10)
            #expect(try AnyDocument(end).error?.hint?.contains("dementiactl") == true)
        }
    }

    @Test("A refused plan is the answer to plan and the error of the others")
    func refusedPlan() async throws {
        try await World.run { world in
            await world.service.refusePlans(GuardError(.newerVersion, "from the future", hint: "Upgrade dementiad."))
            let ctl = Ctl(world: world)
            let plan = try await ctl.run("plan", Self.blog, "--json")
            #expect(plan.status == 14)
            #expect(try AnyDocument(plan).kind == "plan")
            let downgrade = try await ctl.run("downgrade", Self.blog, "--to", "0", "--yes", "--json")
            #expect(downgrade.status == 14)
            #expect(try AnyDocument(downgrade).error?.code == .newerVersion)
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test(
        "--exit-code tells that there is something to do",
        arguments: [
            ["status"], ["stores", "list"], ["plan"], ["plan", blog],
        ])
    func exitCode(_ arguments: [String]) async throws {
        try await World.run { world in
            let asked = try await Ctl(world: world).run(arguments + ["--exit-code"])
            let plain = try await Ctl(world: world).run(arguments)
            #expect(asked.status == 3 && plain.status == 0)
        }
    }

    @Test("--no-wait prints the operation as it was begun")
    func noWait() async throws {
        try await World.run { world in
            await world.service.end(nil)
            let end = try await Ctl(world: world).run("migrate", Self.blog, "--no-wait", "--json")
            #expect(end.status == 0 && end.output.contains("\"state\":\"running\""))
        }
    }

    @Test("--timeout ends the waiting with 75, and the operation goes on")
    func timeout() async throws {
        try await World.run { world in
            await world.service.end(nil)
            let end = try await Ctl(world: world).run("migrate", Self.blog, "--timeout", "200ms", "--json")
            #expect(end.status == 75)
            #expect(try AnyDocument(end).error?.hint?.contains("operations watch op_") == true)
        }
    }

    @Test(
        "Ctrl-C ends the command with 130, says how to go on, and leaves the operation alone", arguments: [true, false])
    func interrupt(_ isJSON: Bool) async throws {
        try await World.run { world in
            await world.service.end(nil)
            let program = try RunningProgram(
                [RunningProgram.built("dementiactl"), "migrate", Self.blog, "--socket", world.socket]
                    + (isJSON ? ["--json"] : []))
            // The second question for events is asked while it waits for the first one's answer to go on.
            await world.service.arrival(at: .operationEvents, count: 2)
            program.send(SIGINT)
            let end = try await program.end()
            #expect(end.status == 130)
            if isJSON {
                let error = try #require(try AnyDocument(end).error)
                #expect(error.code == .interrupted && error.operation == Samples.operationID(1))
            } else {
                #expect(end.output.isEmpty)
                #expect(end.errors.contains("operations watch op_") && end.errors.contains("operations cancel op_"))
            }
            let state = try await world.send("GET", "/v1/operations/\(Samples.operationID(1))").form(
                OperationRecord.self
            ).state
            #expect(state == .running)
        }
    }

    @Test("--json --progress tells progress as lines of JSON on standard error")
    func progressLines() async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run("migrate", Self.blog, "--json", "--progress")
            #expect(end.status == 0)
            let lines = end.errors.split(separator: "\n")
            #expect(
                !lines.isEmpty
                    && lines.allSatisfy { $0.hasPrefix("{\"data\":") && $0.contains("\"type\":\"operation\"") })
            _ = try AnyDocument(end)
        }
    }

    @Test(
        "Without a name migrate takes the memories that wait, and leaves those on hold, which it names",
        arguments: [[], ["--json"]])
    func heldOnes(_ form: [String]) async throws {
        try await World.run { world in
            let held = Samples.store("wiki", .held, at: 1)
            await world.service.know([Samples.stores[0], Samples.stores[1], held])
            let end = try await Ctl(world: world).run(["migrate"] + form)
            #expect(end.status == 0, "\(end.output) \(end.errors)")
            #expect(await world.service.started.map(\.request.store) == [Samples.stores[1].id])
            #expect(end.output.contains(form.isEmpty ? "on hold" : "\"held\":[\"\(held.id)\"]"), "\(end.output)")
        }
    }

    @Test("A word that is not UTF-8 is refused before anything is asked of the daemon", arguments: [[], ["--json"]])
    func notText(_ form: [String]) async throws {
        try await World.run { world in
            let script = "exec \"$0\" restore 42 --to \"/srv/caf$(printf '\\351').db\" \"$@\""
            let end = try await RunningProgram.run(
                ["bash", "-c", script, RunningProgram.built("dementiactl")] + form,
                environment: ["DEMENTIAD_SOCKET": world.socket])
            #expect(end.status == 64, "\(end.output) \(end.errors)")
            // A document writes a backslash as two.
            #expect((end.output + end.errors).contains(form.isEmpty ? #"caf\xE9.db"# : #"caf\\xE9.db"#))
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test(
        "Nothing is exported under a name that SQLite takes for a part of the database beside it",
        arguments: ["-wal", "-shm", "-journal"])
    func sidecar(_ ending: String) async throws {
        try await World.run { world in
            let path = world.folder.path + "/.claude-memory.db" + ending
            let end = try await Ctl(world: world).run("backup", "export", "42", "-o", path, "--json")
            #expect(end.status == 64 && access(path, F_OK) != 0)
            #expect(try AnyDocument(end).error?.hint?.contains("-wal") == true)
        }
    }

    @Test(
        "Nothing is exported into a folder that is not there, or may not be written",
        arguments: [("nowhere", Int32(64)), ("control.sock", 64), ("closed", 12)])
    func exportFolder(_ name: String, _ status: Int32) async throws {
        // Root may write everywhere but into what the kernel itself serves.
        let isClosed = name == "closed"
        try await World.run { world in
            let folder = world.folder.path + "/" + name
            if isClosed { try #require(mkdir(folder, 0o500) == 0) }
            guard !isClosed || geteuid() != 0 else { return }
            let end = try await Ctl(world: world).run("backup", "export", "42", "-o", folder + "/x.zst", "--json")
            #expect(end.status == status, "\(end.output)")
            #expect(try AnyDocument(end).error?.hint != nil)
        }
    }

    @Test("An exported archive is whole, private and never written over something")
    func export() async throws {
        try await World.run { world in
            let path = world.folder.path + "/out.zst"
            let ctl = Ctl(world: world)
            let end = try await ctl.run("backup", "export", "42", "-o", path, "--json")
            #expect(end.status == 0, "\(end.output)")
            #expect(try OpenFile.content(of: path) == Samples.archive)
            #expect(try FileStatus(of: path).mode == 0o600)
            #expect(try await ctl.run("backup", "export", "42", "-o", path).status == 64)
            await world.service.damageContent()
            let damaged = try await ctl.run("backup", "export", "42", "-o", path + "2", "--json")
            #expect(damaged.status == 6)
            #expect(try Directory.entries(world.folder.path) == ["control.sock", "out.zst"])
        }
    }

    @Test("version answers without a daemon, and says which socket it looked at")
    func version() async throws {
        let folder = try Folder()
        let ctl = try RunningProgram.built("dementiactl")
        let end = try await RunningProgram.run([ctl, "version", "--socket", folder.path + "/s", "--json"])
        #expect(end.status == 0 && end.output.contains("\"origin\":\"--socket\"") && !end.output.contains("\"daemon\""))
        try await World.run { world in
            for verb in [["version"], ["daemon", "version"]] {
                let end = try await Ctl(world: world).run(verb)
                #expect(
                    end.output.contains("$DEMENTIAD_SOCKET")
                        && end.output.contains("dementiad    \(ProductVersion.current)"))
                let json = try await Ctl(world: world).run(verb + ["--json"])
                let lines = Golden.lines(ofJSON: VerbTests.settled(json.output, in: world))
                try expectGolden(lines, "json/version.json")
            }
        }
    }

    @Test("Colours come when they are asked for, and not with NO_COLOR or into a pipe")
    func colours() async throws {
        try await World.run { world in
            let ctl = Ctl(world: world)
            #expect(try await ctl.run("stores", "--color", "always").output.contains("\u{1B}[32m"))
            #expect(try await !ctl.run("stores").output.contains("\u{1B}"))
            // On a terminal, which script(1) makes.
            let command = "\(try RunningProgram.built("dementiactl")) stores --socket \(world.socket)"
            let terminal = ["script", "-qec", command, "/dev/null"]
            #expect(
                try await RunningProgram.run(terminal, environment: ["TERM": "xterm"]).output.contains("\u{1B}[32m"))
            let plain = try await RunningProgram.run(terminal, environment: ["TERM": "xterm", "NO_COLOR": "1"])
            #expect(plain.output.contains("current") && !plain.output.contains("\u{1B}["))
        }
    }

    /// Runs it on a terminal that script(1) makes, with `typed` typed.
    func onTerminal(_ world: World, _ arguments: String, typing typed: String) async throws -> RunningProgram.End {
        let command = "\(try RunningProgram.built("dementiactl")) \(arguments) --socket \(world.socket)"
        return try await RunningProgram.run(
            ["sh", "-c", "printf '\(typed)\\n' | script -qec '\(command)' /dev/null"], environment: ["TERM": "xterm"])
    }

    @Test("On a terminal a bar shows how far it has come, and is gone at the end")
    func bar() async throws {
        try await World.run { world in
            await world.service.end(nil)
            async let end = onTerminal(world, "migrate \(Self.blog)", typing: "")
            await world.service.arrival(at: .operationEvents, count: 2)
            let id = Samples.operationID(1)
            await world.service.report(Progress(step: .backup, done: 1, total: 2, unit: .bytes), of: id)
            await world.service.arrival(at: .operationEvents, count: 3)
            await world.service.settle(id, .succeeded)
            let output = try await end.output
            #expect(output.contains("backing up  [##########----------]  50 %"), "\(output)")
            #expect(output.contains("\r\u{1B}[K\u{1B}[32mblog: upgraded 4.0 → 4.4"), "\(output)")
        }
    }

    @Test("Somebody else's socket is 12", .enabled(if: geteuid() == 0, "only root may become another user"))
    func permission() async throws {
        try await World.run { world in
            #expect(chmod(world.folder.path, 0o711) == 0)
            // A copy, because the folder of the build may be closed to strangers.
            let folder = try Folder()
            #expect(chmod(folder.path, 0o711) == 0)
            let copy = folder.path + "/dementiactl"
            #expect(try await RunningProgram.run(["cp", RunningProgram.built("dementiactl"), copy]).status == 0)
            let end = try await RunningProgram.run([
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "status", "--json", "--socket",
                world.socket,
            ])
            #expect(end.status == 12)
            #expect(try AnyDocument(end).error?.code == .permissionDenied)
        }
    }
}
