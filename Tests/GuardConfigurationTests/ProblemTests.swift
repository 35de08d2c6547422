// SPDX-License-Identifier: MIT

import GuardConfiguration
import Testing

@Suite("Problems")
struct ProblemTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test("R19: every problem of every source is reported at once, by place, with what was probably meant")
    func allAtOnce() throws {
        try folder.write(
            """
            discover:
              root: [~/work]
              maxDepth: deep
            migrate:
              mode: atuo
              mode: ask
            watch: {settle: 15, maxWait: 30s, poll_every: 1m}
            logs: debug
            """,
            to: "etc/dementiad.yaml")
        try folder.write("backup:\n  level: 99\n\tevery: 1d\n", to: "etc/dementiad.d/10.yaml")
        try folder.write("backup: {budget: 10G}", to: "etc/dementiad.d/20.yaml")
        let sources = folder.sources(
            environment: ["DEMENTIAD_MIGRATE_MOED": "ask", "DEMENTIAD_BACKUP_LEVEL": "high"],
            flags: [.init(.logLevel, name: "--log-level", values: ["loud"])])
        let levels = "trace, debug, info, notice, warning, error, critical"
        #expect(
            folder.problems(sources) == [
                "etc/dementiad.yaml:2:3: unknown key in 'discover': 'root'; did you mean 'roots'?",
                "etc/dementiad.yaml:3:13: expected a whole number from 0 to 64, found 'deep'",
                "etc/dementiad.yaml:5:9: expected one of auto, ask, off, found 'atuo'; did you mean 'auto'?",
                "etc/dementiad.yaml:6:3: the key 'mode' is given twice, first in line 5",
                "etc/dementiad.yaml:7:17: expected a duration such as 1.5s, 30s, 15m, 24h or 7d, found '15'; "
                    + "add a unit: 15s, 15m or 15h",
                "etc/dementiad.yaml:7:35: unknown key in 'watch': 'poll_every'; did you mean 'pollEvery'?",
                "etc/dementiad.yaml:8:1: unknown key: 'logs'; did you mean 'log'?",
                "etc/dementiad.d/10.yaml:3:1: not valid YAML: found a tab character that violates indentation, "
                    + "while scanning a plain scalar; indent with spaces, YAML allows no tabs there",
                "etc/dementiad.d/20.yaml:1:18: expected a size such as 10GiB, 500MB or a number of bytes, or 'auto' "
                    + "(the smaller of 10 GiB and 10 % of the filesystem), found '10G'; did you mean '10GiB'?",
                "environment variable DEMENTIAD_BACKUP_LEVEL: expected a whole number from 1 to 19, found 'high'",
                "environment variable DEMENTIAD_MIGRATE_MOED: there is no such setting; "
                    + "did you mean 'DEMENTIAD_MIGRATE_MODE'?",
                "flag --log-level: expected one of \(levels), found 'loud'",
            ])
    }

    @Test("A problem knows file, line and column as numbers")
    func numbers() throws {
        let file = try folder.write("api:\n  reader: []\n", to: "a.yaml")
        let error = #expect(throws: ConfigurationErrors.self) {
            try ConfigurationLoader.load(folder.sources(.only(file)))
        }
        let problem = try #require(error?.problems.first)
        #expect(problem.file == file)
        #expect(problem.line == 2)
        #expect(problem.column == 3)
        #expect(problem.message == "unknown key in 'api': 'reader'")
    }

    @Test(
        "What is unknown, misplaced or not a value of its setting is refused",
        arguments: [
            ("mode: ask", "1:1: unknown key: 'mode'; did you mean 'migrate.mode'?"),
            (
                "backup.keep.last: 3",
                "1:1: unknown key: 'backup.keep.last'; write the parts of 'backup.keep.last' as sections: "
                    + "backup: {keep: {last: ...}}"
            ),
            ("version: 1", "1:1: unknown key: 'version'"),
            ("[]", "1:1: the file has to be a section of 'key: value' lines, found a list"),
            ("backup: [3]", "1:9: 'backup' has to be a section of 'key: value' lines, found a list"),
            (
                "discover: {roots: ~/work}",
                "1:19: expected a list of paths such as [~/work, /srv], found a single value; "
                    + "write it as a list, in [ ]"
            ),
            (
                "discover: {roots: }",
                "1:19: expected a list of paths such as [~/work, /srv], found nothing; an empty list is []"
            ),
            (
                "discover: {roots: [~alice/x]}",
                "1:20: '~alice/x': only '~' and '~/...' are expanded; "
                    + "write the whole path, or './~alice/x' for a folder of that name"
            ),
            ("discover: {roots: [[a]]}", "1:20: expected a path, found a list"),
            (
                "discover: {maxDepth: \"8\"}",
                "1:22: expected a whole number from 0 to 64, found the quoted text '8'; remove the quotes"
            ),
            ("discover: {maxDepth: 010}", "1:22: expected a whole number from 0 to 64, found '010'"),
            ("discover: {maxDepth: -1}", "1:22: -1 is out of range, expected a whole number from 0 to 64"),
            ("verify: {timeout: 0s}", "1:19: '0s' is out of range, expected a duration from 0.1s to 3650d"),
            ("watch: {settle: 1m}", "1:9: 'watch.maxWait' (30s) is shorter than 'watch.settle' (1m)"),
            (
                "verify: {command: {a: b}}",
                "1:19: expected a list of words such as [make, check], or one line for /bin/sh, found a section"
            ),
            ("releases: {paths: [\"a\\0b\"]}", "1:20: expected a path, found a text with a zero byte"),
            ("log: {level: &l info}", "1:14: anchors and aliases are not supported; write the value out"),
            ("log: {level: !!str info}", "1:14: tags are not supported; write the plain value"),
            ("log: {[a]: info}", "1:7: a key has to be a plain name"),
            ("a: &b {c: d}\n<<: *b", "1:4: anchors and aliases are not supported; write the value out"),
            (
                "log:\n  level: info\n---\nlog:\n",
                "3:1: not valid YAML: but found another document, expected a single document in the stream"
            ),
            ("log:\n  level: \u{7}", "2:10: the character U+7 is not allowed in a YAML file"),
            ("log: [", "2:1: not valid YAML: did not find expected node content, while parsing a flow node"),
        ])
    func refused(_ text: String, _ problem: String) throws {
        #expect(try folder.problems(text).first == problem)
    }

    @Test("Equal keys are found in every mapping, and hide no other problem")
    func duplicates() throws {
        let text = """
            log: {level: info, "level": debug}
            backup:
              keep:
                last: 1
                last: 2
                last: 0
            log:
              level: off
            """
        let words = "trace, debug, info, notice, warning, error, critical"
        #expect(
            try folder.problems(text) == [
                "1:20: the key 'level' is given twice, first in line 1",
                "5:5: the key 'last' is given twice, first in line 4",
                "6:5: the key 'last' is given twice, first in line 4",
                "6:11: 0 is out of range, expected a whole number from 1 to 100000",
                "7:1: the key 'log' is given twice, first in line 1",
                "8:10: expected one of \(words), found 'off'",
            ])
        #expect(
            try folder.problems("1: a\n1: b\n") == [
                "1:1: unknown key: '1'", "2:1: the key '1' is given twice, first in line 1", "2:1: unknown key: '1'",
            ])
        #expect(
            try folder.problems("watch: {settle: 1s, settle: 2s}\nlog: [\n") == [
                "1:21: the key 'settle' is given twice, first in line 1",
                "3:1: not valid YAML: did not find expected node content, while parsing a flow node",
            ])
    }

    @Test("A missing file is a problem only when it was asked for")
    func missingFile() throws {
        #expect(folder.problems(folder.sources(.only("\(folder.path)/no.yaml"))) == ["no.yaml: there is no such file"])
        #expect(folder.problems(folder.sources()).isEmpty)
    }

    @Test("What cannot be read as a file of text is refused")
    func unreadable() throws {
        try folder.write("", to: "d.yaml/x")
        #expect(
            folder.problems(folder.sources(.only("\(folder.path)/d.yaml"))) == ["d.yaml: it is a folder, not a file"])
        let latin = try folder.write(Array("log:\n  level: ".utf8) + [0xE4], to: "latin.yaml")
        #expect(folder.problems(folder.sources(.only(latin))) == ["latin.yaml:2:1: this line is not UTF-8 text"])
        let large = try folder.write([UInt8](repeating: UInt8(ascii: "#"), count: 1 << 20 + 1), to: "large.yaml")
        #expect(folder.problems(folder.sources(.only(large))) == ["large.yaml: the file is larger than 1 MiB"])
    }

    @Test("A file that cannot be read keeps its place among the problems")
    func unreadableInOrder() throws {
        try folder.write("", to: "etc/dementiad.d/10.yaml/x")
        try folder.write("a: b", to: "etc/dementiad.d/20.yaml")
        #expect(
            folder.problems(folder.sources()) == [
                "etc/dementiad.d/10.yaml: it is a folder, not a file",
                "etc/dementiad.d/20.yaml:1:1: unknown key: 'a'",
            ])
    }

    @Test("A drop-in with the other ending of YAML is not overlooked")
    func otherEnding() throws {
        try folder.write("", to: "etc/dementiad.d/10.yml")
        #expect(
            folder.problems(folder.sources()) == [
                "etc/dementiad.d/10.yml: a drop-in has to end in '.yaml'; rename it to '10.yaml'"
            ])
    }

    @Test("Without HOME and without roots there is nothing to guard, and it is said")
    func noHome() throws {
        let sources = folder.sources(environment: ["HOME": ""])
        #expect(
            folder.problems(sources) == [
                "environment variable HOME: is not set to an absolute path, and 'discover.roots' is not set either; "
                    + "set one of the two"
            ])
        var named = sources
        named.flags = [.init(.discoverRoots, name: "--watch", values: ["/srv"])]
        #expect(folder.problems(named).isEmpty)
        named.flags = [.init(.discoverRoots, name: "--watch", values: ["~/a"])]
        #expect(folder.problems(named) == ["flag --watch: '~' is unknown because HOME is not set to an absolute path"])
    }

    @Test("Nested aliases cannot make a small file large")
    func aliasBomb() throws {
        let lines = (1..<40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
        let found = try folder.problems((["a0: &a0 [x, y]"] + lines).joined(separator: "\n"))
        #expect(found.contains("40:6: anchors and aliases are not supported; write the value out"))
        #expect(found.count == 40)
    }

    @Test("Nesting without end is refused")
    func deepNesting() throws {
        let found = try folder.problems(String(repeating: "[", count: 100_000))
        #expect(found.count == 1)
    }
}
