// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import LinuxKit
import Releases
import TestSupport
import Testing

/// Every commit that upstream ever made, where its repository is at hand. Upstream's sources are no part of this project.
@Suite struct UpstreamHistoryTests {
    static let repository = getenv("DEMENTIA_UPSTREAM").map { String(cString: $0) }

    /// What git answers, through a file: a server is longer than a pipe holds.
    private func git(_ command: String, in folder: TemporaryFolder) throws -> [UInt8] {
        let repository = try #require(Self.repository)
        let shell = ["sh", "-c", "git --git-dir='\(repository)' \(command) >'\(folder.file("answer"))'"]
        let ending = try ChildProcess.output(of: shell, environment: Git.environment, timeout: .seconds(60)).ending
        #expect(ending == .exited(0), "\(command)")
        return try content(of: folder.file("answer"))
    }

    @Test(
        "every commit is recognised, known, and of the line and version that docs/design/dementia.md gives it",
        .enabled(if: repository != nil, "set DEMENTIA_UPSTREAM to the git directory of upstream's repository"))
    func everyCommit() throws {
        let folder = try TemporaryFolder()
        let recogniser = ReleaseRecogniser(catalogue: try Catalogue())
        let commits = String(decoding: try git("rev-list --all", in: folder), as: UTF8.self).split(separator: "\n")
        #expect(commits.count >= 330)
        var answers: [String: Set<String>] = [:]
        var blobs: [Substring: [UInt8]] = [:]
        for commit in commits {
            let tree = String(decoding: try git("ls-tree -r \(commit)", in: folder), as: UTF8.self)
            var evidence = ReleaseEvidence()
            for line in tree.split(separator: "\n") {
                let parts = line.split(separator: "\t")
                guard parts.count == 2, ReleaseEvidence.fileNames.contains(String(parts[1])) else { continue }
                let id = parts[0].suffix(40)
                let bytes = try blobs[id] ?? git("cat-file blob \(id)", in: folder)
                blobs[id] = bytes
                evidence.files[String(parts[1])] = ReleaseEvidence.File(bytes)
            }
            guard let release = recogniser.recognise(evidence) else {
                answers["none", default: []].insert(String(commit.prefix(7)))
                continue
            }
            #expect(release.strangers == [], "\(commit)")
            let version = release.version.map(String.init) ?? "-"
            let answer = "\(release.line?.rawValue ?? "pages") \(version) \(release.label)"
            answers[answer, default: []].insert(String(commit.prefix(7)))
        }
        for (answer, commits) in answers.sorted(by: { $0.key < $1.key }) {
            print("\(answer): \(commits.count), such as \(commits.sorted().prefix(3).joined(separator: " "))")
        }
        let known = [
            ("6a18838", "sqlite-4 1 4.0.0"), ("8d5576f", "sqlite-4 1 4.0.0-rc1"), ("d3ea2ed", "sqlite-4 2 4.0.0-rc1"),
            ("dc8e819", "sqlite-4 2 4.0.0-rc1"), ("3e01840", "sqlite-4 3 4.0.0-rc1"), ("49a9ffc", "sqlite-4 4 4.2.0"),
            ("7b97e50", "postgres-4 0 4.2.0"), ("9832cbf", "postgres-4 3 4.2.0"), ("2665e8e", "postgres-4 5 4.2.0"),
            ("9c98f98", "postgres-4 7 4.2.0"), ("6e4d665", "postgres-4 10 4.2.0"), ("b0ea5da", "postgres-4 11 4.2.0"),
            ("b69ef67", "lean-3 0 3.1.0"), ("7141cea", "lean-3 0 3.1.0"), ("ec9368e", "pages - 3.0.0"),
            ("9848c53", "sqlite-4 0 claude-intelligence 0.2"), ("91efc9d", "sqlite-4 0 claude-intelligence 0.4"),
        ]
        for (commit, answer) in known {
            #expect(answers[answer]?.contains(commit) == true, "\(commit) is not \(answer)")
        }
    }
}
