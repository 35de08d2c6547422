// SPDX-License-Identifier: MIT

import Engine
import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

@Suite("The state directory")
struct StateDirectoryTests {
    private func mode(_ path: String) throws -> UInt32 { try FileStatus(of: path).mode }

    @Test("A new one is the user's alone, and needs nothing put right")
    func new() throws {
        let folder = try TemporaryFolder()
        let state = try StateDirectory(folder.file("a/state"))
        #expect(try mode(state.path) == 0o700)
        #expect(state.amendments == [])
    }

    @Test(
        "One that others may write is closed to them, and that is told", arguments: [0o777, 0o775, 0o722] as [UInt32])
    func open(_ bits: UInt32) throws {
        let folder = try TemporaryFolder()
        let path = try folder.folder("state")
        do { _ = try StateDirectory(path) }
        try #require(chmod(path, bits) == 0)
        let state = try StateDirectory(path)
        #expect(try mode(path) == 0o700)
        #expect(state.amendments.count == 1 && state.amendments[0].contains(path))
        #expect(state.amendments[0].contains(String(bits, radix: 8)))
    }

    @Test("One that only others may read stays as it is")
    func readable() throws {
        let folder = try TemporaryFolder()
        let path = try folder.folder("state")
        try #require(chmod(path, 0o755) == 0)
        #expect(try StateDirectory(path).amendments == [])
        #expect(try mode(path) == 0o755)
    }

    @Test("A shared folder with other things in it is refused and left as it is")
    func shared() throws {
        let folder = try TemporaryFolder()
        let path = try folder.folder("shared")
        try write([1], to: path + "/letter")
        try #require(chmod(path, 0o1777) == 0)
        let error = #expect(throws: GuardError.self) { _ = try StateDirectory(path) }
        #expect(error?.code == .permissionDenied && error?.message.contains("letter") == true)
        #expect(try mode(path) == 0o1777)
        #expect(try Directory.entries(path) == ["letter"])
    }

    @Test("What somebody else put into an open one is not used", .enabled(if: geteuid() == 0))
    func planted() throws {
        let folder = try TemporaryFolder()
        let path = try folder.folder("state")
        try write([], to: path + "/journal.db")
        try #require(chmod(path, 0o777) == 0 && chown(path + "/journal.db", 65534, 65534) == 0)
        let error = #expect(throws: GuardError.self) { _ = try StateDirectory(path) }
        #expect(error?.code == .permissionDenied && error?.message.contains("journal.db") == true)
    }

    @Test("It may lie behind links, in the middle of its path and at its end")
    func links() throws {
        let folder = try TemporaryFolder()
        let disk = try folder.folder("disk")
        try #require(symlink(disk, folder.file("link")) == 0)
        let deep = try StateDirectory(folder.file("link/state"))
        #expect(deep.path == disk + "/state" && deep.journal == disk + "/state/journal.db")
        let other = try folder.folder("other")
        try #require(symlink(other, folder.file("last")) == 0)
        #expect(try StateDirectory(folder.file("last")).path == other)
    }

    @Test("A link that leads nowhere, or in a circle, is refused by name")
    func badLinks() throws {
        let folder = try TemporaryFolder()
        try #require(symlink(folder.file("nowhere"), folder.file("dangling")) == 0)
        try #require(symlink(folder.file("circle"), folder.file("circle")) == 0)
        for name in ["dangling", "circle"] {
            let error = #expect(throws: GuardError.self) { _ = try StateDirectory(folder.file(name)) }
            #expect(error?.code == .permissionDenied && error?.message.contains(name) == true)
        }
    }
}
