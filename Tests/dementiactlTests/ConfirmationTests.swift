// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@testable import dementiactl

/// B25: nothing that is hard to get back happens without having been shown, and what happens is what was shown.
@Suite("What is hard to get back", .serialized)
struct ConfirmationTests {
    static let shop = Samples.stores[0].id.value
    static let destructive = [
        "downgrade \(shop) --to 0", "restore 42", "restore \(shop)", "backup prune", "stores forget \(shop)",
    ]

    /// Runs it on a terminal that script(1) makes, with `typed` typed, a line each.
    func onTerminal(_ world: World, _ arguments: String, typing typed: String...) async throws -> RunningProgram.End {
        let command = "\(try RunningProgram.built("dementiactl")) \(arguments) --socket \(world.socket)"
        let keys = typed.joined(separator: "\\n")
        return try await RunningProgram.run(
            ["sh", "-c", "printf '\(keys)\\n' | script -qec '\(command)' /dev/null"], environment: ["TERM": "xterm"])
    }

    func changes(_ world: World) async -> Int {
        await world.service.started.count + world.service.forgotten.count
    }

    @Test(
        "needs --yes where no terminal is there to ask on, and names the command that confirms", arguments: destructive)
    func needsYes(_ command: String) async throws {
        try await World.run { world in
            let words = command.split(separator: " ").map(String.init)
            let end = try await Ctl(world: world).run(words + ["--json"])
            #expect(end.status == 13)
            let error = try #require(try AnyDocument(end).error)
            #expect(error.code == .confirmationNeeded && !error.causes.isEmpty)
            #expect(await changes(world) == 0)
            let text = try await Ctl(world: world).run(words)
            #expect(text.status == 13 && text.output.isEmpty)
            let name = command.replacing(" ", with: "-").replacing("--", with: "-")
            try expectGolden(text.errors, "confirmation/\(name).txt")
            // R16: the command that the hint names does what it says.
            let hint = try #require(
                error.hint?.firstRange(of: "dementiactl ").map { error.hint?[$0.upperBound...] ?? "" })
            let yes = try await Ctl(world: world).run(hint.split(separator: " ").map(String.init))
            #expect(yes.status == 0, "\(yes.errors)")
            #expect(await changes(world) == 1)
        }
    }

    @Test("is asked about on a terminal, and the answer no changes nothing", arguments: destructive)
    func asks(_ command: String) async throws {
        try await World.run { world in
            let no = try await onTerminal(world, command, typing: "n")
            #expect(no.status == 13 && no.output.contains("Go on? [y/N]") && no.output.contains("(/"))
            #expect(await changes(world) == 0)
            let yes = try await onTerminal(world, command, typing: "y")
            #expect(yes.status == 0, "\(yes.output)")
            #expect(await changes(world) == 1)
        }
    }

    @Test("B25: what was shown is what is started: the plan's digest goes with the request")
    func digest() async throws {
        try await World.run { world in
            for command in ["restore 42", "backup prune", "downgrade \(Self.shop) --to 0"] {
                let words = command.split(separator: " ").map(String.init)
                let end = try await Ctl(world: world).run(words + ["--yes"])
                #expect(end.status == 0)
            }
            let digests = await world.service.started.map(\.request.planDigest)
            #expect(digests == [String(repeating: "ab", count: 32), String(repeating: "cd", count: 32), digests[0]])
        }
    }

    @Test("B25: a plan that is no longer the same is refused, and what to look at is named")
    func planChanged() async throws {
        try await World.run { world in
            await world.service.fail(.start, with: GuardError(.planChanged, "the store is another", hint: "x"))
            let end = try await Ctl(world: world).run("restore", "42", "--yes", "--json")
            #expect(end.status == 13)
            let error = try #require(try AnyDocument(end).error)
            #expect(error.code == .planChanged && error.causes == ["the store is another"])
            #expect(error.hint == "See the new plan: dementiactl restore 42 --dry-run")
        }
    }

    @Test("B25: on a terminal the plan that has become another is shown, and asked about again")
    func asksAgain() async throws {
        try await World.run { world in
            await world.service.failOnce(.start, with: GuardError(.planChanged, "the store is another"))
            let end = try await onTerminal(world, "restore 42", typing: "y", "y")
            #expect(end.status == 0 && end.output.contains("The plan has changed meanwhile"), "\(end.output)")
            #expect(end.output.split(separator: "Go on?").count == 3)
            #expect(await world.service.started.count == 1)
        }
    }

    @Test("A restore shows the rows gained and lost of each table, before and with --dry-run")
    func restoreShowsRows() async throws {
        try await World.run { world in
            let asked = try await onTerminal(world, "restore 42", typing: "n")
            #expect(asked.output.contains("table contexts loses 3 rows: 10 now, 7 in the backup"), "\(asked.output)")
            #expect(asked.output.contains("table sessions gains 1 row: 1 now, 2 in the backup"))
            let dry = try await Ctl(world: world).run("restore", "42", "--dry-run")
            #expect(dry.status == 0 && dry.output.contains("contexts") && dry.output.contains("-3"))
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test("A place where nothing is yet loses nothing, and needs no yes")
    func elsewhere() async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run("restore", "42", "--to", "/nowhere/x.db")
            #expect(end.status == 0)
            #expect(await world.service.started.first?.request.to == .place("/nowhere/x.db"))
        }
    }

    @Test(
        "A password on the command line is refused before anybody else hears of it",
        arguments: [
            ["restore", "42", "--to", "postgresql://anna:secret@db/app#shop"],
            ["restore", "42", "--to", "postgresql://db/app?password=secret#shop"],
            ["stores", "adopt", "postgresql://anna:se#cret@db/app#shop"],
        ])
    func password(_ arguments: [String]) async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run(arguments + ["--json"])
            #expect(end.status == 64 && !end.output.contains("cret"))
            #expect(try AnyDocument(end).error?.code == .usage)
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test("A schema is named as it stands, a path is made absolute")
    func places() throws {
        #expect(try Place.name("postgresql://db/app#shop") == "postgresql://db/app#shop")
        #expect(try Place.name("db:5432/app#shop") == "db:5432/app#shop")
        #expect(try Place.name("memory#shop") == "memory#shop")
        #expect(try Place.name("/srv/a#b.db") == "/srv/a#b.db")
        #expect(try Place.name("not-there.db").hasSuffix("/not-there.db"))
        #expect(try Place.name("/proc/self/../self/exe").hasPrefix("/"))
    }
}
