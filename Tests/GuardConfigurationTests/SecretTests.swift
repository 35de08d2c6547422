// SPDX-License-Identifier: MIT

import FoundationEssentials
import GuardConfiguration
import GuardCore
import Testing

@Suite("Secrets")
struct SecretTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    static let withPassword = [
        "postgres://ann:hunter2@db/app#shop",
        "postgresql://:hunter2@db/app",
        "postgres://ann:hun?ter2@db/app",
        "postgres://ann:hun/ter2@db/app",
        "postgres://ann:hunter2@odd@db/app",
        "postgres://db/app?sslmode=require&password=hunter2",
        "postgres://db/app?pass%77ord=hunter2",
        "postgres://db/app?sslpassword=hunter2#shop",
        "host=db user=ann password=hunter2",
        "host=db PASSWORD = 'hunter2'",
    ]

    static let withoutPassword = [
        "postgres://localhost/app#shop", "postgres://ann@db:5432/app", "postgres://ann:@db/app",
        "postgres://db:5432/app?user=a@b",
        "shop", "service=shop", "host=db user=ann passfile=/home/ann/.pgpass",
    ]

    @Test("A connection with a password is printed without it, also inside other values", arguments: withPassword)
    func notPrinted(_ text: String) throws {
        let connection = ConnectionText(text)
        #expect(connection.holdsPassword)
        #expect(connection.text == text)
        var settings = Settings(home: "/home/ann")
        settings.postgres.connections = [connection]
        var dumped = ""
        dump(settings, to: &dumped)
        for printed in ["\(connection)", "\(settings)", String(reflecting: settings)] {
            #expect(!printed.contains("ter2"))
        }
    }

    @Test("A connection without a password is printed as it is", arguments: withoutPassword)
    func printed(_ text: String) {
        #expect(!ConnectionText(text).holdsPassword)
        #expect(ConnectionText(text).description == text)
    }

    @Test("A file that everybody may write is not read: what it says runs as this user", arguments: [0o666, 0o602])
    func open(_ mode: Int) throws {
        try folder.write("verify: {command: /bin/true}", to: "etc/dementiad.yaml", mode: mode)
        let problems = folder.problems(folder.sources())
        #expect(problems.count == 1 && problems[0].contains("everybody may write this file (mode 0"), "\(problems)")
    }

    @Test(
        "A file that others may read must not hold a password, and the message does not hold it either",
        arguments: withPassword)
    func exposed(_ text: String) throws {
        let yaml = "postgres:\n  connections:\n    - shop\n    - \"\(text)\"\n"
        let problem =
            "4:7: others may read this file (mode 0644), and it holds a password; make it readable for its owner only "
            + "(chmod 600), or use a service, ~/.pgpass or --postgres-file"
        #expect(try folder.problems(yaml, mode: 0o644) == [problem])
        #expect(try folder.problems(yaml, mode: 0o600).isEmpty)
        #expect(try folder.problems("postgres: {connections: [shop]}", mode: 0o644).isEmpty)
    }

    @Test("Only root's file may be shared with a group")
    func group() throws {
        let yaml = "postgres: {connections: ['postgres://a:hunter2@db/x']}"
        let isRoot = try FileManager.default.attributesOfItem(atPath: folder.path)[.ownerAccountID] as? UInt == 0
        #expect(try folder.problems(yaml, mode: 0o640).isEmpty == isRoot)
    }

    @Test(
        "A password in the wrong place or form is not repeated",
        arguments: [
            "postgres: {connections: 'postgres://ann:hunter2@db/app'}",
            "postgres: {connections: ['mysql://ann:hunter2@db/app']}",
            "postgres: {connections: [{'postgres://ann:hunter2@db/app': x}]}",
            "discover: {maxDepth: postgres://ann:hunter2@db/app}",
            "postgres://ann:hunter2@db/app: {}",
            "{'postgres://ann:hunter2@db/app': 1, 'postgres://ann:hunter2@db/app': 2}",
            "log: {level: password=hunter2}",
            "watch: {settle: [postgres://ann:hunter2@db/app",
        ])
    func notRepeated(_ yaml: String) throws {
        let problems = try folder.problems(yaml)
        #expect(!problems.isEmpty)
        #expect(!problems.joined().contains("hunter2"))
    }

    @Test("The effective configuration is shown without passwords")
    func shown() throws {
        let loaded = try folder.load("postgres: {connections: [shop, 'postgres://ann:hunter2@db/app']}")
        let entry = try #require(loaded.entries.first { $0.key == .postgresConnections })
        #expect(entry.text == "[shop, \"postgres://(with a password, not shown)\"]")
        #expect(loaded.settings.postgres.connections.map(\.text).last == "postgres://ann:hunter2@db/app")
    }
}
