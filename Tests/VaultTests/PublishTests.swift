// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import HashKit
import LinuxKit
import Testing

@testable import Vault

@Suite("A backup's life")
struct PublishTests {
    @Test("What is published is listed, verified and restored to the byte")
    func life() throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let bytes = sample(700_000)
        let entry = try vault.backUp(bytes, reason: .migration)
        #expect(try vault.list() == [.good(entry)])
        #expect(try vault.newest(of: shop.id) == entry)
        #expect(try vault.entry(entry.id) == entry)
        #expect(try vault.list(store: other.id) == [])
        #expect(entry.manifest.payload.rawSHA256 == SHA256.digest(of: bytes))
        #expect(
            entry.path.hasSuffix("/stores/shop-\(shop.id)/000001_20251109T120102.345Z_migration_s2_\(entry.id.root)"))
        #expect(try vault.leftovers() == [])

        var seen: Int64 = 0
        try vault.verifyPayload(of: entry) { seen = $0 }
        #expect(seen == 700_000)
        try vault.restore(entry, to: folder.path + "/restored.db")
        #expect(try OpenFile.content(of: folder.path + "/restored.db") == bytes)
        #expect(throws: VaultError.alreadyExists(path: folder.path + "/restored.db")) {
            try vault.restore(entry, to: folder.path + "/restored.db")
        }
        #expect(try OpenFile.content(of: folder.path + "/restored.db") == bytes)
    }

    @Test("The read-back hands the decoded bytes to a scratch file, and a copy is taken from a file")
    func files() throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let bytes = sample(600_000)
        let copy = try OpenFile.creating(folder.path + "/copy.db")
        try bytes.withUnsafeBytes { try copy.write($0) }
        var staging = try vault.stage(for: shop, PayloadOptions(.sqliteDatabase, rawBytes: 600_000))
        var taken: [Int64] = []
        try staging.write(fileAt: folder.path + "/copy.db") { taken.append($0) }
        let facts = try staging.finishPayload()
        #expect(taken.last == 600_000 && taken == taken.sorted())
        try staging.readBack(into: folder.path + "/scratch.db")
        #expect(try OpenFile.content(of: folder.path + "/scratch.db") == bytes)
        #expect(try FileStatus(of: folder.path + "/scratch.db").mode == 0o600)
        let entry = try staging.publish(draft())
        #expect(entry.manifest.payload == facts)
        #expect(try FileStatus(of: entry.payloadPath).size == entry.storedBytes)
    }

    @Test("B6: what is listed says when its restore was tried, how, and what it holds")
    func proof() throws {
        let vault = try Vault(try TemporaryFolder())
        let entry = try vault.backUp(sample(100))
        let manifest = try #require(try vault.list().first?.entry?.manifest)
        #expect(manifest == entry.manifest)
        #expect(manifest.proof == .restored && manifest.checks.restoreTest?.ok == true)
        #expect(manifest.checks.restoreTest?.at.rfc3339 == "2025-11-09T12:01:02.000Z")
        #expect(manifest.content[table: "memories"]?.rows == 3)
        #expect(manifest.store.location == shop.name && manifest.store.id == shop.id)
    }

    @Test("B1: an empty copy of a store that has tables is never published")
    func emptyCopy() throws {
        let vault = try Vault(try TemporaryFolder())
        #expect(throws: VaultError.self) { try vault.backUp([]) }
        #expect(try vault.list() == [])
        #expect(try vault.leftovers() == [])
    }

    @Test("B10: a staging that is dropped or discarded leaves nothing, and is never listed while it lives")
    func dropped() throws {
        let vault = try Vault(try TemporaryFolder())
        do {
            var staging = try vault.stage(for: shop, PayloadOptions(.sqlDump, workers: 0))
            try sample(500_000).withUnsafeBytes { try staging.write($0) }
            #expect(try vault.leftovers().count == 1)
            #expect(try vault.list() == [])
            // Somebody is alive in there: another process's recovery leaves it alone.
            try vault.sweep()
            #expect(try vault.leftovers().count == 1)
        }
        #expect(try vault.leftovers() == [])
        try vault.stage(for: shop, PayloadOptions(.sqlDump)).discard()
        #expect(try vault.leftovers() == [])
    }

    @Test(
        "B16: equal content is linked after it was read again: no second copy, still a backup, and deletable by itself")
    func linked() throws {
        let vault = try Vault(try TemporaryFolder())
        let bytes = sample(400_000)
        let first = try vault.backUp(bytes)
        let before = try vault.usedBytes()
        let second = try vault.backUp(bytes, knownDigest: true)
        #expect(try FileStatus(of: second.payloadPath).isSameFile(as: FileStatus(of: first.payloadPath)))
        #expect(try vault.usedBytes() - before < 10_000)
        #expect(second.id.sequence == 2 && second.id.root != first.id.root)
        try vault.delete(first)
        try vault.verifyPayload(of: second)
        #expect(try vault.list() == [.good(second)])
        // Another store's content is never shared, and other content is written.
        let third = try vault.backUp(bytes, of: other, knownDigest: true)
        #expect(try FileStatus(of: third.payloadPath).links == 1)
        let fourth = try vault.backUp(sample(400_000, seed: 2), knownDigest: true)
        #expect(try FileStatus(of: fourth.payloadPath).links == 1)
    }

    @Test("B16: a payload that went bad is not linked; a fresh copy is written instead")
    func badIsNotLinked() throws {
        let vault = try Vault(try TemporaryFolder())
        let bytes = sample(400_000)
        let first = try vault.backUp(bytes)
        #expect(
            try shell(
                "chmod u+w '\(first.payloadPath)' && printf X | dd of='\(first.payloadPath)' bs=1 seek=5000 conv=notrunc"
            ).status == 0)
        let second = try vault.backUp(bytes, knownDigest: true)
        #expect(try FileStatus(of: second.payloadPath).links == 1)
        try vault.verifyPayload(of: second)
        #expect(throws: VaultError.self) { try vault.verifyPayload(of: first) }
    }

    @Test("B24: under umask 000 directories are 0700 and files 0600 at most, from birth")
    func modes() throws {
        let folder = try TemporaryFolder()
        let before = umask(0)
        defer { umask(before) }
        let vault = try Vault(folder)
        let entry = try vault.backUp(sample(1000))
        _ = try vault.backUp(sample(1000), knownDigest: true)
        try vault.restore(entry, to: folder.path + "/restored.db")
        try vault.export(entry, toFolder: folder.path + "/exported")
        #expect(try shell("find '\(folder.path)'/* -type d ! -perm 700").output == "")
        #expect(try shell("find '\(folder.path)'/* -type f -perm /177").output == "")
        // B16: what is published cannot be opened for writing by mistake.
        #expect(try shell("find '\(entry.path)' -type f ! -perm 400").output == "")
    }

    @Test("B23: with the clock moved by years between backups the order is the sequence")
    func clock() throws {
        let clock = Clock()
        let vault = try Vault(try TemporaryFolder(), clock: clock)
        for years in [10.0, -20, 15, -5, 0] {
            try vault.backUp(sample(100), of: years < 0 ? other : shop)
            clock.move(years: years)
        }
        let listed = try vault.list().compactMap(\.entry)
        #expect(listed.map(\.id.sequence) == [5, 4, 3, 2, 1])
        #expect(
            listed.map { String($0.manifest.createdAt.rfc3339.prefix(4)) } == ["2025", "2030", "2015", "2035", "2025"])
        #expect(try vault.newest(of: shop.id)?.id.sequence == 5)
    }

    @Test("An actor on a thread of its own carries a staging across suspensions")
    func acrossSuspensions() async throws {
        actor Maker {
            let executor: ThreadExecutor
            private var staging: Staging?

            init() throws { executor = try ThreadExecutor(name: "maker") }

            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

            func write(_ bytes: [UInt8], in vault: Vault) throws {
                staging = try vault.stage(for: shop, PayloadOptions(.sqliteDatabase))
                try bytes.withUnsafeBytes { try staging?.write($0) }
                try staging?.finishPayload()
                try staging?.readBack()
            }

            func publish() throws -> Entry? { try staging.take()?.publish(draft()) }
        }
        let vault = try Vault(try TemporaryFolder())
        let maker = try Maker()
        try await maker.write(sample(1000), in: vault)
        #expect(try vault.list() == [])
        let entry = try #require(try await maker.publish())
        #expect(try vault.list() == [.good(entry)])
    }

    @Test("Publishers on several threads, each with its own vault value, get different sequence numbers")
    func concurrent() async throws {
        let folder = try TemporaryFolder()
        let sequences = try await withThrowingTaskGroup { group in
            for number in 0..<4 {
                group.addTask {
                    let executor = try ThreadExecutor(name: "publisher")
                    return try await executor.run {
                        let vault = try Vault(folder)
                        return try (0..<6).map { _ in
                            try vault.backUp(sample(2000, seed: UInt64(number)), of: number % 2 == 0 ? shop : other).id
                                .sequence
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(sequences.sorted() == Array(1...24))
        let vault = try Vault(folder)
        #expect(try vault.list().compactMap(\.entry?.id.sequence) == (1...24).reversed())
    }

    @Test("A restore does not go beside what another database left", arguments: ["", "-wal", "-shm", "-journal"])
    func besideLeftovers(suffix: String) throws {
        let folder = try TemporaryFolder()
        let vault = try Vault(folder)
        let entry = try vault.backUp(sample(1000))
        let target = folder.path + "/restored.db"
        #expect(symlink("nowhere", target + suffix) == 0)
        #expect(throws: VaultError.alreadyExists(path: target + suffix)) { try vault.restore(entry, to: target) }
        #expect(unlink(target + suffix) == 0)
        try vault.restore(entry, to: target)
        #expect(try OpenFile.content(of: target) == sample(1000))
    }

    @Test("A restore that is killed leaves nothing under the name it was to have")
    func killedRestore() throws {
        let folder = try TemporaryFolder()
        let target = folder.path + "/restored.db"
        let entry = try Vault(folder).backUp(sample(1000))
        for victim in [Disk.Change.write, .sync, .close, .rename] {
            // All that a killed process does no more.
            let vault = try Vault(
                folder,
                disk: Disk(judge: { change, _ in change == victim || change == .unlink ? .fail(EIO) : .proceed }))
            #expect(throws: VaultError.self) { try vault.restore(entry, to: target) }
            #expect(try FileStatus.ifPresent(link: target) == nil)
        }
        try Vault(folder).restore(entry, to: target)
        #expect(try OpenFile.content(of: target) == sample(1000))
    }
}
