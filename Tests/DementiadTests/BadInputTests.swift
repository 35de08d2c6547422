// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

/// Something that stands where a memory should be.
struct BadInput: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let exit: Int32
    let code: String
    /// What the sentence has to say.
    let words: String
    let make: @Sendable (String) throws -> Void

    static let all = [
        BadInput(testDescription: "not a database", exit: 14, code: "notADatabase", words: "not a SQLite database") {
            try write(Array(repeating: UInt8(ascii: "x"), count: 5000), to: $0)
        },
        BadInput(testDescription: "cut off in the header", exit: 14, code: "damaged", words: "is damaged") {
            try write(Array(content(of: Fixture.v4_0.path).prefix(60)), to: $0)
        },
        BadInput(testDescription: "cut in half", exit: 14, code: "damaged", words: "is damaged") {
            let bytes = try content(of: Fixture.v4_0Real.path)
            try write(Array(bytes.prefix(bytes.count / 2)), to: $0)
        },
        BadInput(testDescription: "with a page of noise", exit: 14, code: "damaged", words: "is damaged") {
            var bytes = try content(of: Fixture.v4_0.path)
            for index in 8192..<12288 { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
            try write(bytes, to: $0)
        },
        BadInput(testDescription: "zero bytes", exit: 14, code: "foreignSchema", words: "holds no table") {
            try write([], to: $0)
        },
        BadInput(testDescription: "a directory of that name", exit: 14, code: "notADatabase", words: "is not a file") {
            try Directory.create($0)
        },
        BadInput(testDescription: "a pipe of that name", exit: 14, code: "notADatabase", words: "is not a file") {
            _ = mkfifo($0, 0o600)
        },
        BadInput(
            testDescription: "somebody else's tables", exit: 14, code: "foreignSchema", words: "none of Dementia's"
        ) {
            try Shell.run($0, "CREATE TABLE recipes (id INTEGER PRIMARY KEY, title TEXT);")
        },
        BadInput(testDescription: "somebody else's ledger", exit: 14, code: "foreignLedger", words: "another tool") {
            try Fixture.v4_0.copy(to: $0)
            try Shell.run($0, "CREATE TABLE schema_migrations (version TEXT PRIMARY KEY);")
        },
        BadInput(
            testDescription: "a ledger from the future", exit: 14, code: "newerVersion",
            words: "migration 999 (hologram)"
        ) {
            try Fixture.v4_0.copy(to: $0)
            try Shell.run(
                $0,
                """
                CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT, applied_at TEXT, success BOOLEAN, error_message TEXT);
                INSERT INTO schema_migrations VALUES (999, 'hologram', 'tomorrow', 1, NULL);
                """)
        },
        BadInput(
            testDescription: "a ledger that the schema belies", exit: 14, code: "drift", words: "migration 2 (rlm)"
        ) {
            try Fixture.v4_0.copy(to: $0)
            try Shell.run(
                $0,
                """
                CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT, applied_at TEXT, success BOOLEAN, error_message TEXT);
                INSERT INTO schema_migrations VALUES (2, 'rlm', 'yesterday', 1, NULL);
                """)
        },
    ]
}

@Suite("Bad input")
struct BadInputTests {
    @Test(
        "It gets its code and a sentence that names it, and nothing is changed, made or removed beside it",
        arguments: BadInput.all)
    func refused(_ input: BadInput) throws {
        let project = try Project(nil)
        try input.make(project.memory)
        let (files, names) = (try project.files(), try Directory.entries(project.root))
        let result = try project.once(["--json"])
        #expect(result.status == input.exit, "\(result.output)\(result.errors)")
        let item = try #require(try JSON(result.output)["data"]?["items"]?[0])
        let error = try #require(item["operation"]?["error"], "\(result.output)")
        #expect(error["code"] == .string(input.code), "\(error)")
        let detail = error["detail"]?.string ?? ""
        #expect(detail.contains(project.memory) && detail.contains(input.words), "\(detail)")
        #expect(error["hint"]?.string?.isEmpty == false)
        #expect(item["operation"]?["dataState"] == .string("untouched"))
        #expect(try project.files() == files)
        #expect(try Directory.entries(project.root) == names)
        // And told to a person.
        let text = try project.once()
        #expect(text.status == input.exit)
        #expect(text.output.contains(input.words) && text.output.contains("untouched: as it was before"))
        #expect(text.errors == "")
    }

    @Test("A file that its user may not read")
    func noPermission() throws {
        let project = try Project()
        let user: UInt32? = geteuid() == 0 ? 65_534 : nil
        if user != nil {
            guard try mayRun(as: 65_534) else { return }
            chmod(project.folder.path, 0o777)
            chmod(project.root, 0o777)
        }
        chmod(project.memory, user == nil ? 0 : 0o600)
        let result = try project.once(["--json"], user: user)
        #expect(result.status == 12, "\(result.output)\(result.errors)")
        let error = try JSON(result.output)["data"]?["items"]?[0]?["operation"]?["error"]
        #expect(error?["code"] == .string("permissionDenied"))
    }

    @Test("A folder that its user may not write: SQLite could not work there")
    func folderWithoutPermission() throws {
        let project = try Project()
        let user: UInt32? = geteuid() == 0 ? 65_534 : nil
        if user != nil {
            guard try mayRun(as: 65_534) else { return }
            chmod(project.folder.path, 0o777)
            chmod(project.memory, 0o666)
        }
        chmod(project.root, 0o555)
        defer { chmod(project.root, 0o755) }
        let before = try project.files()
        let result = try project.once(["--json"], user: user)
        #expect(result.status == 12, "\(result.output)\(result.errors)")
        #expect(try project.files() == before)
    }

    @Test("A read-only filesystem", .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a filesystem"))
    func readOnly() throws {
        let disk = try SmallFilesystem(kilobytes: 2000)
        let project = try Project(.v4_0, in: disk.path)
        let before = try project.files()
        try disk.makeReadOnly()
        let result = try project.once(["--json"])
        #expect(result.status == 12, "\(result.output)\(result.errors)")
        let error = try JSON(result.output)["data"]?["items"]?[0]?["operation"]?["error"]
        #expect(error?["code"] == .string("readOnlyStore"))
        #expect(try project.files() == before)
        #expect(try project.backups() == [])
    }

    @Test("No space for a backup", .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a filesystem"))
    func noSpace() throws {
        let disk = try SmallFilesystem(kilobytes: 2000)
        let project = try Project()
        let before = try project.files()
        let result = try Daemon(["once", "--json", "--watch", project.root, "--state-dir", disk.path + "/state"]).run()
        #expect(result.status == 7, "\(result.output)\(result.errors)")
        let error = try JSON(result.output)["data"]?["items"]?[0]?["operation"]?["error"]
        #expect(error?["code"] == .string("noSpace"))
        #expect(try project.files() == before)
    }

    @Test(
        "No block at all for the state directory",
        .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a filesystem"))
    func noBlock() throws {
        let disk = try SmallFilesystem(kilobytes: 500)
        disk.fill()
        let project = try Project()
        let before = try project.files()
        let result = try Daemon(["once", "--json", "--watch", project.root, "--state-dir", disk.path + "/state"]).run()
        #expect(result.status == 7, "\(result.output)\(result.errors)")
        #expect(try JSON(result.output)["kind"] == .string("error"))
        #expect(try project.files() == before)
    }

    @Test("P10: a memory that somebody keeps locked: 30 seconds, and then the pid of who does")
    func busy() throws {
        let project = try Project()
        let before = try LogicalDump(project.memory)
        let other = try Shell(project.memory)
        other.run("BEGIN IMMEDIATE; DELETE FROM memory_entries;")
        let start = ContinuousClock.now
        let result = try project.once(["--json"])
        #expect(result.status == 11, "\(result.output)\(result.errors)")
        #expect(ContinuousClock.now - start > .seconds(28))
        let operation = try JSON(result.output)["data"]?["items"]?[0]?["operation"]
        #expect(operation?["outcome"] == .string("busy"))
        #expect(operation?["error"]?["detail"]?.string?.contains("pid \(other.pid)") == true)
        #expect(operation?["error"]?["retryable"] == .bool(true))
        other.run("ROLLBACK;")
        other.quit()
        #expect(try LogicalDump(project.memory).differences(from: before) == [])
    }

    @Test("A hot WAL: rows that are only in it are in the backup and in the result")
    func hotWAL() throws {
        let project = try Project(.v4_4HotWAL)
        let before = try LogicalDump(Fixture.v4_4HotWAL.copy(to: project.folder.file("copy.db")))
        let result = try project.once(["--json"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let after = try LogicalDump(project.memory)
        for (table, rows) in before.tables { #expect(after.tables[table]?.count == rows.count, "\(table)") }
    }

    @Test("A hot journal: what a crashed writer had begun is taken back, and everything else is migrated")
    func hotJournal() throws {
        let project = try Project()
        try Shell.run(project.memory, "PRAGMA journal_mode = delete;")
        let before = try LogicalDump(project.memory)
        let writer = try Shell(project.memory)
        writer.run(
            "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE context_locks SET content = 'lost'; DELETE FROM memory_entries;"
        )
        writer.kill()
        try #require(FileStatus.ifPresent(project.memory + "-journal") != nil)
        let result = try project.once(["--json"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let after = try LogicalDump(project.memory)
        #expect(after.tables["memory_entries"] == before.tables["memory_entries"])
        #expect(after.values("context_locks", "content") == before.values("context_locks", "content"))
        #expect(try FileStatus.ifPresent(project.memory + "-journal") == nil)
    }

    /// Whether the built program can be reached by that user; otherwise the test has nothing to say.
    private func mayRun(as user: UInt32) throws -> Bool {
        let result = try Tool.run([
            "setpriv", "--reuid=\(user)", "--clear-groups", "test", "-x", Place.built("dementiad"),
        ])
        if result.status != 0 { print("skipped: the user \(user) cannot reach \(try Place.built("dementiad"))") }
        return result.status == 0
    }
}
