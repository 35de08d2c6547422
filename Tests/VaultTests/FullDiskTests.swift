// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import Testing

@testable import Vault

/// A small filesystem of one test's own.
private final class SmallFilesystem: Sendable {
    private let folder: TemporaryFolder
    var path: String { folder.path + "/small" }

    init(kilobytes: Int) throws {
        folder = try TemporaryFolder()
        try Directory.create(path)
        let mounted = try shell("mount -t tmpfs -o size=\(kilobytes)k,mode=700 none '\(path)'")
        guard mounted.status == 0 else { throw VaultError.foreign(path: path, reason: mounted.output) }
    }

    /// Leaves not one free block.
    func fill() throws {
        #expect(try shell("cat /dev/zero > '\(path)/filler'").status != 0)
        #expect(try Filesystem(holding: path).freeBytes == 0)
    }

    deinit { _ = try? shell("umount -l '\(path)'") }
}

@Suite("A full disk", .enabled(if: geteuid() == 0, "needs root, to mount a small filesystem"), .serialized)
struct FullDiskTests {
    @Test(
        "B2: a backup that does not fit fails at whatever write, staging is empty, and older backups are the same to the byte"
    )
    func doesNotFit() throws {
        let small = try SmallFilesystem(kilobytes: 1024)
        let vault = try Vault(openingOrCreating: small.path + "/vault", now: { Clock().now() })
        let old = try vault.backUp(sample(100_000))
        let before = try vault.contents()
        let large = sample(2_500_000, seed: 3)
        for kilobytes in stride(from: 0, to: 700, by: 20) {
            // Another amount of room each time, so that another write is the one that fails.
            #expect(try shell("head -c \(kilobytes)k /dev/zero > '\(small.path)/filler'").status == 0)
            do {
                try vault.backUp(large)
                Issue.record("it fitted beside \(kilobytes) KB")
            } catch let error as VaultError {
                guard case .noSpace = error else { throw error }
            }
            #expect(try vault.contents() == before)
            #expect(try vault.leftovers() == [])
        }
        #expect(try vault.list() == [.good(old)])
    }

    @Test("B8: with no free block opening, listing, verifying, restoring elsewhere, sweeping and deleting work")
    func noRoomAtAll() throws {
        let small = try SmallFilesystem(kilobytes: 2048)
        let elsewhere = try TemporaryFolder()
        var vault = try Vault(openingOrCreating: small.path + "/vault", now: { Clock().now() })
        let first = try vault.backUp(sample(100_000))
        let second = try vault.backUp(sample(100_000, seed: 2))
        let kept = try vault.contents(under: second.path)
        try small.fill()
        vault = try Vault(openingOrCreating: small.path + "/vault", now: { Clock().now() })
        try vault.sweep()
        #expect(try vault.list() == [.good(second), .good(first)])
        try vault.verifyPayload(of: second)
        try vault.restore(second, to: elsewhere.path + "/restored.db")
        #expect(throws: VaultError.self) { try vault.backUp(sample(1000)) }
        #expect(throws: VaultError.noSpace(path: vault.path, needed: 1, free: 0)) { try vault.checkRoom(forBytes: 1) }
        try vault.delete(first)
        #expect(try vault.list() == [.good(second)])
        #expect(try vault.contents(under: second.path) == kept)
        try vault.checkRoom(forBytes: first.storedBytes)
        // And the room that this made takes the next backup.
        try vault.backUp(sample(20_000))
    }
}
