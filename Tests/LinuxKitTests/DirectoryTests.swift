// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Testing

@Suite("Files and directories")
struct DirectoryTests {
    @Test("B24: under umask 000 a directory is 0700 and a file 0600 from birth")
    func privateFromBirth() throws {
        let folder = try TemporaryFolder()
        let before = umask(0)
        defer { umask(before) }
        try Directory.createAll("\(folder.path)/a/b/c")
        let path = try folder.file("a/b/c/secret", "token")
        #expect(try FileStatus(of: "\(folder.path)/a").mode == 0o700)
        #expect(try FileStatus(of: "\(folder.path)/a/b/c").mode == 0o700)
        #expect(try FileStatus(of: path).mode == 0o600)
    }

    @Test("A rename never replaces, and neither does a new file")
    func nothingIsReplaced() throws {
        let folder = try TemporaryFolder()
        let one = try folder.file("one", "1")
        let two = try folder.file("two", "2")
        #expect(throws: SystemCallError(call: "renameat2", errno: EEXIST, path: two)) {
            try Directory.rename(noReplace: one, to: two)
        }
        #expect(throws: SystemCallError(call: "open", errno: EEXIST, path: two)) {
            _ = try OpenFile.creating(two).path
        }
        #expect(try OpenFile.content(of: two) == Array("2".utf8))
        try Directory.rename(noReplace: one, to: "\(folder.path)/three")
        #expect(try Directory.entries(folder.path) == ["three", "two"])
    }

    @Test("A symbolic link is neither opened nor followed when a tree is removed")
    func linksAreNotFollowed() throws {
        let folder = try TemporaryFolder()
        let kept = try folder.file("kept", "precious")
        try Directory.createAll("\(folder.path)/tree/deep")
        _ = try folder.file("tree/deep/file", "x")
        symlink(kept, "\(folder.path)/tree/link")
        symlink(folder.path, "\(folder.path)/tree/deep/up")
        #expect(throws: SystemCallError(call: "open", errno: ELOOP, path: "\(folder.path)/tree/link")) {
            _ = try OpenFile.reading("\(folder.path)/tree/link").path
        }
        try Directory.removeTree("\(folder.path)/tree")
        #expect(try Directory.entries(folder.path) == ["kept"])
        #expect(try OpenFile.content(of: kept) == Array("precious".utf8))
        // Nothing there is fine.
        try Directory.removeTree("\(folder.path)/tree")
    }

    @Test("A name that is not UTF-8 is left out of a listing, and removed with its tree")
    func strangeNames() throws {
        let folder = try TemporaryFolder()
        try Directory.create("\(folder.path)/tree")
        let name: [CChar] = "\(folder.path)/tree/".utf8.map { CChar(bitPattern: $0) } + [-1, -2, 0]
        close(open(name, O_CREAT | O_WRONLY, 0o600))
        #expect(try Directory.entries("\(folder.path)/tree") == [])
        try Directory.removeTree("\(folder.path)/tree")
        #expect(try Directory.entries(folder.path) == [])
    }

    @Test(
        "Parents are what dirname says",
        arguments: [("/a/b", "/a"), ("/a/b/", "/a"), ("/a", "/"), ("/", "/"), ("b", ".")])
    func parents(path: String, parent: String) {
        #expect(Directory.parent(of: path) == parent)
    }

    @Test("A status tells size, kind, identity and links, through a link and of the link itself")
    func status() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("x", "12345")
        try Directory.link(path, as: "\(folder.path)/y")
        symlink(path, "\(folder.path)/z")
        let status = try FileStatus(of: path)
        #expect(status.size == 5 && status.kind == .file && status.links == 2 && status.uid == getuid())
        #expect(try FileStatus(of: "\(folder.path)/y").isSameFile(as: status))
        #expect(try FileStatus(of: "\(folder.path)/z").isSameFile(as: status))
        #expect(try FileStatus(ofLink: "\(folder.path)/z").kind == .symbolicLink)
        #expect(try FileStatus.ifPresent("\(folder.path)/nothing") == nil)
        #expect(try realPath("\(folder.path)/./z") == realPath(path))
    }

    @Test("A content longer than the limit is refused, not cut")
    func limit() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("x", "12345")
        #expect(throws: SystemCallError(call: "read", errno: EFBIG, path: path)) {
            try OpenFile.content(of: path, limit: 4)
        }
    }

    @Test("An error says the call, the path and the system's words, and knows its kind")
    func words() {
        let error = SystemCallError(call: "open", errno: EACCES, path: "/srv/x")
        #expect(error.description == "open /srv/x: Permission denied")
        #expect(error.isPermission && !error.isNoSpace && !error.isNotFound)
        #expect(SystemCallError(call: "write", errno: ENOSPC).isNoSpace)
    }

    @Test("A filesystem tells its room and whether it is local")
    func filesystem() throws {
        let root = try Filesystem(holding: "/")
        #expect(root.isLocal && root.totalBytes > 0 && root.freeBytes <= root.totalBytes)
        #expect(try Filesystem(holding: "/proc").type == "proc")
        #expect(throws: SystemCallError.self) { try Filesystem(holding: "/nothing/here") }
    }
}
