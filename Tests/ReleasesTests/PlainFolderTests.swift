// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import LinuxKit
import Releases
import TestSupport
import Testing

/// Releases that were unpacked or copied, without git.
@Suite struct PlainFolderTests {
    private let trees: Trees

    init() throws {
        trees = try Trees(isCheckout: false)
    }

    @Test("every known Dementia is found on disk as it is in words", arguments: Upstream.allCases)
    func known(_ upstream: Upstream) throws {
        try put(upstream.files, into: trees.folder)
        let installed = try trees.installed()
        let release = installed.release
        #expect(release.line == upstream.expected.line && release.version == upstream.expected.version)
        #expect(release.label == upstream.expected.label && release.isKnown && release.path == trees.folder)
        #expect(installed.commit == nil && release.id == "sha256:\(installed.content)")
        #expect(installed.fingerprint == release.id)
        // Another reading of the same files is the same value.
        #expect(try trees.installed() == installed)
    }

    @Test("its identity is what the version files hold, and nothing else")
    func identity() throws {
        try put(Upstream.postgres11.files, into: trees.folder)
        let first = try trees.installed()
        try put(["notes.md": "x", "tests/server.py": "y", ".claude-memory.db": "no database"], into: trees.folder)
        #expect(try trees.installed() == first)
        try put(["CHANGELOG.md": "## [4.0.0]\n"], into: trees.folder)
        let second = try trees.installed()
        #expect(second.fingerprint != first.fingerprint && second.release.id != first.release.id)
        // The same text under another name is something else.
        let twin = try Trees(isCheckout: false)
        try put(["README.md": "a", "claude_mcp_hybrid.py": ""], into: twin.folder)
        let one = try twin.installed()
        try Directory.unlink(twin.folder + "/README.md")
        try put(["CLAUDE.md": "a"], into: twin.folder)
        #expect(try twin.installed().fingerprint != one.fingerprint)
    }

    @Test("what is no Dementia, no folder or not there says so")
    func nothing() throws {
        #expect(try trees.reader.read(trees.folder) == .none)
        try put(["server.py": "import flask", "CLAUDE.md": "hello"], into: trees.folder)
        #expect(try trees.reader.read(trees.folder) == .none)
        #expect(try trees.reader.read(trees.folder + "/server.py") == .none)
        #expect(try trees.reader.read(trees.folder + "/missing/deeper") == .gone)
    }

    @Test("names that are folders, pipes or links to nowhere do not stop it")
    func strangeEntries() throws {
        try put(Upstream.postgres11.files, into: trees.folder)
        let first = try trees.installed()
        #expect(mkfifo(trees.folder + "/server.py", 0o600) == 0)
        try Directory.create(trees.folder + "/claude-intelligence")
        #expect(mkfifo(trees.folder + "/claude-intelligence/mcp_server.py", 0o600) == 0)
        #expect(symlink("/nowhere/at/all", trees.folder + "/claude-intelligence/context_locking.py") == 0)
        #expect(try trees.installed() == first)
    }

    @Test("a release that is put together from links is read through them")
    func links() throws {
        try put(Upstream.sqliteRLM.files, into: trees.folder)
        let real = try trees.installed()
        let linked = try trees.temporary.folder("linked")
        for name in Upstream.sqliteRLM.files.keys { #expect(symlink("../release/\(name)", "\(linked)/\(name)") == 0) }
        #expect(try trees.installed(linked).fingerprint == real.fingerprint)
        let current = trees.temporary.file("current")
        #expect(symlink("release", current) == 0)
        #expect(try trees.installed(current).release.path == trees.folder)
        // Another target is told by the folder that the link lies in.
        let watched = try trees.reader.foldersToWatch(current)
        #expect(watched == [trees.temporary.path, trees.folder])
        #expect(try trees.reader.foldersToWatch(current + "/") == watched)
    }

    @Test("a giant server is read up to a limit, and is not known then")
    func giant() throws {
        var files = Upstream.sqliteEmbeddings.files
        files["claude_mcp_hybrid.py", default: ""] += String(repeating: "# nothing\n", count: 2000)
        try put(files, into: trees.folder)
        #expect(try trees.installed().release.isKnown)
        let reader = ReleaseReader(catalogue: try Catalogue(), limit: 8192)
        let installed = try #require(try reader.read(trees.folder).release)
        #expect(installed.line == .sqlite4 && installed.version == 4 && !installed.isKnown)
        // Exactly as long as may be read is not too long.
        let exact = ReleaseReader(catalogue: try Catalogue(), limit: files["claude_mcp_hybrid.py"]?.utf8.count ?? 0)
        #expect(try exact.read(trees.folder).release?.isKnown == true)
    }

    @Test("what may not be read is an error that names it", .enabled(if: geteuid() != 0, "root may read everything"))
    func forbidden() throws {
        try put(Upstream.postgres11.files, into: trees.folder)
        let path = trees.folder + "/postgres_adapter.py"
        #expect(chmod(path, 0) == 0)
        let error = #expect(throws: GuardError.self) { try trees.reader.read(trees.folder) }
        #expect(error?.code == .permissionDenied && error?.hint?.contains(path) == true)
    }

    @Test("the folders to watch are its own, and the nearest one above a folder that is not there")
    func folders() throws {
        #expect(try trees.reader.foldersToWatch(trees.folder) == [trees.folder])
        #expect(try trees.reader.foldersToWatch(trees.folder + "/a/b") == [trees.folder])
        try put(Upstream.legacy4.files, into: trees.folder)
        #expect(try trees.reader.foldersToWatch(trees.folder) == [trees.folder, trees.folder + "/claude-intelligence"])
    }

    @Test("DATABASE_URL comes from the nearest .env file, there or above")
    func databaseURL() throws {
        let inner = trees.folder + "/a/b"
        try Directory.createAll(inner)
        try put([".env": "export DATABASE_URL='postgresql://one/db'\n"], into: trees.folder)
        #expect(try ReleaseReader.databaseURL(of: inner) == "postgresql://one/db")
        #expect(try ReleaseReader.databaseURL(of: trees.folder) == "postgresql://one/db")
        // The nearest counts, also when it says nothing of a database.
        try put([".env": "OTHER=1\nDATABASE_URL=\n"], into: trees.folder + "/a")
        #expect(try ReleaseReader.databaseURL(of: inner) == nil)
        // It is opened as itself only.
        #expect(symlink("../.env", inner + "/.env") == 0)
        let error = #expect(throws: GuardError.self) { try ReleaseReader.databaseURL(of: inner) }
        #expect(error?.code == .configuration && error?.message.contains(inner) == true)
    }
}
