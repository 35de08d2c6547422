// SPDX-License-Identifier: MIT

import LinuxKit
import TestSupport
import Testing

@Suite("What is in the vault, seen with stock tools")
struct StockToolTests {
    @Test("sha256sum, zstd and sqlite3 alone give back the memory as it was")
    func byHand() throws {
        let project = try Project(.v4_0Real)
        let before = try LogicalDump(project.memory)
        #expect(try project.once().status == 0)
        let backup = try #require(try project.backups().first)
        let sums = try Tool.run(["sh", "-c", "cd '\(backup)' && sha256sum -c SHA256SUMS"])
        #expect(sums.status == 0)
        #expect(
            sums.output == "MANIFEST.json: OK\ndata.db.zst: OK\n"
                || sums.output == "data.db.zst: OK\nMANIFEST.json: OK\n")
        // The folder's name carries the root of all checksums.
        let root = try Tool.run(["sha256sum", backup + "/SHA256SUMS"]).output.prefix(12)
        #expect(backup.hasSuffix("_s1_\(root)"))
        let target = project.folder.file("by-hand.db")
        #expect(try Tool.run(["zstd", "-q", "-d", backup + "/data.db.zst", "-o", target]).status == 0)
        #expect(try Shell.run(target, "PRAGMA integrity_check;") == ["ok"])
        #expect(try LogicalDump(target).differences(from: before) == [])
        #expect(try content(of: project.state + "/vault/RESTORE.txt").count > 200)
    }

    @Test(
        "R9: --verify-backups is 0, and 6 after one flipped byte, whichever file it is in",
        arguments: ["data.db.zst", "MANIFEST.json", "SHA256SUMS"])
    func flippedByte(file: String) throws {
        let project = try Project()
        #expect(try project.once().status == 0)
        let memory = try project.files()
        let good = try project.once(["--verify-backups", "--json"])
        #expect(good.status == 0)
        #expect(try JSON(good.output)["data"]?["items"]?[0]?["ok"] == .bool(true))
        let path = try #require(try project.backups().first) + "/" + file
        var bytes = try content(of: path)
        bytes[bytes.count / 2] ^= 1
        try write(bytes, to: path)
        let bad = try project.once(["--verify-backups", "--json"])
        #expect(bad.status == 6)
        let verdict = try #require(try JSON(bad.output)["data"]?["items"]?[0])
        #expect(verdict["ok"] == .bool(false))
        #expect(verdict["reason"]?.string?.isEmpty == false)
        let text = try project.once(["--verify-backups"])
        #expect(text.status == 6)
        #expect(text.output.contains("DAMAGED"))
        // It does nothing else.
        #expect(try project.files() == memory)
    }

    @Test("--verify-backups with no backup at all is fine")
    func empty() throws {
        let project = try Project()
        let result = try project.once(["--verify-backups"])
        #expect(result.status == 0)
        #expect(result.output == "There is no backup in the vault.\n")
    }
}
