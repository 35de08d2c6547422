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
}
