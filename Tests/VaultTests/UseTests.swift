// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@testable import Vault

@Suite("How full a vault is")
struct UseTests {
    @Test(
        "It is what the files take, follows every backup that comes or goes, and is known again without a look at them")
    func following() throws {
        let vault = try Vault(try TemporaryFolder())
        let empty = try vault.use()
        #expect(empty.backups == 0 && empty.lastBackupAt == nil)
        let first = try vault.backUp(sample(1000))
        let one = try vault.use(since: empty)
        #expect(one.backups == 1 && one.lastBackupAt == first.manifest.createdAt)
        #expect(try one.storedBytes == vault.usedBytes())
        _ = try vault.backUp(sample(1000, seed: 2))
        let two = try vault.use(since: one)
        #expect(two.backups == 2 && two.storedBytes > one.storedBytes)
        try vault.delete(first)
        #expect(try vault.use(since: two).backups == 1)
    }

    @Test("What changed within a second of a look is looked at again: the times of two changes may be the same")
    func ticks() throws {
        func use(changedAt: Int64, foundAt: Int64) -> VaultUse {
            VaultUse(
                backups: 1, storedBytes: 1, lastBackupAt: nil, changes: ["shop": changedAt],
                foundAt: foundAt)
        }
        let second: Int64 = 1_000_000_000
        #expect(use(changedAt: 5 * second, foundAt: 7 * second).holds(for: ["shop": 5 * second]))
        #expect(!use(changedAt: 5 * second, foundAt: 6 * second).holds(for: ["shop": 5 * second]))
        #expect(!use(changedAt: 5 * second, foundAt: 4 * second).holds(for: ["shop": 5 * second]))
        #expect(!use(changedAt: 5 * second, foundAt: 9 * second).holds(for: ["shop": 6 * second]))
        #expect(!use(changedAt: 5 * second, foundAt: 9 * second).holds(for: [:]))
    }
}
