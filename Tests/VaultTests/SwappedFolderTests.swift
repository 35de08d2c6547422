// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Testing

@testable import Vault

@Suite("A restore goes where it was sent")
struct SwappedFolderTests {
    @Test("R14: a folder that is swapped for a link in the last moment makes the restore fail, and nothing is written")
    func swapped() throws {
        let folder = try TemporaryFolder()
        let wanted = folder.path + "/wanted"
        let elsewhere = folder.path + "/elsewhere"
        try Directory.create(wanted)
        try Directory.create(elsewhere)
        // Between the look at the place and its opening.
        let disk = Disk(judge: { change, path in
            if change == .create, path.hasPrefix(wanted) {
                rmdir(wanted)
                symlink(elsewhere, wanted)
            }
            return .proceed
        })
        let entry = try Vault(folder).backUp(sample(1000))
        let vault = try Vault(folder, disk: disk)
        #expect(throws: VaultError.self) { try vault.restore(entry, to: wanted + "/memory.db") }
        #expect(try Directory.entries(elsewhere) == [])
    }

    @Test("A link that is there when the restore is asked for is followed, as its owner meant it")
    func linked() throws {
        let folder = try TemporaryFolder()
        let real = folder.path + "/real"
        try Directory.create(real)
        #expect(symlink(real, folder.path + "/link") == 0)
        let vault = try Vault(folder)
        try vault.restore(try vault.backUp(sample(1000)), to: folder.path + "/link/memory.db")
        #expect(try OpenFile.content(of: real + "/memory.db") == sample(1000))
    }
}
