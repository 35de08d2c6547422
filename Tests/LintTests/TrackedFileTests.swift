// SPDX-License-Identifier: MIT

import FoundationEssentials
import LinuxKit
import Testing

/// What lies in the repository is meant to lie there.
@Suite("Tracked files")
struct TrackedFileTests {
    @Test("Names are plain, and binaries are fixtures")
    func plain() throws {
        // A copy without git's folder tracks nothing.
        guard let tracked = try TrackedFiles(of: SourceTree.root) else { return }
        #expect(tracked.files.count > 500)
        for fault in tracked.faults { Issue.record("\(fault)") }
    }

    @Test("A name that is not plain and a binary at the wrong place are each found")
    func sensitivity() {
        var listing = Array("i/lf    w/lf    attr/                 \tSources/A+b@2.swift\0".utf8)
        listing += Array("i/-text w/-text attr/                 \tTests/Fixtures/a.db\0".utf8)
        listing += Array("i/-text w/-text attr/                 \tdocs/a.db\0".utf8)
        listing += Array("i/none  w/none  attr/                 \ta b\0".utf8)
        listing += Array("i/-text w/-text attr/                 \t".utf8) + [0xF3, 0x0A, 0]
        #expect(
            TrackedFiles(listing: listing).faults == [
                "docs/a.db: a binary outside of Tests/Fixtures", "a b: the name is not plain",
                #"\u{00F3}\n: the name is not plain"#,
            ])
    }

    @Test("No file looks beside the repository")
    func inside() throws {
        guard let tracked = try TrackedFiles(of: SourceTree.root) else { return }
        let outside = ["../" + "shared", "/wor" + "k/main", "/wor" + "k/shared"]
        for file in tracked.files where !file.isBinary {
            let path = String(decoding: file.path, as: UTF8.self)
            // A file that is taken away but not yet in a commit is still tracked.
            guard try FileStatus.ifPresent("\(SourceTree.root)/\(path)")?.kind == .file else { continue }
            let text = String(decoding: try OpenFile.content(of: "\(SourceTree.root)/\(path)"), as: UTF8.self)
            for way in outside where text.contains(way) { Issue.record("\(path) says \(way)") }
        }
    }
}
