// SPDX-License-Identifier: MIT

import Glibc
import GuardConfiguration
import GuardCore
import Testing

@Suite("Loading")
struct LoadingTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test("Without any file, variable or flag every value is the default")
    func defaults() throws {
        let loaded = try ConfigurationLoader.load(folder.sources())
        #expect(loaded.settings == Settings(home: "\(folder.path)/home"))
        #expect(loaded.filesRead.isEmpty)
        #expect(SettingKey.allCases.allSatisfy { loaded.origin(of: $0) == .builtIn })
        #expect(loaded.settings.discover.roots == ["\(folder.path)/home"])
    }

    @Test("Files, drop-ins, environment and flags are read in this order, and the last one wins")
    func order() throws {
        // Each source sets its own level of keep and everything that weaker sources set before it.
        let files = [
            "etc/dementiad.yaml", "etc/dementiad.d/10-a.yaml", "etc/dementiad.d/20-b.yaml",
            "home/.config/dementiad/dementiad.yaml", "home/.config/dementiad/dementiad.d/05-c.yaml",
        ]
        let keys = ["last", "daily", "weekly", "beforeMigration"]
        for (index, file) in files.enumerated() {
            let lines = keys.dropFirst(index).map { "    \($0): \(index + 20)\n" }.joined()
            try folder.write("backup:\n  level: \(index + 1)\n  keep:\n\(lines)", to: file)
        }
        try folder.write("not: read", to: "etc/dementiad.d/ignored.yaml~")
        try folder.write("not: read", to: "etc/dementiad.d/.hidden.yaml")

        var loaded = try ConfigurationLoader.load(folder.sources())
        let keep = loaded.settings.backup.keep
        #expect(loaded.filesRead.map { $0.replacing("\(folder.path)/", with: "") } == files)
        #expect([keep.last, keep.daily, keep.weekly, keep.beforeMigration] == [20, 21, 22, 23])
        #expect(loaded.settings.backup.level == 5)
        let place = Place.position(file: "\(folder.path)/\(files[4])", line: 2, column: 3)
        #expect(loaded.origin(of: .backupLevel) == .written(place))
        #expect(loaded.origin(of: .backupLevel).description == "\(folder.path)/\(files[4]):2")

        var sources = folder.sources(environment: ["DEMENTIAD_BACKUP_LEVEL": "6"])
        loaded = try ConfigurationLoader.load(sources)
        #expect(loaded.settings.backup.level == 6)
        #expect(loaded.origin(of: .backupLevel) == .written(.environment("DEMENTIAD_BACKUP_LEVEL")))

        sources.flags = [.init(.backupLevel, name: "--level", values: ["7"])]
        loaded = try ConfigurationLoader.load(sources)
        #expect(loaded.settings.backup.level == 7)
        #expect(loaded.origin(of: .backupLevel).description == "flag --level")
    }

    @Test("An explicit file and the drop-ins of its own name replace the standard chain")
    func explicitFile() throws {
        try folder.write("migrate: {mode: off}", to: "etc/dementiad.yaml")
        try folder.write("backup: {level: 4}", to: "desk/mine.yaml")
        try folder.write("backup: {every: never}", to: "desk/mine.d/a.yaml")
        try folder.write("backup: {every: 1h}", to: "desk/dementiad.d/a.yaml")
        let loaded = try ConfigurationLoader.load(folder.sources(.only("mine.yaml")))
        #expect(loaded.settings.migrate.mode == .auto)
        #expect(loaded.settings.backup.level == 4)
        #expect(loaded.settings.backup.every == nil)
        #expect(loaded.filesRead == ["\(folder.path)/desk/mine.yaml", "\(folder.path)/desk/mine.d/a.yaml"])
    }

    @Test(
        "A pipe in the place of a configuration file or a drop-in is a problem, and keeps nobody waiting",
        .timeLimit(.minutes(1)))
    func pipe() throws {
        try folder.write("backup: {level: 4}", to: "desk/mine.yaml")
        try folder.write("", to: "desk/mine.d/b.yaml")
        #expect(mkfifo("\(folder.path)/desk/mine.d/a.yaml", 0o600) == 0)
        let dropIn = folder.problems(folder.sources(.only("mine.yaml")))
        #expect(dropIn.count == 1 && dropIn[0].contains("mine.d/a.yaml") && dropIn[0].contains("pipe"), "\(dropIn)")
        #expect(mkfifo("\(folder.path)/desk/pipe.yaml", 0o600) == 0)
        let whole = folder.problems(folder.sources(.only("pipe.yaml")))
        #expect(whole.count == 1 && whole[0].contains("pipe.yaml"), "\(whole)")
    }

    @Test("A drop-in that leads to /dev/null says nothing")
    func switchedOff() throws {
        try folder.write("backup: {level: 4}", to: "desk/mine.yaml")
        try folder.write("", to: "desk/mine.d/b.yaml")
        #expect(symlink("/dev/null", "\(folder.path)/desk/mine.d/a.yaml") == 0)
        #expect(try ConfigurationLoader.load(folder.sources(.only("mine.yaml"))).settings.backup.level == 4)
    }

    @Test("XDG_CONFIG_HOME moves the user's file, and a relative one is ignored")
    func xdg() throws {
        try folder.write("backup: {level: 8}", to: "xdg/dementiad/dementiad.yaml")
        try folder.write("backup: {level: 9}", to: "home/.config/dementiad/dementiad.yaml")
        func level(_ value: String) throws -> Int {
            try ConfigurationLoader.load(folder.sources(environment: ["XDG_CONFIG_HOME": value])).settings.backup.level
        }
        #expect(try level("\(folder.path)/xdg") == 8)
        #expect(try level("xdg") == 9)
        #expect(try level("") == 9)
    }

    @Test(
        "A file that says nothing is fine",
        arguments: ["", "\n", "# a comment\n", "---\n", "null\n", "discover:\nbackup:\n  keep:\n"])
    func emptyFile(_ text: String) throws {
        #expect(try folder.load(text).settings == Settings(home: "\(folder.path)/home"))
    }

    @Test("A byte order mark and Windows line ends change nothing")
    func windows() throws {
        let loaded = try folder.load("\u{FEFF}migrate:\r\n  mode: ask\r\nbackup:\r\n  level: 7\r\n")
        #expect(loaded.settings.migrate.mode == .ask)
        #expect(loaded.settings.backup.level == 7)
        #expect(loaded.origin(of: .backupLevel).description.hasSuffix("one.yaml:4"))
    }

    @Test("Paths expand ~ and begin at the folder of their file, or at the working directory")
    func paths() throws {
        let text = """
            discover:
              roots: [~, "~/a//b/", /srv/./c/, d, ./e/../f]
              ignore: [target, ~/old, sub/dir]
            """
        let (home, here) = ("\(folder.path)/home", folder.path)
        let discover = try folder.load(text).settings.discover
        #expect(discover.roots == [home, "\(home)/a/b", "/srv/c", "\(here)/d", "\(here)/e/../f"])
        #expect(discover.ignore == ["target", "\(home)/old", "\(here)/sub/dir"])

        let sources = folder.sources(
            environment: ["DEMENTIAD_RELEASES_PATHS": "~/app:/opt/app:app"],
            flags: [.init(.discoverRoots, name: "--watch", values: [".", "with:colon"])])
        let settings = try ConfigurationLoader.load(sources).settings
        #expect(settings.releases.paths == ["\(home)/app", "/opt/app", "\(here)/desk/app"])
        #expect(settings.discover.roots == ["\(here)/desk", "\(here)/desk/with:colon"])
    }

    @Test("A flag without values empties a list, and so does an empty variable")
    func emptyLists() throws {
        let sources = folder.sources(
            environment: ["DEMENTIAD_DISCOVER_IGNORE": ""],
            flags: [.init(.discoverRoots, name: "--postgres", values: [])])
        let settings = try ConfigurationLoader.load(sources).settings
        #expect(settings.discover.roots.isEmpty)
        #expect(settings.discover.ignore.isEmpty)
    }

    @Test("Connections in a variable stand one a line, because URLs hold colons")
    func connectionsInEnvironment() throws {
        let urls = ["postgres://localhost:5432/app#shop", "service-name"]
        let sources = folder.sources(environment: ["DEMENTIAD_POSTGRES_CONNECTIONS": urls.joined(separator: "\n")])
        #expect(try ConfigurationLoader.load(sources).settings.postgres.connections == urls.map { ConnectionText($0) })
    }

    @Test("A check command is a list of words, or a line for the shell")
    func command() throws {
        func command(_ text: String) throws -> Command? {
            try folder.load("verify: {command: \(text)}").settings.verify.command
        }
        #expect(try command("[make, -C, \"\", check]") == .arguments(["make", "-C", "", "check"]))
        #expect(try command("[bin/check, a/b]") == .arguments(["\(folder.path)/bin/check", "a/b"]))
        #expect(try command("make check && echo 'ok'") == .shell("make check && echo 'ok'"))
        #expect(try command("[]") == nil)
        #expect(try command("\"\"") == nil)
        #expect(Command.shell("true").argv == ["/bin/sh", "-c", "true"])

        let sources = folder.sources(environment: ["DEMENTIAD_VERIFY_COMMAND": "a: b"])
        #expect(try ConfigurationLoader.load(sources).settings.verify.command == .shell("a: b"))
    }

    @Test("DEMENTIAD_SOCKET belongs to the client and is no setting")
    func socketVariable() {
        #expect(folder.problems(folder.sources(environment: ["DEMENTIAD_SOCKET": "/run/x"])).isEmpty)
    }

    @Test("Words that YAML 1.1 takes for booleans stay words")
    func norway() throws {
        #expect(try folder.load("migrate: {mode: off}").settings.migrate.mode == .off)
        #expect(
            try folder.load("api: {readerGroups: [no, on, 1000]}").settings.api.readerGroups == ["no", "on", "1000"])
    }
}
