// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

/// Ways to give a password that nobody sees.
enum PasswordWay: String, CaseIterable, Sendable {
    case passfile, service, connections, credential
}

@Suite("A password", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresSecretTests {
    private static let password = "Correct/Horse:Battery#7"
    private static let server = Result {
        try PostgresServer(
            loopback: true,
            prepare: """
                printf '%s\\n' 'local all postgres trust' 'host all all 127.0.0.1/32 scram-sha-256' >pg_hba.conf
                """)
    }

    @Test(
        "It is used, and is nowhere to be read: not in what is said, journal, vault or the list of processes",
        arguments: PasswordWay.allCases, [[], ["--json"]])
    func secret(_ way: PasswordWay, _ form: [String]) throws {
        let server = try Self.server.get()
        let role = try server.role("LOGIN SUPERUSER PASSWORD '\(Self.password)'")
        let project = try PostgresProject([PostgresFixture.earliest.path], on: server)
        let processes = project.folder.file("processes")
        let address = "127.0.0.1:\(server.port)/\(project.database.name)"
        var arguments: [String] = []
        var environment: [String] = []
        // In .pgpass a colon of a password is written as `\\:`.
        let line = "127.0.0.1:\(server.port):*:\(role):\(Self.password.replacing(":", with: "\\:"))\n"
        switch way {
        case .passfile:
            environment = ["PGPASSFILE=\(try secretFile(line, project, "pass"))"]
            arguments = ["--postgres", "postgresql://\(role)@\(address)"]
        case .service:
            let text = """
                [shop]
                host=127.0.0.1
                port=\(server.port)
                dbname=\(project.database.name)
                user=\(role)
                password=\(Self.password)

                """
            environment = ["PGSERVICEFILE=\(try secretFile(text, project, "services"))"]
            arguments = ["--postgres", "shop"]
        case .connections:
            let url = "postgresql://\(role):Correct%2FHorse%3ABattery%237@\(address)\n"
            arguments = ["--postgres-file", try secretFile(url, project, "connections")]
        case .credential:
            environment = ["CREDENTIALS_DIRECTORY=\(project.folder.path)"]
            _ = try secretFile(line, project, "pgpass")
            arguments = ["--postgres", "postgresql://\(role)@\(address)"]
        }
        let configuration = "backup: {minFree: 0}\nverify: {command: 'ps axww -o args >> \(processes)'}\n"
        let result = try project.once(
            arguments + form + ["--log-level", "trace"], url: "", configuration: configuration, environment: environment
        )
        #expect(result.status == 0, "\(way): \(result.output)\(result.errors)")
        #expect(try project.database.psql("SELECT max(version) FROM innkeeper.schema_migrations") == ["11"])
        let seen = String(decoding: try content(of: processes), as: UTF8.self)
        #expect(seen.contains("dementiad"))
        let files = try Tool.run(["find", project.state, "-type", "f", "-exec", "cat", "{}", "+"]).output
        #expect(files.contains(address))
        for secret in [Self.password, "Correct%2FHorse", "Battery"] {
            for text in [result.output, result.errors, seen, files] {
                #expect(!text.contains(secret), "\(way): \(secret)")
            }
        }
    }

    @Test("A wrong one is said to be wrong, with a way to mend it, and is not repeated")
    func wrong() throws {
        let server = try Self.server.get()
        let role = try server.role("LOGIN PASSWORD '\(Self.password)'")
        let project = try PostgresProject([PostgresFixture.earliest.path], on: server)
        let url = "postgresql://\(role):hunter2@127.0.0.1:\(server.port)/\(project.database.name)\n"
        let file = try secretFile(url, project, "connections")
        for form in [[], ["--json"]] {
            let result = try project.once(["--postgres-file", file] + form, url: "")
            #expect(result.status == 12, "\(result.output)\(result.errors)")
            let said = result.output + result.errors
            #expect(said.contains(".pgpass") && said.contains("127.0.0.1:\(server.port)"))
            #expect(!said.contains("hunter2"))
        }
    }

    private func secretFile(_ text: String, _ project: PostgresProject, _ name: String) throws -> String {
        let path = project.folder.file(name)
        try write(Array(text.utf8), to: path)
        chmod(path, 0o600)
        return path
    }
}
