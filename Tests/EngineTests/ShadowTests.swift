// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import HashKit
import Journal
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("The shadow guard")
struct ShadowTests {
    @Test(
        "An application that migrated by itself: what it gained, lost and changed is told per table, and nothing is restored"
    )
    func migratedByOthers() async throws {
        let tended = try Tended(try World(.v4_0Real))
        let backup = try await tended.backUp()
        let before = try #require(try tended.world.backups().first { $0.id == backup })
        try tended.world.change(
            """
            ALTER TABLE memory_entries ADD COLUMN mood TEXT DEFAULT 'calm';
            INSERT INTO memory_entries (category, content, timestamp) VALUES ('new', 'row', 2), ('new', 'row', 2);
            UPDATE memory_entries SET category = category || '!' WHERE id = (SELECT min(id) FROM memory_entries);
            DELETE FROM memory_entries WHERE content = 'more';
            CREATE TABLE moods (id INTEGER PRIMARY KEY, name TEXT);
            INSERT INTO moods (name) VALUES ('calm');
            """)
        let now = try tended.world.contents()
        let record = try await tended.maintenance.compareAfterShadowMigration(tended.world.location, since: before)
        #expect(record.outcome == .succeeded && record.kind == .verify && record.trigger == "shadow")
        #expect(record.backup == backup && record.dataState == .untouched)
        let told = record.findings.map(\.message)
        #expect(told.contains("memory_entries: 2 gained, 1 lost, 1 changed"), "\(told)")
        #expect(told.contains("moods: is new, with 1 rows"), "\(told)")
        #expect(
            record.findings.filter { $0.code == "changedByOthers" }.compactMap(\.table) == ["memory_entries", "moods"])
        #expect(record.findings.last?.code == "restoreOffered")
        #expect(told.last?.contains("dementiactl restore \(backup)") == true)
        #expect(try tended.world.contents() == now)
        #expect(try tended.world.leftovers() == [])
    }

    @Test("A migration that only adds is told as one that lost nothing")
    func additive() async throws {
        let tended = try Tended(try World())
        let backup = try await tended.backUp()
        let before = try tended.tools.vault.entry(backup)
        try tended.world.change("ALTER TABLE context_locks ADD COLUMN mood TEXT DEFAULT 'calm'")
        let record = try await tended.maintenance.compareAfterShadowMigration(tended.world.location, since: before)
        #expect(record.findings.map(\.code) == ["nothingLost"])
    }

    @Test(
        "The backup to compare with is the newest proved one of the version before, and none when the change was ours")
    func whichBackup() async throws {
        let tended = try Tended(try World())
        let look = tended.now
        let id = tended.world.id
        let version = try #require(
            try await StoreExaminer(tools: tended.tools).examine(tended.world.location).form.schemaVersion)
        #expect(try await tended.maintenance.backupBeforeShadowMigration(of: id, leaving: version, since: look) == nil)
        let first = try await tended.backUp()
        let second = try await tended.backUp()
        func found() async throws -> BackupID? {
            try await tended.maintenance.backupBeforeShadowMigration(of: id, leaving: version, since: look)?.id
        }
        #expect(try await found() == second)
        #expect(try await tended.maintenance.backupBeforeShadowMigration(of: id, leaving: version)?.id == second)
        #expect(try await tended.maintenance.backupBeforeShadowMigration(of: id, leaving: version + 1) == nil)
        try await tended.journal.record(ProofRecord(backup: second, at: tended.now, succeeded: false, seconds: 0))
        #expect(try await found() == first)
        #expect(try await tended.world.pass().operation?.outcome == .succeeded)
        #expect(try await found() == nil)
        #expect(try await tended.maintenance.backupBeforeShadowMigration(of: id, leaving: version) == nil)
        // What comes after ours and a backup of it is somebody else's again.
        let later = try Tended(tended.world)
        let third = try await later.backUp()
        let head = try #require(try tended.world.backups().first).manifest.schemaVersion
        #expect(try await later.maintenance.backupBeforeShadowMigration(of: id, leaving: head)?.id == third)
    }

    @Test("Where only digests can be compared, rows are counted, and a column that was added is no other value")
    func byDigests() {
        func content(_ definition: String, rows: Int64, sum: String, also: [TableDigest] = []) -> StoreDigest {
            StoreDigest(
                objects: [SchemaObject(type: "TABLE", name: "notes", table: "notes", definition: definition)],
                tables: [TableDigest(name: "notes", rows: rows, rowSum: sum)] + also)
        }
        let old = content("(a)", rows: 3, sum: "1", also: [TableDigest(name: "old", rows: 2, rowSum: "7")])
        func told(_ new: StoreDigest) -> [String] { ShadowComparison(from: old, to: new).findings.map(\.message) }
        let gone = "old: is gone, with its 2 rows"
        #expect(told(content("(a)", rows: 3, sum: "1")) == [gone])
        #expect(
            told(content("(a)", rows: 3, sum: "2")) == [
                "notes: as many rows as before, and other values in some of them", gone,
            ])
        #expect(told(content("(a)", rows: 4, sum: "2")) == ["notes: 1 more, 0 fewer rows", gone])
        #expect(
            told(content("(a, b)", rows: 3, sum: "2")) == [
                "notes: as many rows as before; its columns are others now, so values cannot be compared", gone,
            ])
        let kept = content("(a)", rows: 3, sum: "1")
        #expect(!ShadowComparison(from: kept, to: content("(a)", rows: 4, sum: "2")).hasLosses)
        #expect(ShadowComparison(from: kept, to: content("(a)", rows: 2, sum: "2")).hasLosses)
        #expect(ShadowComparison(from: kept, to: content("(a)", rows: 3, sum: "2")).hasLosses)
    }
}
