// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import Releases
import TestSupport
import Testing

/// What several releases together want, and how they are found.
@Suite struct InstalledTests {
    private func release(_ line: Line?, _ version: Int?, known: Bool = true, path: String = "/opt/d") -> Release {
        Release(id: "sha256:0", label: "4.2.0", path: path, line: line, version: version, isKnown: known)
    }

    @Test("the largest version that a known release needs is wanted, and none without one")
    func wanted() {
        let installed = Installed([
            release(.postgres4, 7, path: "/a"), release(.postgres4, 10, path: "/b"), release(.sqlite4, 0, path: "/c"),
            release(.postgres4, 12, known: false, path: "/d"), release(nil, nil, path: "/e"),
        ])
        #expect(installed.wanted(for: .postgres4) == 10)
        #expect(installed.wanted(for: .sqlite4) == 0)
        #expect(installed.wanted(for: .lean3) == nil)
        #expect(installed.unknown.map(\.path) == ["/d"])
        #expect(Installed([]).wanted(for: .sqlite4) == nil)
        #expect(Installed([release(.postgres4, 12, known: false)]).wanted(for: .postgres4) == nil)
    }

    @Test("a change of line is offered with its command, and only while nobody uses the line")
    func offers() throws {
        let postgres = release(.postgres4, 11, path: "/srv/pg")
        let offers = Installed([postgres]).offers(for: .sqlite4, store: "3f2a9c")
        #expect(offers.count == 1)
        let offer = try #require(offers.first)
        #expect(offer.release == postgres && offer.command == "dementiactl transfer 3f2a9c --to URL#SCHEMA")
        #expect(offer.sentence.contains("/srv/pg") && offer.sentence.hasSuffix(offer.command ?? "?"))
        #expect(Installed([postgres, release(.sqlite4, 4)]).offers(for: .sqlite4) == [])
        #expect(Installed([release(.postgres4, 12, known: false)]).offers(for: .sqlite4) == [])
        #expect(Installed([postgres]).offers(for: .postgres4) == [])
        // Nothing is to be run for the lean server.
        #expect(Installed([release(.lean3, 0)]).offers(for: .sqlite4).map(\.command) == [nil])
        #expect(Installed([]).offers(for: .sqlite4) == [])
    }

    @Test("folders that may be releases are read to be sure, each folder once")
    func confirmed() throws {
        let trees = try Trees()
        try trees.git.commit(Upstream.postgres11.files)
        let lean = try trees.temporary.folder("lean")
        try put(Upstream.lean.files, into: lean)
        let other = try trees.temporary.folder("other")
        try put(["server.py": "import flask", "CLAUDE.md": "hello"], into: other)
        let folders = [trees.folder, lean, other, trees.folder + "/.", trees.temporary.file("gone")]
        let found = ReleaseFinder.confirm(folders, with: trees.reader)
        #expect(found.releases.map(\.release.path) == [lean, trees.folder])
        #expect(found.others == [other, trees.temporary.file("gone")] && found.problems.isEmpty)
        try write([], to: trees.folder + "/.git/index.lock")
        try write([], to: trees.temporary.file("file"))
        let busy = ReleaseFinder.confirm(folders, with: trees.reader)
        #expect(busy.releases.map(\.release.path) == [lean])
        #expect(busy.busy.map(\.path) == Array(repeating: trees.folder + "/.git/index.lock", count: 2))
    }

    @Test(
        "names are a reason to look into a folder",
        arguments: [
            (["postgres_adapter.py"], true), (["claude_mcp_hybrid.py", "x"], true), (["claude-intelligence"], true),
            (["server.py"], false), (["CLAUDE.md"], false), (["server.py", "CLAUDE.md"], true), (["x"], false),
            ([], false),
        ])
    func names(_ names: [String], _ mayBe: Bool) {
        #expect(ReleaseEvidence.mayBeRelease(names: names) == mayBe)
        if mayBe { #expect(names.contains { ReleaseFinder.isReleaseName($0) }) }
    }
}
