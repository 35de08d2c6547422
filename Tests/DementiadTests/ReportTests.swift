// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import TestSupport
import Testing

@Suite("What dementiad once says")
struct ReportTests {
    @Test("An upgrade, told to a person")
    func upgrade() throws {
        let project = try Project()
        let result = try project.once()
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(
            normalised(result.output, project) == """
                1 memory under DIR/shop: it is safe.

                shop  DIR/shop/.claude-memory.db
                  was        4.0 (schema 1)
                  backed up  BACKUP, restored and compared
                  rehearsed  on the restored copy
                  migrated   1 base (was there), 2 rlm, 3 files, 4 embeddings; write lock held N ms
                  verified   integrity, postconditions and ledger, from a new connection
                  is         4.4 (schema 4), N KiB, nothing to do

                """)
        let second = try project.once()
        #expect(
            normalised(second.output, project) == """
                1 memory under DIR/shop: it is safe.

                shop  DIR/shop/.claude-memory.db
                  is         4.4 (schema 4), N KiB, nothing to do

                """)
    }

    @Test("A veto and a restore, told to a person")
    func restore() throws {
        let project = try Project()
        let configuration = "backup: {minFree: 0}\nverify: {command: 'test $DEMENTIAD_PHASE = rehearsal'}\n"
        let result = try project.once(configuration: configuration)
        #expect(result.status == 4)
        #expect(
            normalised(result.output, project) == """
                1 memory under DIR/shop: 1 needs attention.

                shop  DIR/shop/.claude-memory.db
                  was        4.0 (schema 1)
                  backed up  BACKUP, restored and compared
                  rehearsed  on the restored copy
                  migrated   1 base (was there), 2 rlm, 3 files, 4 embeddings; write lock held N ms
                  kept       the failed state, as backup BACKUP
                  failed     the check command vetoed the migrated memory DIR/shop/.claude-memory.db with exit status 1
                  data       restored and verified: as it was before
                  next       The old state is back, and the failed one is kept as backup BACKUP. Automation for this memory is on hold.

                """)
        let second = try project.once(configuration: configuration)
        #expect(second.status == 0)
        #expect(second.output.contains("4.0 (schema 1), on hold: automation is paused"))
    }

    @Test("Nothing found, copies, links, and a mode that only looks")
    func notes() throws {
        let project = try Project(nil)
        #expect(normalised(try project.once().output, project) == "No memory was found under DIR/shop.\n")
        try Fixture.v4_0.copy(to: project.memory)
        try copy(project.memory, to: project.memory + ".backup-1")
        #expect(try Tool.run(["ln", "-s", project.memory, project.root + "/link"]).status == 0)
        let result = try project.once(["--mode", "ask"])
        #expect(result.status == 0)
        #expect(
            normalised(result.output, project) == """
                1 memory under DIR/shop: 1 waits.

                shop  DIR/shop/.claude-memory.db
                  is         4.0 (schema 1); the upgrade to 4.4 (schema 4) waits, because the mode is ask

                Copies under other names are not guarded: DIR/shop/.claude-memory.db.backup-1

                """)
    }

    @Test("As a document: the envelope, the store and the operation with every promised field")
    func document() throws {
        let project = try Project()
        let result = try project.once(["--json"])
        #expect(result.status == 0)
        #expect(result.errors == "")
        // One document, one line.
        #expect(result.output.hasSuffix("}\n") && result.output.count(where: { $0 == "\n" }) == 1)
        let document = try JSON(result.output)
        #expect(document.keys == ["api", "kind", "data"])
        #expect(document["api"] == .number(1) && document["kind"] == .string("pass"))
        #expect(document["data"]?["items"]?.count == 1 && document["data"]?["problems"] == .array([]))
        let item = try #require(document["data"]?["items"]?[0])
        #expect(item.keys == ["store", "operation"])
        let store = try #require(item["store"])
        #expect(
            store.keys.isSuperset(of: [
                "id", "engine", "location", "project", "line", "schemaVersion", "wantedVersion", "state", "sizeBytes",
                "lastBackup",
            ]))
        #expect(store["engine"] == .string("sqlite") && store["state"] == .string("current"))
        #expect(store["location"] == .string(project.memory) && store["line"] == .string("sqlite-4"))
        let operation = try #require(item["operation"])
        #expect(
            operation.keys.isSuperset(of: [
                "id", "kind", "store", "state", "outcome", "dataState", "trigger", "actor", "startedAt", "settledAt",
                "steps", "backup",
                "findings", "result",
            ]))
        #expect(operation["kind"] == .string("migrate") && operation["state"] == .string("settled"))
        #expect(operation["outcome"] == .string("succeeded") && operation["dataState"] == .string("migratedVerified"))
        #expect(operation["store"] == store["id"])
        #expect(operation["backup"] == store["lastBackup"]?["id"])
        #expect(operation["steps"]?.count == 5)
        for field in ["kind", "state", "startedAt", "finishedAt"] { #expect(operation["steps"]?[0]?[field] != nil) }
        #expect(operation["startedAt"]?.string.flatMap { Timestamp($0) } != nil)
        #expect(operation["result"]?["applied"]?.count == 4)
    }

    @Test("An operation that failed carries its problem in full")
    func problem() throws {
        let project = try Project()
        let result = try project.once(["--json"], configuration: "backup: {minFree: 0}\nverify: {command: 'exit 3'}\n")
        #expect(result.status == 8)
        #expect(result.errors == "")
        let error = try #require(try JSON(result.output)["data"]?["items"]?[0]?["operation"]?["error"])
        #expect(
            error.keys.isSuperset(of: [
                "type", "code", "status", "title", "detail", "hint", "dataState", "retryable", "store", "operation",
                "causes",
            ]))
        #expect(error["code"] == .string("checkVetoed") && error["dataState"] == .string("untouched"))
    }

    @Test("R18: what a check command prints goes to standard error, and the document stays a document")
    func talkativeCheck() throws {
        let project = try Project()
        let result = try project.once(
            ["--json"],
            configuration: "backup: {minFree: 0}\nverify: {command: 'echo so many words; echo and more >&2'}\n")
        #expect(result.status == 0)
        #expect(try JSON(result.output)["kind"] == .string("pass"))
        #expect(result.errors == "so many words\nand more\nso many words\nand more\n")
    }

    @Test("The worst of all stores is the exit status, and the others are taken care of all the same")
    func worst() throws {
        let project = try Project()
        try Directory.create(project.root + "/a")
        try write(
            Array("no database, but long enough to be taken for one. ".utf8), to: project.root + "/a/.claude-memory.db")
        try Directory.create(project.root + "/b")
        try Fixture.v4_0Real.copy(to: project.root + "/b/.claude-memory.db")
        let result = try project.once(["--json"])
        #expect(result.status == 14)
        let items = try #require(try JSON(result.output)["data"]?["items"])
        #expect(items.count == 3)
        let outcomes = (0..<3).compactMap { items[$0]?["operation"]?["outcome"]?.string }.sorted()
        #expect(outcomes == ["failedUntouched", "succeeded", "succeeded"])
    }

    /// `text` without what differs from run to run.
    private func normalised(_ text: String, _ project: Project) -> String {
        text.replacing(project.folder.path, with: "DIR").replacing(/\d{6}_[0-9a-f]{12}/, with: "BACKUP")
            .replacing(/held \d+ ms/, with: "held N ms").replacing(/[\d.]+ KiB/, with: "N KiB")
    }
}
