// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Stores
import TestSupport
import Testing

/// What a walk finds beside memories.
@Suite struct DiscoveryTests {
    private let root: TemporaryFolder

    init() throws {
        root = try TemporaryFolder()
    }

    private func put(_ names: String...) throws {
        for name in names {
            try Directory.createAll(Directory.parent(of: root.file(name)))
            try write([], to: root.file(name))
        }
    }

    @Test("folders that may hold a release are listed with the memories, by their entries' names alone")
    func releases() throws {
        try put("pg/postgres_adapter.py", "pg/claude_mcp_hybrid.py", "pg/.claude-memory.db")
        try put("old/claude-intelligence/mcp_server.py", "four/claude_mcp_hybrid.py")
        try put("lean/server.py", "lean/CLAUDE.md", "shop/server.py", "notes/CLAUDE.md")
        try put("shop/node_modules/x/postgres_adapter.py", "a/b/c/d/postgres_adapter.py")
        #expect(symlink("pg", root.file("link")) == 0)
        let found = try Discovery(ignored: ["node_modules"], maxDepth: 3).walk([root.path, root.file("pg")])
        // Depth 3 is looked through; what lies deeper is not.
        #expect(found.releaseFolders == ["four", "lean", "old", "pg"].map(root.file))
        #expect(found.candidates == [root.file("pg/.claude-memory.db")])
        let deeper = try Discovery(ignored: [], maxDepth: 4).walk([root.path])
        #expect(deeper.releaseFolders.contains(root.file("a/b/c/d")))
        #expect(deeper.releaseFolders.contains(root.file("shop/node_modules/x")))
        // The root itself may be one.
        #expect(try Discovery(ignored: [], maxDepth: 0).walk([root.file("lean")]).releaseFolders == [root.file("lean")])
    }

    @Test("Folders whose names differ in their normal form alone, or begin with a combining mark, are told apart")
    func normalForms() throws {
        let names = ["\u{e9}/.claude-memory.db", "e\u{301}/.claude-memory.db", "\u{301}x/.claude-memory.db"]
        for name in names { try put(name) }
        let found = try Discovery(ignored: ["e\u{301}"], maxDepth: 3).walk([root.path, root.path])
        #expect(found.candidates.map { Array($0.utf8) } == [names[0], names[2]].map { Array(root.file($0).utf8) })
        #expect(Directory.parent(of: "/a/\u{301}x") == "/a" && Directory.name(of: "/a/\u{301}x/") == "\u{301}x")
    }

    @Test("A memory on a path that is not UTF-8 is told, and a folder that cannot be read is")
    func outOfReach() throws {
        try put("plain/.claude-memory.db", "deep/x/.claude-memory.db", "closed/.claude-memory.db")
        for (old, new) in [("deep", [0x63, 0xe9]), ("plain", [0xff])] as [(String, [UInt8])] {
            let target = Array(root.file("").utf8) + new
            #expect(rename(root.file(old), target.map { CChar(bitPattern: $0) } + [0]) == 0)
        }
        let found = try Discovery(ignored: [], maxDepth: 3).walk([root.path])
        #expect(found.unnamable == [root.file("\\xFF/.claude-memory.db"), root.file("c\\xE9/x/.claude-memory.db")])
        #expect(found.candidates == [root.file("closed/.claude-memory.db")])
        // Where the path is longer than the system takes, not even root can look.
        var long = root.path
        while long.utf8.count + 201 < 3990 { long += "/" + String(repeating: "l", count: 200) }
        try Directory.createAll(long)
        let below = long + "/" + String(repeating: "m", count: 90)
        #expect(mkdir(below, 0o700) == 0)
        let parent = open(below, O_RDONLY | O_DIRECTORY)
        defer { close(parent) }
        #expect(mkdirat(parent, String(repeating: "n", count: 250), 0o700) == 0)
        let deep = try Discovery(ignored: [], maxDepth: 100).walk([root.path])
        #expect(deep.unreadable.count == 1 && deep.unreadable[0].hasPrefix(below))
    }
}
