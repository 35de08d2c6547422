// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import Testing

@testable import Vault

@Suite("Stock tools read a vault")
struct StockToolTests {
    @Test("sha256sum checks every file, and the root at the end of the folder's name")
    func sha256sum() throws {
        let vault = try Vault(try TemporaryFolder())
        let entry = try vault.backUp(sample(300_000))
        let check = try shell("cd '\(entry.path)' && sha256sum -c SHA256SUMS")
        #expect(check.status == 0 && check.output == "MANIFEST.json: OK\ndata.db.zst: OK\n")
        let root = try shell("cd '\(entry.path)' && sha256sum SHA256SUMS | cut -c1-12")
        #expect(root.output == entry.id.root + "\n" && entry.path.hasSuffix("_" + entry.id.root))
        #expect(try Directory.entries(entry.path) == ["MANIFEST.json", "SHA256SUMS", "data.db.zst"])
    }

    @Test("zstd decodes a payload to the byte, written with any number of workers", arguments: [0, 2])
    func zstd(workers: Int) throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let bytes = sample(5_000_000)
        var staging = try vault.stage(
            for: shop, PayloadOptions(.sqliteDatabase, rawBytes: Int64(bytes.count), workers: workers))
        try bytes.withUnsafeBytes { try staging.write($0) }
        try staging.finishPayload()
        try staging.readBack()
        let entry = try staging.publish(draft())
        let decoded = try shell("cd '\(entry.path)' && zstd -q -d data.db.zst -o '\(folder.path)/y.db'")
        #expect(decoded.status == 0 && decoded.output == "")
        #expect(try OpenFile.content(of: folder.path + "/y.db") == bytes)
        // One frame, its length and its checksum in it.
        let facts = try shell("cd '\(entry.path)' && zstd -lv data.db.zst").output
        #expect(facts.contains("5000000 B"))
        #expect(facts.contains("Check: XXH64"))
        #expect(facts.contains("# Zstandard Frames: 1\n"))
    }

    @Test("A SQLite database comes back whole, and a dump streams out as text")
    func content() throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let made = try shell(
            "sqlite3 '\(folder.path)/x.db' 'CREATE TABLE memories(id INTEGER PRIMARY KEY, t); INSERT INTO memories(t) VALUES(1),(2);'"
        )
        #expect(made.status == 0)
        let database = try vault.backUp(try OpenFile.content(of: folder.path + "/x.db"))
        let answer = try shell(
            """
            cd '\(folder.path)' && zstd -q -d '\(database.path)/data.db.zst' -o y.db
            sqlite3 y.db 'PRAGMA integrity_check; SELECT count(*) FROM memories'
            """)
        #expect(answer.output == "ok\n2\n")
        let dump = try vault.backUp(Array("BEGIN;\nCOMMIT;\n".utf8), kind: .sqlDump)
        #expect(try shell("zstd -dc '\(dump.path)/dump.sql.zst'").output == "BEGIN;\nCOMMIT;\n")
    }

    @Test("An exported folder is complete by itself, and is not there when the payload is bad")
    func export() throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let entry = try vault.backUp(sample(100_000))
        try vault.export(entry, toFolder: folder.path + "/exported")
        #expect(try shell("cd '\(folder.path)/exported' && sha256sum -c --quiet SHA256SUMS").status == 0)
        #expect(try FileStatus(of: folder.path + "/exported/RESTORE.txt").size > 1000)
        #expect(throws: VaultError.alreadyExists(path: folder.path + "/exported")) {
            try vault.export(entry, toFolder: folder.path + "/exported")
        }
        #expect(
            try shell(
                "cd '\(entry.path)' && chmod u+w data.db.zst && printf XX | dd of=data.db.zst bs=1 seek=99 conv=notrunc"
            ).status == 0)
        #expect(throws: VaultError.self) { try vault.export(entry, toFolder: folder.path + "/again") }
        #expect(try FileStatus.ifPresent(folder.path + "/again") == nil)
    }

    @Test("The vault explains itself, and says which folder is whose")
    func page() throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let entry = try vault.backUp(sample(100))
        #expect(try shell("cat '\(vault.path)/FORMAT'").output == "dementiad-vault 1\n")
        #expect(try shell("cat '\(vault.path)/RESTORE.txt'").output == RestoreGuide.text)
        #expect(try shell("cat '\(Directory.parent(of: entry.path))/store.json'").output.contains(shop.name))
        #expect(RestoreGuide.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
