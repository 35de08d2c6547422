// SPDX-License-Identifier: MIT

import FoundationEssentials
import LinuxKit

/// The files that the repository tracks.
struct TrackedFiles {
    /// One of them.
    struct File: Equatable {
        let path: [UInt8]
        /// Whether git takes it for something else than text.
        let isBinary: Bool

        /// For a message: what is not plain is escaped.
        var shownPath: String { path.map { String(UnicodeScalar($0).escaped(asASCII: true)) }.joined() }
    }

    let files: [File]

    /// Reads what `git ls-files --eol -z` says: `i/lf w/lf attr/…`, a tab, and the path, each ended by a zero byte.
    init(listing: [UInt8]) {
        files = listing.split(separator: 0).compactMap { entry in
            guard let tab = entry.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
            return File(
                path: Array(entry[(tab + 1)...]), isBinary: entry.starts(with: Array("i/-text".utf8)))
        }
    }

    /// Asks git about the checkout `root`, whoever owns it; nil when it is no checkout.
    init?(of root: String) throws {
        guard try FileStatus.ifPresent(root + "/.git") != nil else { return nil }
        let list = FileManager.default.temporaryDirectory.appending(path: "dementiad-lint-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: list) }
        // Into a file: the list is longer than a pipe holds.
        let (ending, _) = try ChildProcess.output(
            of: [
                "sh", "-c", #"exec git -c safe.directory='*' -C "$1" ls-files --eol -z >"$2""#, "sh", root, list,
            ],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""], timeout: .seconds(60))
        guard ending == .exited(0) else { throw SystemCallError(call: "git ls-files: \(ending)", errno: 0) }
        self.init(listing: Array(try Data(contentsOf: URL(filePath: list))))
    }

    /// Files whose names are not plain, and binaries that are no fixtures.
    var faults: [String] {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@+-".utf8)
        return files.compactMap { file in
            if !file.path.allSatisfy(plain.contains) { return "\(file.shownPath): the name is not plain" }
            if file.isBinary, !file.path.starts(with: Array("Tests/Fixtures/".utf8)) {
                return "\(file.shownPath): a binary outside of Tests/Fixtures"
            }
            return nil
        }
    }
}
