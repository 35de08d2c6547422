// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import Testing

@Suite("What happens, as it happens", .serialized)
struct EventTests {
    static let shop = Samples.stores[0].id

    func start(_ world: World, _ arguments: String...) throws -> RunningProgram {
        try RunningProgram([RunningProgram.built("dementiactl")] + arguments + ["--socket", world.socket])
    }

    @Test("events --follow prints a document a line, the missed ones first, and ends with Ctrl-C")
    func follow() async throws {
        try await World.run { world in
            let program = try start(world, "events", "--follow", "--since", "1", "--json")
            try await program.says("\"id\":2")
            await world.service.record(Self.shop)
            try await program.says("\"id\":3")
            program.send(SIGINT)
            let end = try await program.end()
            #expect(end.status == 130 && end.errors.isEmpty)
            let lines = try end.output.split(separator: "\n").map { line in
                try ControlJSON.decode(AnyDocument.self, from: Array(line.utf8))
            }
            #expect(lines.map(\.kind) == ["event", "event", "error"])
            #expect(lines.last?.error?.hint == "Go on: dementiactl events --follow --since 3")
        }
    }

    @Test("events --follow for people is a line for each event, with the exact time")
    func followText() async throws {
        try await World.run { world in
            let program = try start(world, "events", "--follow", "--since", "0")
            try await program.says("operationSettled")
            program.send(SIGINT)
            let end = try await program.end()
            #expect(end.status == 130 && end.errors.contains("events --follow --since 2"), "\(end.errors)")
            try expectGolden(end.output, "text/events-follow.txt")
        }
    }

    @Test("A gap is said: an id of another journal is not taken for one of this")
    func gap() async throws {
        try await World.run { world in
            let json = try await Ctl(world: world).run("events", "--since", "99", "--json")
            #expect(json.status == 0 && json.output.contains("\"gap\":2"))
            let text = try await Ctl(world: world).run("events", "--since", "99")
            #expect(text.output.hasPrefix("GAP: ") && text.output.contains("dementiactl audit list"))
        }
    }

    @Test(
        "A gap is said to whoever follows, too",
        arguments: [
            ("--json", "{\"api\":1,\"data\":{\"newest\":2},\"kind\":\"gap\"}\n"), ("--quiet", "GAP: the event"),
        ])
    func gapWhileFollowing(_ option: String, _ line: String) async throws {
        try await World.run { world in
            let program = try start(world, "events", "--follow", "--since", "99", option)
            try await program.says(line)
            program.send(SIGINT)
            #expect(try await program.end().output.hasPrefix(line))
        }
    }

    @Test("status --watch tells each change as a document of its own, and what is the same only once")
    func watch() async throws {
        try await World.run { world in
            await world.service.end(nil)
            let program = try start(world, "status", "--watch", "--json")
            try await program.says("\"kind\":\"status\"")
            await world.service.arrival(at: .events)
            _ = try await world.post("/v1/operations", "{\"kind\":\"rescan\"}")
            await world.service.record(Self.shop)
            try await program.says("\"kind\":\"rescan\"")
            program.send(SIGINT)
            let end = try await program.end()
            let lines = try end.output.split(separator: "\n").map { line in
                try ControlJSON.decode(AnyDocument.self, from: Array(line.utf8))
            }
            #expect(end.status == 130 && lines.map(\.kind) == ["status", "status", "error"], "\(end.output)")
        }
    }

    @Test("status --watch into a file is a line for each change")
    func watchText() async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run("status", "--watch", "--timeout", "300ms")
            #expect(end.status == 75 && end.errors.contains("The time limit is over"))
            let lines = end.output.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].hasSuffix("  ● attention: 1 memory drifted, 1 waits for a migration"))
        }
    }

    @Test("status --watch draws over what it has drawn, with the progress of what is at work")
    func watchTerminal() async throws {
        try await World.run { world in
            await world.service.end(nil)
            let command =
                "stty cols 60 rows 40; exec \(try RunningProgram.built("dementiactl")) status --watch --timeout 1h"
            let program = try RunningProgram(
                ["script", "-qfec", command, "/dev/null"],
                environment: ["TERM": "xterm", "DEMENTIAD_SOCKET": world.socket, "NO_COLOR": "1"])
            try await program.says("attention")
            await world.service.arrival(at: .events)
            _ = try await world.post("/v1/operations", "{\"kind\":\"rescan\"}")
            await world.service.record(Self.shop)
            await world.service.arrival(at: .operationEvents, count: 2)
            await world.service.report(
                Progress(step: .backup, done: 1, total: 2, unit: .bytes), of: Samples.operationID(1))
            try await program.says("50 %")
            program.send(SIGTERM)
            let end = try await program.end()
            #expect(end.output.contains("A\u{1B}[J\u{1B}[?7l● attention"), "\(end.output)")
            #expect(end.output.contains("Running"))
            // Whatever happens, the terminal wraps its lines again.
            #expect(end.output.split(separator: "\u{1B}[?7l").dropFirst().allSatisfy { $0.contains("\u{1B}[?7h") })
        }
    }

    @Test("An exported audit is a line for each entry and the head hash, private and never written over something")
    func export() async throws {
        try await World.run { world in
            let ctl = Ctl(world: world)
            let path = world.folder.path + "/audit.jsonl"
            let end = try await ctl.run("audit", "export", "-o", path, "--json")
            #expect(end.status == 0 && end.output.contains(String(repeating: "2", count: 64)))
            #expect(try FileStatus(of: path).mode == 0o600)
            let lines = String(decoding: try OpenFile.content(of: path), as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 3 && lines[2].contains("\"head\":\"\(String(repeating: "2", count: 64))\""))
            for (number, line) in lines.dropLast().enumerated() {
                #expect(try ControlJSON.decode(JournalEvent.self, from: Array(line.utf8)) == Samples.entries[number])
            }
            #expect(try await ctl.run("audit", "export", "-o", path).status == 64)
            // To standard output the same lines come.
            #expect(try await ctl.run("audit", "export").output == lines.joined(separator: "\n") + "\n")
        }
    }

    @Test("A broken audit is 6, named with the first entry that is not as it was written, and exported all the same")
    func broken() async throws {
        try await World.run { world in
            await world.service.breakAudit(at: 2)
            let verify = try await Ctl(world: world).run("audit", "verify")
            #expect(verify.status == 6 && verify.output.contains("BROKEN at entry 2"))
            #expect(verify.output.contains("dementiactl audit export --output FILE"))
            let export = try await Ctl(world: world).run("audit", "export")
            #expect(export.status == 6 && export.output.split(separator: "\n").count == 3)
        }
    }
}
