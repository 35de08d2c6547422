// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@testable import dementiactl

@Suite("Which memory is meant")
struct SelectionTests {
    static func store(_ path: String, _ project: String) -> StoreForm {
        StoreForm(
            location: StoreLocation(engine: .sqlite, name: path), project: project, state: .current, sizeBytes: 1)
    }

    static let schema = StoreForm(
        location: StoreLocation(engine: .postgres, name: "db.example:5432/dementia#shop"), project: "shop",
        state: .current, sizeBytes: 1)
    static let work = store("/home/anna/paid/shop/.claude-memory.db", "shop")
    static let wiki = store("/home/anna/wiki/.claude-memory.db", "wiki")
    static let all = [work, schema, wiki]

    @Test(
        "A memory is found by its id, the beginning of it, its file, its folder, its project, an end of its place, and its URL",
        arguments: [
            (wiki.id.value, wiki), (String(wiki.id.value.prefix(5)), wiki), (wiki.location, wiki),
            ("/home/anna/wiki", wiki), ("wiki", wiki), ("anna/wiki", wiki), ("paid/shop", work),
            ("dementia#shop", schema), ("postgresql://anna@db.example/dementia#shop", schema),
            ("postgres://db.example:5432/dementia?sslmode=require#shop", schema),
            ("db.example:5432/dementia#shop", schema),
        ])
    func found(_ name: String, _ expected: StoreForm) throws {
        #expect(try Selection.store(name, among: Self.all, path: name) == expected)
    }

    @Test("The present folder is a name, too")
    func here() throws {
        #expect(try Selection.store(".", among: Self.all, path: "/home/anna/wiki") == Self.wiki)
    }

    @Test("A name of several memories is an error that lists them by names that can be typed")
    func ambiguous() throws {
        let error = #expect(throws: GuardError.self) { try Selection.store("shop", among: Self.all, path: "/x/shop") }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("paid/shop  /home/anna/paid/shop/.claude-memory.db") == true)
        #expect(error?.message.contains("dementia#shop  ") == true)
    }

    @Test(
        "A name of none is an error that lists the memories",
        arguments: ["", "hop", "ork/shop", "wiki/.claude-memory.db"])
    func none(_ name: String) throws {
        let error = #expect(throws: GuardError.self) { try Selection.store(name, among: Self.all, path: "/x") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("wiki") == true)
    }

    @Test(
        "A verb that is misspelt suggests the one that is meant, of the program and of a group",
        arguments: [
            (["statsu"], "statsu", "status"), (["migarte", "shop"], "migarte", "migrate"),
            (["oper"], "oper", "operations"),
            (["stores", "lst"], "stores lst", "stores list"), (["xyzzy"], "xyzzy", nil),
        ] as [([String], String, String?)])
    func suggestions(_ words: [String], _ verb: String, _ suggestion: String?) {
        let unknown = UnknownVerb(words)
        #expect(unknown?.verb == verb && unknown?.suggestion == suggestion)
    }

    @Test(
        "A known verb, an option, and a memory where the verb may be left out are no unknown verbs",
        arguments: [
            ["status"], ["--help"], ["help", "x"], ["stores", "list"], ["backup", "shop"], ["backup", "--json"], [],
        ])
    func known(_ words: [String]) {
        #expect(UnknownVerb(words) == nil)
    }

    @Test("A moment is a time before now, a date, or RFC 3339")
    func moments() throws {
        let now = Samples.moment
        #expect(try MomentText.parse("2h", from: now, sign: -1).description == "2026-01-31T10:00:00.000Z")
        #expect(try MomentText.parse("7d", from: now, sign: 1).description == "2026-02-07T12:00:00.000Z")
        #expect(try MomentText.parse("2026-01-30", from: now, sign: -1).description == "2026-01-30T00:00:00.000Z")
        #expect(
            try MomentText.parse("2026-01-31T18:00:00Z", from: now, sign: -1).description == "2026-01-31T18:00:00.000Z")
        for text in ["soon", "12", "2026-13-01", ""] {
            #expect(throws: GuardError.self) { try MomentText.parse(text, from: now, sign: -1) }
        }
    }
}

@Suite("For scripts", .serialized)
struct ScriptTests {
    static let blog = Samples.stores[1].id.value

    @Test("wait ends with 75 when the condition is not true in time, and changes nothing")
    func wait() async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run("wait", "blog", "--timeout", "100ms", "--json")
            #expect(end.status == 75)
            #expect(try AnyDocument(end).error?.code == .timedOut)
            #expect(await world.service.started.isEmpty)
            #expect(try await Ctl(world: world).run("wait", "nothing").status == 10)
        }
    }

    @Test("wait --for idle waits for the operation of the memory that is named, and for no other")
    func idle() async throws {
        try await World.run { world in
            await world.service.end(nil)
            _ = try await world.post("/v1/operations", "{\"kind\":\"migrate\",\"store\":\"\(Self.blog)\"}")
            let ctl = Ctl(world: world)
            #expect(try await ctl.run("wait", "shop", "--for", "idle").status == 0)
            #expect(try await ctl.run("wait", "blog", "--for", "idle", "--timeout", "100ms").status == 75)
            async let end = ctl.run("wait", "blog", "--for", "idle", "--json")
            await world.service.arrival(at: .operations, count: 8)
            await world.service.settle(Samples.operationID(1), .succeeded)
            let ended = try await end
            #expect(ended.status == 0)
            #expect(try AnyDocument(ended).kind == "stores")
        }
    }

    @Test("undo restores the state that the last restore replaced, and says what to do when there is none")
    func undo() async throws {
        try await World.run { world in
            let ctl = Ctl(world: world)
            let none = try await ctl.run("undo", "shop", "--json")
            #expect(none.status == 10)
            #expect(try await ctl.run("restore", "42", "--yes").status == 0)
            let kept = try #require(try await ctl.latest().result?.keptState)
            await world.service.keep([Samples.backup, Samples.backup(kept, .beforeRestore, at: 4)])
            let asked = try await ctl.run("undo", "shop")
            #expect(asked.status == 13 && asked.errors.contains("dementiactl undo shop --yes"), "\(asked.errors)")
            #expect(try await ctl.run("undo", "shop", "--yes").status == 0)
            #expect(await world.service.started.last?.request.backup == kept)
        }
    }

    @Test("hold remove takes the memory, and --all every hold")
    func holds() async throws {
        try await World.run { world in
            let ctl = Ctl(world: world)
            let none = try await ctl.run("hold", "remove", "shop")
            #expect(none.status == 10)
            #expect(try await ctl.run("hold", "add", "shop").output.contains("dementiactl hold remove shop"))
            #expect(try await ctl.run("hold", "remove", "shop").output == "No longer on hold: shop.\n")
            #expect(try await ctl.run("hold", "add").status == 0)
            #expect(try await ctl.run("hold", "add", "blog").status == 0)
            #expect(try await ctl.run("hold", "remove", "--all").status == 0)
            #expect(try await ctl.run("hold", "list").output == "Nothing is on hold.\n")
            #expect(try await ctl.run("hold", "remove").status == 64)
        }
    }

    @Test("Lists are filtered, and a limit that cuts one is told")
    func filters() async throws {
        try await World.run { world in
            let ctl = Ctl(world: world)
            for kind in ["backup", "migrate"] {
                _ = try await world.post("/v1/operations", "{\"kind\":\"\(kind)\",\"store\":\"\(Self.blog)\"}")
            }
            #expect(try await ctl.count("operations", "list", "--kind", "backup") == 1)
            #expect(try await ctl.count("operations", "list", "--failed") == 0)
            #expect(try await ctl.count("operations", "list", "--since", "2027-01-01") == 0)
            #expect(try await ctl.count("operations", "list", "--since", "2026-01-01") == 2)
            #expect(try await ctl.count("operations", "list", "--limit", "1") == 1)
            #expect(try await ctl.run("operations", "list", "--limit", "1").output.contains("Show more: --limit 4"))
            #expect(try await ctl.count("events", "--operation", "op_00000000000000000000000001") == 2)
            #expect(try await ctl.count("audit", "list", "--kind", "operationBegan") == 1)
            #expect(try await ctl.count("audit", "list", "--since", "2027-01-01") == 0)
            for call in [
                ["operations", "list", "--kind", "x"], ["events", "--kind", "x"], ["operations", "--since", "x"],
            ] {
                #expect(try await ctl.run(call).status == 64, "\(call)")
            }
        }
    }

    @Test("A version that is none is an error that lists the versions", arguments: ["migrate", "plan", "downgrade"])
    func versions(_ verb: String) async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run(verb, "blog", "--to", "4.9", "--json")
            #expect(end.status == 64)
            #expect(try AnyDocument(end).error?.detail.contains("4.1 (schema 2)") == true)
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test("status --watch ends with its reader, also when nothing happens", arguments: [[], ["--json"]])
    func reader(_ form: [String]) async throws {
        try await World.run { world in
            let call = ["status", "--watch"] + form
            let end = try await RunningProgram.run(
                ["sh", "-c", "\"$0\" \"$@\" | head -n 1", RunningProgram.built("dementiactl")] + call,
                environment: ["DEMENTIAD_SOCKET": world.socket])
            #expect(end.status == 0 && end.output.split(separator: "\n").count == 1)
        }
    }
}

extension Ctl {
    /// The newest operation.
    fileprivate func latest() async throws -> OperationRecord {
        let list = try await world.send("GET", "/v1/operations").form(ItemList<OperationRecord>.self)
        return try #require(list.items.first)
    }

    /// The number of items in the list that is printed as a document.
    fileprivate func count(_ arguments: String...) async throws -> Int {
        struct List: Decodable {
            struct Items: Decodable { let items: [Item] }
            struct Item: Decodable {}
            let data: Items
        }
        let end = try await run(arguments + ["--json"])
        #expect(end.status == 0, "\(end.output)")
        return try ControlJSON.decode(List.self, from: Array(end.output.utf8)).data.items.count
    }
}
