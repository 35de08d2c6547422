// SPDX-License-Identifier: MIT

import GuardConfiguration
import GuardCore
import Testing

@Suite("PostgreSQL on the command line")
struct ConnectionFlagTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    private func sources(_ flags: [String], file: String? = nil) -> ConfigurationSources {
        var sources = folder.sources(flags: [.init(.postgresConnections, name: "--postgres", values: flags)])
        sources.connectionFile = file
        return sources
    }

    private func connections(_ sources: ConfigurationSources) throws -> [String] {
        try ConfigurationLoader.load(sources).settings.postgres.connections.map(\.text)
    }

    @Test("A file holds one connection a line; only a line that begins with # is a comment")
    func file() throws {
        let file = try folder.write(
            "# the shop\n\npostgres://ann:hunter2@db/app#shop\r\n  service#other # not a comment \n\t# one\nhost=db user=ann",
            to: "connections")
        #expect(
            try connections(sources([], file: file)) == [
                "postgres://ann:hunter2@db/app#shop", "service#other # not a comment", "host=db user=ann",
            ])
    }

    @Test("Flags and file are taken together, and replace what files and environment say")
    func together() throws {
        try folder.write("postgres: {connections: [configured]}", to: "etc/dementiad.yaml")
        try folder.write("third\n", to: "desk/list")
        #expect(try connections(sources(["first", "second"], file: "list")) == ["first", "second", "third"])
        #expect(try connections(sources(["first"])) == ["first"])
        #expect(try connections(sources([])) == [])
        #expect(try connections(folder.sources()) == ["configured"])
        var alone = folder.sources(environment: ["DEMENTIAD_POSTGRES_CONNECTIONS": "a\nb"])
        alone.connectionFile = "list"
        #expect(try connections(alone) == ["third"])
        let loaded = try ConfigurationLoader.load(alone)
        #expect(loaded.origin(of: .postgresConnections).description == "flag --postgres-file")
    }

    @Test("A mark of the byte order at the beginning of a file is no part of its first line")
    func byteOrderMark() throws {
        try folder.write(
            [0xEF, 0xBB, 0xBF] + Array("postgres://db/app#shop\r\n# a comment\r\nservice\r\n".utf8), to: "desk/list")
        #expect(try connections(sources([], file: "list")) == ["postgres://db/app#shop", "service"])
        try folder.write([0xEF, 0xBB, 0xBF] + Array("# a comment\nservice".utf8), to: "desk/list")
        #expect(try connections(sources([], file: "list")) == ["service"])
    }

    @Test("A file that others may read is refused, whatever it holds", arguments: [0o644, 0o640, 0o604])
    func exposed(_ mode: Int) throws {
        for text in ["postgres://ann:hunter2@db/app", "shop", ""] {
            let file = try folder.write(text, to: "connections", mode: mode)
            let problems = folder.problems(sources([], file: file))
            #expect(
                problems == [
                    "flag --postgres-file: others than its owner may read connections (mode 0\(String(mode, radix: 8))), "
                        + "and it is for passwords; make it readable for its owner only: chmod 600"
                ])
        }
    }

    @Test("A file that is not there, no file or no text is named")
    func unreadable() throws {
        #expect(
            folder.problems(sources([], file: "none")) == ["flag --postgres-file: desk/none: there is no such file"])
        #expect(
            folder.problems(sources([], file: folder.path)).first?.contains("it is a folder, not a file") == true)
        let file = try folder.write([0x61, 0x0A, 0xFF], to: "bytes")
        #expect(
            folder.problems(sources([], file: file)) == ["flag --postgres-file: bytes: line 2 is not UTF-8 text"])
    }

    @Test("A wrong line is named by its place, and not repeated")
    func wrongLine() throws {
        let file = try folder.write("shop\n  mysql://ann:hunter2@db/app\n", to: "connections")
        #expect(
            folder.problems(sources([], file: file)) == [
                "connections:2:3: expected a PostgreSQL URL, which begins with postgres:// or postgresql://"
            ])
    }

    @Test("A password in a flag is refused and not repeated", arguments: SecretTests.withPassword)
    func password(_ text: String) {
        let problems = folder.problems(sources(["shop", text]))
        #expect(
            problems == [
                "flag --postgres: a password on the command line can be read by every user of this machine; "
                    + "use a service, ~/.pgpass or --postgres-file"
            ])
    }

    @Test("A connection without a password is taken from a flag as it is", arguments: SecretTests.withoutPassword)
    func withoutPassword(_ text: String) throws {
        #expect(try connections(sources([text])) == [text])
    }
}
