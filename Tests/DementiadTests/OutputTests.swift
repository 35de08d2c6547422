// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import TestSupport
import Testing

/// What is printed arrives, or the exit status says that it did not; and no name of others acts upon a terminal.
@Suite("Output of dementiad")
struct OutputTests {
    /// `dementiad` with its standard output led by the shell to `place`, such as `>/dev/full`.
    private func run(_ arguments: [String], _ place: String) throws -> Tool.Result {
        let program = try Place.built("dementiad")
        return try Tool.run(["sh", "-c", "exec \"$0\" \"$@\" \(place)", program] + arguments)
    }

    @Test("A full device is status 1 and a sentence, whatever was to be printed", arguments: [">/dev/full", ">&-"])
    func full(_ place: String) throws {
        let project = try Project(.v4_4)
        let once = ["once", "--allow-root", "--watch", project.root, "--state-dir", project.state]
        let calls = [
            once, once + ["--json"], once + ["--verify-backups"], once + ["--verify-backups", "--json"], ["--help"],
            ["--version"], ["once", "--help"], ["config-check", project.folder.file("none.yaml")],
        ]
        for call in calls.dropLast() {
            let end = try run(call, place)
            #expect(end.status == 1, "\(call)")
            #expect(end.output.contains("could not be written"), "\(call): \(end.output)")
        }
        // A failure keeps its own status, and is told elsewhere when its document could not be.
        let failure = try run(calls[calls.count - 1] + ["--json"], place)
        #expect(failure.status == 78 && failure.output.contains("could not be written"))
    }

    @Test("A reader that has gone ends no work, and the pass ends by SIGPIPE where it would have ended with 0")
    func unread() throws {
        let project = try Project()
        let once = ["once", "--allow-root", "--watch", project.root, "--state-dir", project.state, "--json"]
        let config = project.folder.file("c.yaml")
        try write(Array("backup: {minFree: 0}\n".utf8), to: config)
        let status = project.folder.file("status")
        let script = "{ \"$0\" \"$@\"; echo $? >\(status); } | true"
        try Tool.run(["bash", "-c", script, Place.built("dementiad")] + once + ["--config", config])
        #expect(String(decoding: try content(of: status), as: UTF8.self) == "141\n")
        #expect(try project.backups().count == 1)
        // What went wrong keeps its own status.
        try write(Array("not a database, and long enough for one".utf8), to: project.memory)
        try Tool.run(["bash", "-c", script, Place.built("dementiad")] + once + ["--config", config])
        #expect(String(decoding: try content(of: status), as: UTF8.self) == "14\n")
    }

    @Test("A closed standard output never becomes a file that is opened later")
    func closed() throws {
        let project = try Project()
        let config = project.folder.file("c.yaml")
        try write(Array("backup: {minFree: 0}\n".utf8), to: config)
        let once = ["once", "--allow-root", "--watch", project.root, "--state-dir", project.state, "--config", config]
        #expect(try run(once, ">&- 2>&-").status == 1)
        let proof = try project.once(["--verify-backups"])
        #expect(proof.status == 0, "\(proof.output) \(proof.errors)")
    }

    @Test("What stands in names does not reach a terminal: text, documents, errors and logs")
    func controls() throws {
        let project = try Project(nil)
        let odd = "esc\u{1B}[31mred\u{1B}]0;t\u{7}\u{9B}2J\u{202E}x\nline\u{7F}"
        let folder = "\(project.root)/\(odd)"
        try Directory.create(folder)
        try Fixture.v4_0.copy(to: "\(folder)/.claude-memory.db")
        func isClean(_ text: String) -> Bool {
            text.split(separator: "\n").joined().unicodeScalars.allSatisfy { !PrintableText.isControl($0) }
        }
        let asked = try project.once(["--mode", "ask"])
        #expect(asked.status == 0 && isClean(asked.output) && asked.output.contains("esc\\u{1b}[31mred"))
        // Each memory is one line and its facts: a line feed in a name begins no line of its own.
        #expect(asked.output.contains("\\u{a}line"))
        let text = try project.once()
        #expect(text.status == 0 && isClean(text.output) && isClean(text.errors), "\(text.output)")
        let json = try project.once(["--json"])
        #expect(isClean(json.output) && json.output.contains("\\u001b[31m") && json.output.contains("\\u009b"))
        let missing = try Daemon(["once", "--watch", folder + "/no\u{1B}c", "--state-dir", project.state]).run()
        #expect(missing.status == 10 && isClean(missing.errors) && missing.errors.contains("no\\u{1b}c"))
    }
}
