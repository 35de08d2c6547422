// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import Synchronization
import Testing

@testable import Vault

/// A disk on which the n-th change goes wrong.
private final class Judge: Sendable {
    enum Manner: CaseIterable, Sendable {
        /// This one change reports an I/O error; the next ones work.
        case fault
        /// This one write stores its first half and reports a full disk.
        case tornBySpace
        /// Nothing happens from here on, as if the power had failed.
        case crash
    }

    private let count = Mutex<Int>(0)
    private let victim: Int
    private let manner: Manner

    init(_ victim: Int, _ manner: Manner) {
        self.victim = victim
        self.manner = manner
    }

    /// Whether the victim was reached.
    var struck: Bool { count.withLock { $0 > victim } }

    var disk: Disk {
        Disk(judge: { [self] _, _ in
            let number = count.withLock { count in
                defer { count += 1 }
                return count
            }
            switch manner {
            case .fault: return number == victim ? .fail(EIO) : .proceed
            case .tornBySpace: return number == victim ? .tear(ENOSPC) : .proceed
            case .crash: return number == victim ? .tear(EIO) : number > victim ? .fail(EIO) : .proceed
            }
        })
    }
}

@Suite("Whatever the disk does")
struct FaultTests {
    private static let old = sample(30_000)
    private static let new = sample(1_200_000, seed: 7)

    /// Runs `body` on a vault with one old backup, for each change in turn that can go wrong, until none is left.
    private func forEachFault(
        _ manner: Judge.Manner, _ body: (Vault) throws -> Void,
        check: (Vault, _ old: Entry, _ failed: Bool) throws -> Void
    ) throws -> Int {
        for victim in 0... {
            let folder = try TemporaryFolder()
            let old = try Vault(folder).backUp(Self.old)
            let judge = Judge(victim, manner)
            var failed = false
            do {
                try body(try Vault(folder, disk: judge.disk))
            } catch is VaultError {
                failed = true
            }
            guard judge.struck else {
                #expect(!failed)
                return victim
            }
            let vault = try Vault(folder)
            try check(vault, old, failed)
            try vault.sweep()
            #expect(try vault.leftovers() == [], "change \(victim)")
            // Nothing of the accident is in the way of the next backup.
            let next = try vault.backUp(Self.new)
            #expect(try vault.newest(of: shop.id) == next)
        }
        return 0
    }

    @Test(
        "B1, B2, B15: a backup that meets a fault at any change is reported, and the catalogue is what it was",
        arguments: Judge.Manner.allCases)
    private func publish(manner: Judge.Manner) throws {
        let changes = try forEachFault(manner) { vault in
            try vault.backUp(Self.new, level: 1)
        } check: { vault, old, failed in
            let listed = try vault.list()
            if manner == .crash {
                // After the rename the backup is there, whole, although nobody was told.
                let more = listed.filter { $0 != .good(old) }
                #expect(failed && listed.last == .good(old) && more.count <= 1)
                for listing in more { try vault.verifyPayload(of: try #require(listing.entry)) }
            } else {
                #expect(failed && listed == [.good(old)])
                #expect(try vault.leftovers() == [])
            }
            try vault.verifyPayload(of: old)
            #expect(try shell("cd '\(old.path)' && sha256sum -c --quiet SHA256SUMS").output == "")
        }
        // Folder, payload with its writes, manifest, checksums, syncs, rename: not one of them went untried.
        #expect(changes >= 17)
    }

    @Test("B10, B15: the first backup of a store meets a fault at any change", arguments: Judge.Manner.allCases)
    private func firstOfStore(manner: Judge.Manner) throws {
        let changes = try forEachFault(manner) { vault in
            try vault.backUp(Self.old, of: other)
        } check: { vault, old, failed in
            #expect(failed)
            #expect(try vault.list(store: shop.id) == [.good(old)])
            let listed = try vault.list(store: other.id)
            #expect(listed.isEmpty || manner == .crash && listed.count == 1 && listed[0].entry != nil)
            try vault.backUp(Self.old, of: other)
            #expect(try vault.list(store: other.id).allSatisfy { $0.entry != nil })
        }
        #expect(changes >= 20)
    }

    @Test(
        "B16: a linked backup that meets a fault leaves the shared payload as it was", arguments: Judge.Manner.allCases)
    private func link(manner: Judge.Manner) throws {
        _ = try forEachFault(manner) { vault in
            try vault.backUp(Self.old, knownDigest: true)
        } check: { vault, old, failed in
            let listed = try vault.list()
            #expect(listed.last == .good(old) && listed.allSatisfy { $0.entry != nil })
            // A link that is refused is no failure: a copy is written instead.
            #expect(listed.count == 1 || !failed || manner == .crash)
            try vault.verifyPayload(of: old)
        }
    }

    @Test(
        "B8, B10: a deletion that meets a fault leaves a backup whole or gone, never listed in part",
        arguments: [Judge.Manner.fault, .crash])
    private func delete(manner: Judge.Manner) throws {
        let changes = try forEachFault(manner) { vault in
            try vault.delete(try #require(try vault.newest(of: shop.id)))
        } check: { vault, old, _ in
            let listed = try vault.list()
            #expect(listed == [] || listed == [.good(old)])
        }
        #expect(changes == 3)
    }

    @Test("B2: a vault whose making meets a fault is made by the next start", arguments: Judge.Manner.allCases)
    private func create(manner: Judge.Manner) throws {
        for victim in 0... {
            let folder = try TemporaryFolder()
            let judge = Judge(victim, manner)
            #expect((try? Vault(folder, disk: judge.disk)) == nil || !judge.struck)
            let vault = try Vault(folder)
            try vault.sweep()
            #expect(try Directory.entries(vault.path) == ["FORMAT", "RESTORE.txt", "lock", "stores", "trash"])
            #expect(try shell("cat '\(vault.path)/RESTORE.txt'").output == RestoreGuide.text)
            #expect(try vault.leftovers() == [])
            if !judge.struck { return }
        }
    }

    @Test("B15: publishing and deleting keep the order in which each step is on disk before the next one needs it")
    func order() throws {
        let folder = try TemporaryFolder()
        try Vault(folder).backUp(Self.old)
        let seen = Mutex<[Disk.Change]>([])
        let disk = Disk(judge: { change, _ in
            // However many writes a file takes, they are one step.
            seen.withLock { if change != .write || $0.last != .write { $0.append(change) } }
            return .proceed
        })
        let vault = try Vault(folder, disk: disk)
        let entry = try vault.backUp(Self.new)
        let file: [Disk.Change] = [.create, .write, .sync, .close]
        let folderSteps: [Disk.Change] = [.syncDirectory, .rename, .syncDirectory]
        #expect(seen.withLock { $0 } == [.makeDirectory] + file + file + file + folderSteps)
        seen.withLock { $0 = [] }
        try vault.delete(entry)
        #expect(seen.withLock { $0 } == [.rename, .syncDirectory, .removeTree])
        seen.withLock { $0 = [] }
        let first = try vault.backUp(Self.old, of: other)
        #expect(
            seen.withLock { $0.prefix(9) } == [
                .makeDirectory, .makeDirectory, .syncDirectory, .create, .write, .sync, .close, .rename, .makeDirectory,
            ])
        seen.withLock { $0 = [] }
        try vault.restore(first, to: folder.path + "/restored.db")
        #expect(seen.withLock { $0 } == [.create, .write, .sync, .close, .rename, .syncDirectory])
    }

    @Test("A restore that meets a fault leaves no file behind", arguments: [Judge.Manner.fault, .tornBySpace])
    private func restore(manner: Judge.Manner) throws {
        let folder = try TemporaryFolder()
        let entry = try Vault(folder).backUp(Self.new)
        for victim in 0... {
            let judge = Judge(victim, manner)
            let target = "\(folder.path)/restored\(victim)"
            do {
                try Vault(folder, disk: judge.disk).restore(entry, to: target)
                #expect(!judge.struck)
                #expect(try OpenFile.content(of: target) == Self.new)
                return
            } catch {
                let left = try Directory.entries(folder.path)
                #expect(!left.contains { $0.hasPrefix("restored\(victim)") || $0.hasPrefix(".dementiad-restore-") })
            }
        }
    }
}
