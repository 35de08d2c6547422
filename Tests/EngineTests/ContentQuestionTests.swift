// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("Questions about what is in backups and memories")
struct ContentQuestionTests {
    private func insert(_ world: World, _ label: String, _ content: String) throws {
        try Connection(path: world.store, access: .readWrite).run(
            """
            INSERT INTO context_locks (session_id, label, version, content, content_hash, locked_at)
            VALUES ('s1', ?, '1.0', ?, 'h', 1754985844.5)
            """, [.text(label), .text(content)])
    }

    @Test("A backup has its tables and rows, whole, and the live memory has its own")
    func lookInside() async throws {
        let world = try World(.v4_0)
        try insert(world, "api", "first")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("DELETE FROM context_locks WHERE label = 'api'")
        try insert(world, "later", "second")
        let service = guarded.service
        let tables = try await service.tables(of: .backup(backup)).items
        let manifest = try await service.backup(backup).tables
        for table in manifest where table.name != "sqlite_sequence" {
            #expect(tables.first { $0.name == table.name }?.rows == table.rows, "\(table.name)")
        }
        let then = try await service.rows(of: .backup(backup), RowQuestion(label: "api"))
        #expect(then.items.map { $0["content"] } == [.text("first")] && then.state.backup == backup)
        #expect(then.columns.contains("locked_at") && then.items[0]["locked_at"] == .real(1754985844.5))
        let now = try await service.rows(of: .live(world.id), RowQuestion(label: "api"))
        #expect(now.items.isEmpty && now.state.backup == nil)
        #expect(
            try await service.rows(of: .live(world.id), RowQuestion(table: "contexts")).items.contains {
                $0["label"] == .text("later")
            })
        await guarded.stop()
    }

    @Test("Pages of a live memory are all of one moment, whatever is written between them")
    func pages() async throws {
        let world = try World(.v4_0)
        try world.change("DELETE FROM context_locks")
        for number in 0..<25 { try insert(world, "c\(number)", "x\(number)") }
        let guarded = try await Guarded(world)
        var question = RowQuestion(table: "context_locks", page: Page(limit: 10))
        var labels: [CellForm] = []
        while true {
            let page = try await guarded.service.rows(of: .live(world.id), question)
            labels += page.items.map { $0["label"] }
            try world.change("DELETE FROM context_locks WHERE label = 'c3'")
            guard let next = page.next else { break }
            question.page = Page(limit: 10, after: next)
        }
        #expect(labels == (0..<25).reversed().map { .text("c\($0)") })
        await #expect {
            try await guarded.service.rows(
                of: .live(world.id), RowQuestion(table: "context_locks", page: Page(after: "77.0")))
        } throws: { ($0 as? GuardError)?.code == .notFound }
        await #expect {
            try await guarded.service.rows(
                of: .live(world.id), RowQuestion(table: "context_locks", page: Page(after: "a'b")))
        } throws: { ($0 as? GuardError)?.code == .usage }
        await guarded.stop()
    }

    @Test("A long value is cut when that was asked for, and a blob and text that is not UTF-8 are told as bytes")
    func values() async throws {
        let world = try World(.v4_0)
        try world.change(
            "CREATE TABLE odd (a, b, c, d); INSERT INTO odd VALUES (x'00ff', CAST(x'41e9' AS TEXT), 'aéiou', 9e999)")
        let guarded = try await Guarded(world)
        let row = try #require(
            try await guarded.service.rows(of: .live(world.id), RowQuestion(table: "odd", cut: 3)).items.first)
        #expect(row["a"] == .other(.init(.blob, bytes: 2, hex: "00ff")))
        #expect(row["b"] == .other(.init(.text, bytes: 2, hex: "41e9")))
        #expect(row["c"] == .other(.init(.text, bytes: 6, text: "aéi", isCut: true)))
        #expect(row["d"] == .other(.init(.real, bytes: 8, text: "inf")))
        await guarded.stop()
    }

    @Test("What is not there is not found: a table, a backup, a memory")
    func missing() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let unknown = BackupID(sequence: 9, root: "000000000000")
        func isMissing(_ body: () async throws -> Void) async {
            await #expect { try await body() } throws: { ($0 as? GuardError)?.code == .notFound }
        }
        await isMissing { _ = try await guarded.service.rows(of: .live(world.id), RowQuestion(table: "nope")) }
        await isMissing { _ = try await guarded.service.tables(of: .backup(unknown)) }
        await isMissing {
            _ = try await guarded.service.tables(of: .live(StoreLocation(engine: .sqlite, name: "/x").id))
        }
        await guarded.stop()
    }

    @Test("A difference tells what the application did since a backup, also across an upgrade")
    func difference() async throws {
        let world = try World(.v4_0)
        try insert(world, "keep", "same")
        try insert(world, "edit", "before")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        #expect(try await !guarded.service.difference(from: .backup(backup), to: .live(world.id)).differs)
        #expect(try await guarded.run(.migrate).outcome == .succeeded)
        try world.change("UPDATE context_locks SET content = 'after' WHERE label = 'edit'")
        try insert(world, "new", "x")
        let form = try await guarded.service.difference(from: .backup(backup), to: .live(world.id))
        let contexts = try #require(form.tables.first { $0.name == "context_locks" })
        #expect(contexts.added == 1 && contexts.removed == 0 && contexts.changed == 1)
        #expect(contexts.columnsAdded.contains("preview") && contexts.columnsDropped.isEmpty)
        #expect(form.tables.contains { $0.name == "context_archives" && $0.change == .added })
        #expect(!form.tables.contains { $0.name.hasPrefix("schema_migration") })
        let rows = try await guarded.service.differentRows(
            from: .backup(backup), to: .live(world.id), RowQuestion(table: "context_locks", page: Page(limit: 1)))
        #expect(rows.items.count == 1 && rows.next != nil)
        let rest = try await guarded.service.differentRows(
            from: .backup(backup), to: .live(world.id),
            RowQuestion(table: "context_locks", page: Page(limit: 10, after: rows.next)))
        let changed = try #require((rows.items + rest.items).first { $0.change == .changed })
        #expect(changed.identity["label"] == .text("edit"))
        #expect(changed.before == ["content": .text("before")] && changed.after == ["content": .text("after")])
        await guarded.stop()
    }

    @Test("Copies are shared, go when they are idle, and the oldest go when all outgrow the budget")
    func copies() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let tools = try world.tools(world.state)
        var backups: [BackupID] = []
        for number in 0..<3 {
            try insert(world, "c\(number)", "x")
            backups.append(try #require(try await guarded.run(.backup).backup))
        }
        let folder = world.state + "/scratch/contents"
        let size = try FileStatus(of: world.store).size
        let copies = try StateCopies(
            in: world.state + "/scratch", limits: .init(idle: .seconds(3600), budget: size * 2 + 4096))
        let first = try await copies.prepare(tools.vault.entry(backups[0]), with: tools)
        #expect(try await copies.prepare(tools.vault.entry(backups[0]), with: tools) == first)
        #expect(try Directory.entries(folder).count == 1)
        for id in backups.dropFirst() { _ = try await copies.prepare(tools.vault.entry(id), with: tools) }
        #expect(try Directory.entries(folder).count == 2)
        await #expect(throws: GuardError.self) { try await copies.read(first) { _ in } }
        let brief = try StateCopies(in: world.folder.folder("other"), limits: .init(idle: .zero))
        _ = try await brief.prepare(tools.vault.entry(backups[0]), with: tools)
        _ = try await brief.prepare(tools.vault.entry(backups[1]), with: tools)
        #expect(try Directory.entries(world.folder.file("other") + "/contents").count <= 1)
        await guarded.stop()
    }

    // MARK: Search and timeline

    @Test(
        "Words are found in backups and in the memory, with the states in which they stood",
        arguments: [
            "needs a token", "NEEDS A TOKEN", "Straße", "STRASSE", "日本", "é", "%_\"'*",
        ])
    func search(_ words: String) async throws {
        let world = try World(.v4_0)
        try world.change("DELETE FROM context_locks")
        let text = "x needs a token; Straße 日本 é %_\"'* y"
        try insert(world, "gone", text)
        let guarded = try await Guarded(world)
        let first = try #require(try await guarded.run(.backup).backup)
        try insert(world, "later", text)
        let second = try #require(try await guarded.run(.backup).backup)
        try world.change("DELETE FROM context_locks WHERE label = 'gone'")
        let third = try #require(try await guarded.run(.backup).backup)
        try insert(world, "live", text)
        let found = try await guarded.service.search(SearchQuestion(words: words))
        #expect(found.items.map(\.label) == ["live", "later", "gone"])
        #expect(found.items.map(\.isLive) == [true, true, false])
        #expect(found.items[2].first.backup == first && found.items[2].last.backup == second)
        #expect(
            found.items[1].first.backup == second && found.items[1].last.backup == nil && found.items[1].states == 3)
        #expect(found.backups == 3 && found.live == 1 && !found.isCut)
        let inBackups = try await guarded.service.search(SearchQuestion(words: words, scope: .backups))
        #expect(inBackups.items.map(\.label) == ["later", "gone"] && inBackups.items[0].last.backup == third)
        #expect(inBackups.items[0].isLive == nil)
        #expect(try await guarded.service.search(SearchQuestion(words: words, limit: 1)).isCut)
        await guarded.stop()
    }

    @Test("The index holds each text once, forgets pruned backups, is owner-only, and is made anew when it is damaged")
    func index() async throws {
        var world = try World(.v4_0)
        world.keep(last: 1)
        try insert(world, "one", "wanted words")
        let guarded = try await Guarded(world)
        for number in 0..<3 {
            try insert(world, "more\(number)", "other")
            _ = try await guarded.run(.backup)
        }
        let question = SearchQuestion(words: "wanted words", scope: .backups)
        #expect(try await guarded.service.search(question).items.first?.states == 3)
        let path = world.state + "/search/index.db"
        #expect(try FileStatus(of: path).mode & 0o777 == 0o600)
        let texts = try Connection(path: path, access: .readWrite).integer(
            "SELECT count(*) FROM texts WHERE label = 'one'")
        #expect(texts == 1)
        let prune = try await guarded.service.start(
            OperationRequest(kind: .prune), key: nil, for: Caller(uid: 1000, pid: 1))
        #expect(try await guarded.service.operation(prune.id, waiting: Patience.limit).outcome == .succeeded)
        #expect(try await guarded.service.search(question).items.first?.states == 1)
        await guarded.stop()
        try write(Array("no database".utf8), to: path)
        let again = try await Guarded(world)
        #expect(try await again.service.search(question).items.first?.states == 1)
        await again.stop()
    }

    @Test("The timeline says what led from each state to the next, and what became of a context")
    func timeline() async throws {
        let world = try World(.v4_0)
        try insert(world, "api", "one")
        let guarded = try await Guarded(world)
        let first = try #require(try await guarded.run(.backup).backup)
        try world.change("UPDATE context_locks SET content = 'two' WHERE label = 'api'")
        let second = try #require(try await guarded.run(.backup).backup)
        let migration = try await guarded.run(.migrate)
        try world.change("DELETE FROM context_locks WHERE label = 'api'")
        let line = try await guarded.service.states(of: world.id, label: "api")
        #expect(line.notRead == [])
        #expect(line.items.first?.state.backup == nil && line.items.first?.cause == .operation)
        #expect(line.items.first?.operation == migration.id && line.items.last?.cause == .first)
        let changes = line.items.filter { !$0.contexts.isEmpty }.map { ($0.state.backup, $0.contexts.map(\.change)) }
        #expect(changes.map(\.0) == [nil, second, first])
        #expect(changes.map(\.1) == [[.removed], [.changed], [.added]])
        #expect(line.items.contains { $0.state.backup == second && $0.cause == .application })
        await guarded.stop()
    }
}
