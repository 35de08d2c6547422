// SPDX-License-Identifier: MIT

import GuardCore
import HashKit
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Transfer

/// Values that are too long to be held.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct LargeValueTests {
    @Test("Case 44: a text of 300 MB moves, is read back by its digest, and is never held as a whole")
    func huge() throws {
        let world = try TransferWorld()
        // Made by SQL, so that the process of the test never holds it either but here.
        try world.change(
            """
            PRAGMA ignore_check_constraints = ON;
            INSERT INTO context_locks (session_id, label, version, content, content_hash)
            SELECT id, 'huge', '1.0', replace(printf('%.100000000c', 'x'), 'x', '日'), 'h' FROM sessions LIMIT 1
            """)
        let job = try world.job(digest: "huge")
        let before = try peak(reset: true)
        let report = try job.run()
        let growth = try peak(reset: false) - before
        #expect(report[table: "context_locks"]?.loaded == 8 && report.isComplete)
        // Other tests are at work in this process too; held once it would be 300.
        #expect(growth < 150 << 20, "\(growth >> 20) MiB")
        #expect(
            try world.ask(
                "SELECT octet_length(content), length(content), left(content, 2) FROM context_locks WHERE label = 'huge'"
            )
                == ["300000000|100000000|日日"])
        #expect(
            try world.ask(
                "SELECT count(*) FROM context_locks WHERE label = 'huge' AND content = repeat('日', 100000000)") == ["1"]
        )
    }

    /// The most memory that this process had at once, in bytes.
    private func peak(reset: Bool) throws -> Int {
        if reset { try write(over: "/proc/self/clear_refs", "5") }
        let status = try String(decoding: OpenFile.content(of: "/proc/self/status", limit: 1 << 20), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }

    private func write(over path: String, _ text: String) throws {
        #expect(try Tool.run(["sh", "-c", "echo \(text) > /proc/$PPID/clear_refs"]).status == 0)
    }

    @Test(
        "Cases 27 and 28: a long text with NULs and bytes that are no text arrives without them, and its original is kept to the byte"
    )
    func mended() throws {
        let world = try TransferWorld(.v4_4)
        // Three bytes a character: some stand across every border of a piece.
        let good = Array(String(repeating: "日本語 ñ é ", count: 550_000).utf8)
        var text = good
        text[1_000_000] = 0
        text.insert(contentsOf: [0xff, 0xc3], at: text.count - 5)
        let blob = [UInt8](repeating: 0x80, count: 9_000_000)
        try world.change("PRAGMA ignore_check_constraints = ON; CREATE TABLE workspace_x (a TEXT, b INTEGER, c BLOB)")
        try world.change("INSERT INTO workspace_x VALUES (?, ?, ?)", [.text(text), .text(good), .blob(blob)])
        let report = try world.transfer()
        let line = try #require(report[table: "workspace_x"])
        #expect(line.loaded == 1 && line.normalized == 2 && line.rejected == 0)
        let mended = String(decoding: text.filter { $0 != 0 }, as: UTF8.self)
        #expect(
            try world.ask(
                "SELECT encode(sha256(convert_to(a, 'UTF8')), 'hex'), b, encode(sha256(c), 'hex') FROM workspace_x")
                == ["\(SHA256.digest(of: mended))||\(SHA256.digest(of: blob))"])
        #expect(
            try world.ask(
                "SELECT \"column\", storage_class, encode(sha256(bytes), 'hex') FROM dementia_kept_values WHERE source_table = 'workspace_x' ORDER BY 1"
            )
                == ["a|text|\(SHA256.digest(of: text))", "b|text|\(SHA256.digest(of: good))"])
    }

    @Test("a row that does not arrive is kept with its long values, and one that loses its key too")
    func refused() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE copy AS SELECT * FROM file_tags; DROP TABLE file_tags; CREATE TABLE file_tags AS SELECT * FROM copy;
                DROP TABLE copy; DELETE FROM file_tags
                """)
        let long = [UInt8](repeating: UInt8(ascii: "c"), count: 9_000_000)
        let insert = "INSERT INTO file_tags (id, path, tag, comment) VALUES (?, ?, ?, ?)"
        try world.change(insert, [.integer(1), .text("p"), .null, .text(long)])
        try world.change(insert, [.integer(2), .text("p"), .text("t"), .text(long)])
        try world.change(insert, [.integer(3), .text("p"), .text("t"), .text(long)])
        try world.change(insert, [.integer(4), .text(long), .text("t"), .null])
        let report = try world.transfer()
        let line = try #require(report[table: "file_tags"])
        #expect(line.read == 4 && line.loaded == 1 && line.kept == 1 && line.rejected == 2)
        let digest = "\(SHA256.digest(of: long))"
        #expect(
            try world.ask("SELECT encode(sha256(convert_to(comment, 'UTF8')), 'hex') FROM dementia_kept_file_tags") == [
                digest
            ])
        #expect(
            try world.ask(
                """
                SELECT source_rowid, "column", encode(sha256(bytes), 'hex') FROM dementia_kept_values
                WHERE row_fate = 'rejected' AND octet_length(bytes) > 1000 ORDER BY 1
                """) == ["1|comment|\(digest)", "4|path|\(digest)"])
    }
}
