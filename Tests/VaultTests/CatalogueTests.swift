// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import Testing

@testable import Vault

@Suite("The catalogue is the directory")
struct CatalogueTests {
    private func flip(_ path: String, byte: Int) throws {
        var bytes = try OpenFile.content(of: path)
        bytes[byte] ^= 1
        try Directory.unlink(path)
        let file = try OpenFile.creating(path, mode: 0o400)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.close()
    }

    @Test(
        "A vault that others could write is closed to them, also behind a link; another program's directory is left as it is"
    )
    func openToOthers() throws {
        let folder = try TemporaryFolder()
        let disk = folder.path + "/disk"
        try Directory.create(disk)
        try #require(chmod(disk, 0o777) == 0 && symlink(disk, folder.path + "/vault") == 0)
        let vault = try Vault(folder)
        #expect(vault.path == disk)
        #expect(try FileStatus(of: disk).mode == 0o700)
        try #require(chmod(disk, 0o775) == 0)
        _ = try Vault(folder)
        #expect(try FileStatus(of: disk).mode == 0o700)
        let others = try TemporaryFolder()
        let shared = others.path + "/vault"
        try Directory.create(shared)
        try #require(try shell("touch '\(shared)/letter' && chmod 777 '\(shared)'").status == 0)
        #expect(throws: VaultError.self) { try Vault(others) }
        #expect(try FileStatus(of: shared).mode == 0o777)
    }

    @Test(
        "store.json is for people: edited, it changes nothing of what is listed, and the next backup goes where the last one went"
    )
    func editedCard() throws {
        let vault = try Vault(TemporaryFolder())
        let entry = try vault.backUp(sample(5000))
        let card = Directory.parent(of: entry.path) + "/store.json"
        try #require(
            try shell("chmod u+w '\(card)' && echo '{\"id\":\"\(other.id)\",\"location\":\"/etc/passwd\"}' >'\(card)'")
                .status == 0)
        #expect(try vault.entry(entry.id) == entry)
        let next = try vault.backUp(sample(5000, seed: 2))
        #expect(Directory.parent(of: next.path) == Directory.parent(of: entry.path))
        #expect(next.manifest.store.location == shop.name)
        #expect(try vault.newest(of: other.id) == nil)
    }

    @Test(
        "A manifest that contradicts itself is damaged, although every checksum is right",
        arguments: [
            ("/home/me/src/shop/.claude-memory.db", "/home/me/src/other/.claude-memory.db"),
            ("\"rows\" : 3", "\"rows\" : -9223372036854775808"), ("\"rows\" : 3", "\"rows\" : 9223372036854775807"),
            ("\"rawBytes\" : 5000", "\"rawBytes\" : 9223372036854775807"),
            ("\"rawBytes\" : 5000", "\"rawBytes\" : -1"),
            ("\"foreignKeyViolations\" : 0", "\"foreignKeyViolations\" : -1"),
        ])
    func forged(_ from: String, _ to: String) throws {
        let vault = try Vault(TemporaryFolder())
        let entry = try vault.backUp(sample(5000))
        let manifest = "\(entry.path)/MANIFEST.json"
        let text = String(decoding: try OpenFile.content(of: manifest), as: UTF8.self)
        try #require(text.contains(from))
        let script = """
            cd '\(entry.path)' && chmod u+w . * && cat >MANIFEST.json <<'END' && sha256sum MANIFEST.json data.db.zst >SHA256SUMS \
                && r=$(sha256sum SHA256SUMS | cut -c1-12) && cd .. && mv '\(entry.path)' '\(entry.path.dropLast(12))'$r
            \(text.replacing(from, with: to).dropLast())
            END
            """
        let end = try shell(script)
        try #require(end.status == 0, "\(end.output)")
        let listing = try #require(try vault.list().first)
        guard case .damaged(let path, _) = listing else {
            Issue.record("\(listing)")
            return
        }
        #expect(path.hasPrefix(String(entry.path.dropLast(12))))
        #expect(try vault.newest(of: shop.id) == nil)
    }

    @Test(
        "B5: a changed byte in checksums or manifest makes a backup damaged: listed, never used, the one before it is")
    func flippedByte() throws {
        let vault = try Vault(try TemporaryFolder())
        let good = try vault.backUp(sample(1000))
        for file in ["MANIFEST.json", "SHA256SUMS"] {
            let bad = try vault.backUp(sample(1000, seed: 2))
            let count = try OpenFile.content(of: "\(bad.path)/\(file)").count
            for byte in stride(from: 0, to: count, by: max(1, count / 40)) {
                try flip("\(bad.path)/\(file)", byte: byte)
                guard case .damaged(bad.path, _) = try vault.list()[0] else {
                    Issue.record("byte \(byte) of \(file) is not covered")
                    return
                }
                #expect(throws: VaultError.self) { try vault.entry(bad.id) }
                #expect(try vault.newest(of: shop.id) == good)
                try flip("\(bad.path)/\(file)", byte: byte)
            }
            #expect(try vault.list()[0] == .good(bad))
            try vault.delete(bad)
        }
    }

    @Test("A changed byte anywhere in the payload is found when it is used, and nothing is restored from it")
    func flippedPayload() throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let entry = try vault.backUp(sample(600))
        for byte in 0..<Int(entry.storedBytes) {
            try flip(entry.payloadPath, byte: byte)
            do {
                try vault.restore(entry, to: folder.path + "/restored.db")
                Issue.record("byte \(byte) is not covered")
            } catch .damaged(let path, _) {
                #expect(path == entry.payloadPath)
            }
            #expect(try FileStatus.ifPresent(folder.path + "/restored.db") == nil)
            try flip(entry.payloadPath, byte: byte)
        }
        try vault.verifyPayload(of: entry)
    }

    @Test(
        "A payload that is missing, cut or replaced by a link is seen by a listing already",
        arguments: [
            "rm PAYLOAD", "chmod u+w PAYLOAD; truncate -s 10 PAYLOAD", "mv PAYLOAD elsewhere; ln -s elsewhere PAYLOAD",
        ])
    func broken(command: String) throws {
        let vault = try Vault(try TemporaryFolder())
        let entry = try vault.backUp(sample(1000))
        let name = entry.manifest.payload.name
        let line = command.split(separator: "PAYLOAD", omittingEmptySubsequences: false).joined(separator: name)
        #expect(try shell("cd '\(entry.path)' && { \(line); }").status == 0)
        guard case .damaged(entry.path, let reason) = try vault.list()[0] else {
            Issue.record("not seen")
            return
        }
        #expect(reason.hasPrefix(name))
    }

    @Test("A folder's name is covered in every character, and a stray folder is listed as damaged")
    func names() throws {
        let vault = try Vault(try TemporaryFolder())
        let entry = try vault.backUp(sample(1000))
        let parent = Directory.parent(of: entry.path)
        let name = try #require(entry.path.split(separator: "/").last).map(String.init)
        for index in name.indices {
            var changed = name
            changed[index] = name[index] == "1" ? "2" : "1"
            try Directory.rename(noReplace: entry.path, to: "\(parent)/\(changed.joined())")
            #expect(try vault.list().allSatisfy { $0.entry == nil }, "\(changed.joined())")
            try Directory.rename(noReplace: "\(parent)/\(changed.joined())", to: entry.path)
        }
        try Directory.create(parent + "/notes")
        #expect(
            try vault.list() == [
                .good(entry), .damaged(path: parent + "/notes", reason: "its name is not a backup's"),
            ])
    }

    @Test("A backup is found by its id, its number, and the beginning of either part")
    func resolving() throws {
        let vault = try Vault(try TemporaryFolder())
        let ids = try (1...12).map { try vault.backUp(sample(100, seed: $0)).id }
        #expect(try vault.resolve(ids[4].description) == ids[4])
        #expect(try vault.resolve("5") == ids[4])
        #expect(try vault.resolve("000012") == ids[11])
        #expect(try vault.resolve(String(ids[2].root.prefix(11))) == ids[2])
        #expect(try vault.resolve("000003_") == ids[2])
        #expect(throws: VaultError.notFound("13")) { try vault.resolve("13") }
        #expect(throws: VaultError.notFound("")) { try vault.resolve("") }
        #expect(throws: VaultError.ambiguous("00001", [ids[11], ids[10], ids[9]])) { try vault.resolve("00001") }
    }

    @Test("Fields of a later version are ignored; a manifest for newer readers only is listed and left alone")
    func laterVersions() throws {
        let vault = try Vault(try TemporaryFolder())
        let entry = try vault.backUp(sample(1000))
        let text = String(decoding: try OpenFile.content(of: entry.path + "/MANIFEST.json"), as: UTF8.self)
        #expect(text.hasSuffix("}\n"))
        let later = text.replacing("\"format\" : 1", with: "\"flavour\" : \"later\",\n  \"format\" : 1")
        #expect(later != text)
        #expect(try CanonicalJSON.value(Manifest.self, from: Array(later.utf8)) == entry.manifest)
        #expect(CanonicalJSON.bytes(of: entry.manifest) == Array(text.utf8))
    }

    @Test("A vault of a newer version and a directory of something else are refused and left as they are")
    func foreign() throws {
        let folder = try TemporaryFolder()
        #expect(try shell("mkdir '\(folder.path)/vault' && echo mine > '\(folder.path)/vault/thesis.txt'").status == 0)
        #expect(throws: VaultError.self) { _ = try Vault(folder) }
        #expect(try Directory.entries(folder.path + "/vault") == ["thesis.txt"])
        #expect(try shell("cd '\(folder.path)/vault' && rm thesis.txt && echo dementiad-vault 2 > FORMAT").status == 0)
        #expect(throws: VaultError.self) { _ = try Vault(folder) }
        #expect(try Directory.entries(folder.path + "/vault") == ["FORMAT"])
    }

    @Test(
        "Names tell what a person looks for",
        arguments: [
            ("/home/me/src/shop/.claude-memory.db", "shop"), ("/home/me/Mein Projekt (neu)/x.db", "mein-projekt-neu"),
            ("/home/me/app/.claude/x.db", "app"), ("/x.db", "memory"), ("/プロジェクト/x.db", "memory"),
            ("/srv/" + String(repeating: "long-", count: 20) + "/x.db", "long-long-long-long-long-long-lo"),
        ])
    func slugs(path: String, slug: String) {
        let location = StoreLocation(engine: .sqlite, name: path)
        let folder = StoreFolder(for: location)
        #expect(folder.slug == slug)
        #expect(StoreFolder(folder.name) == folder)
        #expect(StoreFolder(for: StoreLocation(engine: .postgres, name: "db:5432/app#my_shop")).slug == "my-shop")
    }

    @Test(
        "A moment is spelled and read in UTC to the millisecond",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_762_689_662_345, "2025-11-09T12:01:02.345Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ])
    func moments(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        #expect(Timestamp(Timestamp(milliseconds: milliseconds).compact)?.milliseconds == milliseconds)
        #expect(Timestamp("2025-02-30T00:00:00.000Z") == nil && Timestamp("2025-11-09 12:01:02.345Z") == nil)
    }
}
