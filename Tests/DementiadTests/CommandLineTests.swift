// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test("Wrong use is 64, on standard error, and as a document with --json")
    func usage() throws {
        let text = try Daemon(["once", "--no-such-flag"]).run()
        #expect(text.status == 64)
        #expect(text.output == "" && text.errors.contains("--no-such-flag"))
        let json = try Daemon(["once", "--no-such-flag", "--json"]).run()
        #expect(json.status == 64)
        #expect(json.errors == "")
        let document = try JSON(json.output)
        #expect(document.keys == ["api", "kind", "error"])
        #expect(document["kind"] == .string("error"))
        #expect(document["error"]?["code"] == .string("usage"))
        #expect(document["error"]?["detail"]?.string?.contains("--no-such-flag") == true)
    }

    @Test("A mode that there is not is wrong use, and says which there are")
    func badMode() throws {
        let project = try Project()
        let result = try project.once(["--mode", "yolo"])
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errors.contains("auto") && result.errors.contains("ask"))
    }

    @Test("A configuration with faults is 78, names every one of them with its place, and nothing is done")
    func configuration() throws {
        let project = try Project()
        let before = try project.files()
        let result = try project.once(["--json"], configuration: "migrate: {mood: auto}\nbackup: {level: 99}\n")
        #expect(result.status == 78)
        let error = try JSON(result.output)["error"]
        #expect(error?["code"] == .string("configuration"))
        #expect(error?["causes"]?.count == 2)
        #expect(try project.files() == before)
        #expect(try FileStatus.ifPresent(project.state) == nil)
    }

    @Test("What a check command is told does not keep it from calling dementiad; a variable that means nothing does")
    func environment() throws {
        let project = try Project()
        let arguments = ["once", "--mode", "ask", "--watch", project.root, "--state-dir", project.state]
        #expect(try Daemon(arguments, environment: ["DEMENTIAD_PHASE=live", "DEMENTIAD_STORE=/x"]).run().status == 0)
        let result = try Daemon(arguments, environment: ["DEMENTIAD_MODE=off"]).run()
        #expect(result.status == 78)
        #expect(result.errors.contains("DEMENTIAD_MODE"))
    }

    @Test("A folder that is not there is 10, names it, and says what to do", arguments: [true, false])
    func missing(isJSON: Bool) throws {
        let project = try Project(nil)
        let arguments =
            ["once", "--watch", "/no/such/folder", "--state-dir", project.state] + (isJSON ? ["--json"] : [])
        let result = try Daemon(arguments).run()
        #expect(result.status == 10)
        #expect((isJSON ? result.output : result.errors).contains("/no/such/folder"))
        #expect(isJSON ? result.errors == "" : result.output == "")
    }

    @Test("As root it refuses with 78, and does nothing", .enabled(if: geteuid() == 0, "needs root"))
    func root() throws {
        let project = try Project()
        let before = try project.files()
        let result = try project.once(["--no-allow-root"])
        #expect(result.status == 78)
        #expect(result.errors.contains("--allow-root"))
        #expect(try project.files() == before)
        #expect(try FileStatus.ifPresent(project.state) == nil)
    }

    @Test("A state directory that cannot be made is 12, and names it")
    func state() throws {
        let project = try Project()
        let file = project.folder.file("file")
        try write([], to: file)
        let result = try Daemon(["once", "--watch", project.root, "--state-dir", file + "/state"]).run()
        #expect(result.status == 12)
        #expect(result.errors.contains(file + "/state"))
    }

    @Test("A state directory that everybody may write is closed, and that is told on standard error")
    func openState() throws {
        let project = try Project()
        try Directory.create(project.state)
        try #require(chmod(project.state, 0o777) == 0)
        let result = try project.once(["--json"])
        #expect(result.status == 0 && result.errors.contains("was closed"), "\(result.errors)")
        #expect(try FileStatus(of: project.state).mode == 0o700)
        #expect(try project.once(["--json"]).errors == "")
    }

    @Test("Home, state directory and watched folder may lie behind links")
    func links() throws {
        let project = try Project()
        let link = project.folder.file("link")
        try #require(symlink(project.folder.path, link) == 0)
        let daemon = try Daemon(
            ["once", "--watch", link + "/shop"], environment: ["HOME=\(link)/home", "XDG_STATE_HOME="])
        let result = try daemon.run()
        #expect(result.status == 0, "\(result.errors)")
        #expect(try FileStatus.ifPresent(project.folder.file("home/.local/state/dementiad/journal.db")) != nil)
    }

    @Test("B24: under umask 000 nobody else can read what it makes")
    func rights() throws {
        let project = try Project()
        let daemon = try Daemon(["once", "--watch", project.root, "--state-dir", project.state], umask: "000")
        #expect(try daemon.run().status == 0)
        let open = try Tool.run(["find", project.state, "-perm", "/077", "-printf", "%m %p\\n"])
        #expect(open.output == "")
    }

    @Test("Help and version are results")
    func help() throws {
        let help = try Daemon(["--help"]).run()
        #expect(help.status == 0 && help.output.contains("once") && help.errors == "")
        let version = try Daemon(["--version"]).run()
        #expect(version.status == 0 && version.output.split(separator: ".").count == 3)
    }
}
