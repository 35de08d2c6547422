// SPDX-License-Identifier: MIT

import Dementia
import FoundationEssentials
import GuardCore
import LinuxKit
import Releases
import TestSupport
import Testing

/// Puts `files` into `folder`; others stay.
func put(_ files: [String: String], into folder: String) throws {
    for (name, text) in files {
        let path = "\(folder)/\(name)"
        try Directory.createAll(Directory.parent(of: path))
        try write(Array(text.utf8), to: path)
    }
}

/// git in a test's folder, without anybody's settings. What it writes has to be little.
struct Git: Sendable {
    let folder: String

    static let environment = [
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_EDITOR": "true", "PATH": "/usr/local/bin:/usr/bin:/bin",
    ]

    /// Runs git, and gives its first line.
    @discardableResult
    func run(_ arguments: String..., failing: Bool = false) throws -> String {
        // What git says of a failure that is wanted is no news to whoever reads the tests' output.
        let program = failing ? ["sh", "-c", "git \"$@\" 2>/dev/null", "git"] : ["git"]
        let command =
            program + ["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", "-C", folder] + arguments
        let (ending, output) = try ChildProcess.output(
            of: command, environment: Self.environment, timeout: .seconds(60))
        #expect((ending == .exited(0)) != failing, "git \(arguments)")
        return String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Commits everything in the folder, and gives the commit.
    @discardableResult
    func commit(_ files: [String: String], _ message: String = "next") throws -> String {
        try put(files, into: folder)
        try run("add", "--all")
        try run("commit", "--quiet", "--allow-empty", "--message", message)
        return try head()
    }

    func head() throws -> String { try run("rev-parse", "HEAD") }
}

/// A temporary folder with checkouts in it.
final class Trees: Sendable {
    let temporary: TemporaryFolder
    let reader: ReleaseReader
    let git: Git

    /// The checkout of the release, which ``git`` works in.
    var folder: String { git.folder }

    /// A checkout without a commit, or a plain folder; `isDated` gives the reader a clock.
    init(isCheckout: Bool = true, isDated: Bool = false) throws {
        temporary = try TemporaryFolder()
        let clock: WallClock = { Timestamp(Date()) }
        reader = ReleaseReader(catalogue: try Catalogue(), now: isDated ? clock : nil)
        git = Git(folder: try temporary.folder("release"))
        if isCheckout { try git.run("init", "--quiet") }
    }

    /// What the reader says; the release has to be there.
    func installed(_ folder: String? = nil) throws -> InstalledRelease {
        let reading = try reader.read(folder ?? self.folder)
        guard case .release(let installed) = reading else {
            throw Unexpected(reading: reading)
        }
        return installed
    }

    struct Unexpected: Error {
        let reading: Reading
    }
}
