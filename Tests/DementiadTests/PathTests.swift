// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

/// Folders and files that are there, and that a pass cannot take for what they seem.
@Suite("Paths that a pass cannot use")
struct PathTests {
    private func isMigrated(_ path: String) throws -> Bool {
        try Shell.run(path, "SELECT count(*) FROM pragma_table_info('context_locks') WHERE name = 'preview';") == ["1"]
    }

    @Test(
        "A memory on a path that is not UTF-8 is named in the document and in the text, and its neighbour is migrated")
    func notText() throws {
        let project = try Project()
        try Directory.create(project.root + "/odd")
        try Fixture.v4_0.copy(to: project.root + "/odd/.claude-memory.db")
        let target = Array((project.root + "/caf").utf8) + [0xe9]
        try #require(rename(project.root + "/odd", target.map { CChar(bitPattern: $0) } + [0]) == 0)
        let result = try project.once(["--json"])
        #expect(result.status == 14, "\(result.output)\(result.errors)")
        let data = try JSON(result.output)["data"]
        #expect(data?["items"]?.count == 1)
        #expect(data?["problems"]?[0]?["code"] == .string(GuardError.Code.pathNotText.rawValue))
        #expect(data?["problems"]?[0]?["detail"]?.string?.contains("/caf\\xE9/.claude-memory.db") == true)
        #expect(try isMigrated(project.memory))
        let text = try project.once()
        #expect(text.status == 14 && text.output.contains("/caf\\xE9/.claude-memory.db"))
    }

    @Test("A folder that cannot be looked into is named in the document and in the text")
    func unreadable() throws {
        let project = try Project()
        // Deeper than the system takes a path: not even root can look.
        var long = project.root
        while long.utf8.count + 201 < 4090 { long += "/" + String(repeating: "l", count: 200) }
        try Directory.createAll(long)
        let parent = open(long, O_RDONLY | O_DIRECTORY)
        defer { close(parent) }
        try #require(mkdirat(parent, String(repeating: "m", count: 250), 0o700) == 0)
        let configuration = "backup: {minFree: 0}\ndiscover: {maxDepth: 64}\n"
        let result = try project.once(["--json"], configuration: configuration)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let findings = try JSON(result.output)["data"]?["findings"]
        #expect(findings?.count == 1 && findings?[0]?["code"] == .string("folderUnreadable"), "\(result.output)")
        #expect(findings?[0]?["message"]?.string?.contains(long) == true)
        #expect(try isMigrated(project.memory))
    }

    @Test("A symbolic link with the name of a memory, and a copy of one, are told in the document and in the text")
    func links() throws {
        let project = try Project()
        try Directory.create(project.root + "/linked")
        let link = project.root + "/linked/.claude-memory.db"
        try #require(symlink(project.memory, link) == 0)
        let copy = project.root + "/linked/.claude-memory.db.bak"
        try Fixture.v4_0.copy(to: copy)
        let result = try project.once(["--json"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let data = try JSON(result.output)["data"]
        #expect(data?["items"]?.count == 1 && data?["findings"]?.count == 2)
        for (number, (code, path)) in [("linkNotFollowed", link), ("copyNotGuarded", copy)].enumerated() {
            let finding = data?["findings"]?[number]
            #expect(
                finding?["code"] == .string(code) && finding?["message"]?.string?.contains(path) == true,
                "\(result.output)")
        }
        let text = try project.once().output
        #expect(text.contains(link) && text.contains(copy))
    }

    @Test("A watched folder that has the name of a memory is told not to be one")
    func folderOfThatName() throws {
        let project = try Project(nil)
        let folder = project.root + "/.claude-memory.db"
        try Directory.create(folder)
        let result = try Daemon(
            ["once", "--watch", folder, "--state-dir", project.state, "--json"], configuration: "backup: {minFree: 0}\n"
        ).run()
        #expect(result.status == 14, "\(result.output)")
        let item = try JSON(result.output)["data"]?["items"]?[0]
        #expect(item?["store"]?["location"] == .string(folder), "\(result.output)")
        #expect(item?["operation"]?["error"]?["detail"]?.string?.contains("is not a file") == true, "\(result.output)")
    }

    @Test(
        "A word of the command line that is not UTF-8 is refused, and no other file is named by it",
        arguments: [[], ["--json"]])
    func oddWord(_ form: [String]) throws {
        let project = try Project()
        // The shell makes the byte: a Swift text cannot hold it.
        let script = "exec \"$0\" once --state-dir \"$1/caf$(printf '\\351')\" --watch \"$1\" \"${@:2}\""
        let words =
            ["bash", "-c", script, try Place.built("dementiad"), project.root] + form
            + (geteuid() == 0 ? ["--allow-root"] : [])
        let result = try Tool.run(words)
        // A document writes a backslash as two.
        let word = form.isEmpty ? #"caf\xE9"# : #"caf\\xE9"#
        #expect(
            result.status == 64 && result.output.contains(word), "\(result.output)")
        #expect(try Directory.entries(project.root).contains { $0.hasPrefix("caf") } == false)
    }

    @Test(
        "A limit on the length of files is a matter of room, also where it would end the process", arguments: [3, 12])
    func fileSizeLimit(blocks: Int) throws {
        let project = try Project()
        try Shell.run(
            project.memory,
            "CREATE TABLE workspace_big (x BLOB); INSERT INTO workspace_big SELECT randomblob(100000) FROM generate_series(1, 30);"
        )
        let before = try project.files()
        let daemon = try Place.built("dementiad")
        let configuration = project.folder.file("dementiad.yaml")
        try write(Array("backup: {minFree: 0}\n".utf8), to: configuration)
        // In units of 512 bytes: less than the copy needs.
        let command = "ulimit -f \(blocks * 200); exec \"$@\""
        var words = [
            "sh", "-c", command, "sh", daemon, "once", "--json", "--watch", project.root, "--state-dir", project.state,
        ]
        words += ["--config", configuration] + (geteuid() == 0 ? ["--allow-root"] : [])
        let result = try Tool.run(words)
        #expect(result.status > 0, "\(result.output)")
        #expect(try project.files() == before)
        let document = result.output.split(separator: "\n").first { $0.hasPrefix("{") }
        let whole = try JSON(String(document ?? ""))
        let error = whole["error"] ?? whole["data"]?["items"]?[0]?["operation"]?["error"]
        #expect(error?["code"] == .string("noSpace"), "\(result.output)")
    }
}
