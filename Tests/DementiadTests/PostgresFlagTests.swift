// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@Suite("PostgreSQL on the command line")
struct PostgresFlagTests {
    /// Ways to type a password where everybody sees it.
    static let typed: [[String]] = [
        ["--postgres", "postgres://ann:hunter2@db/app#shop"],
        ["--postgres=postgresql://ann:hunter2@db/app"],
        ["--postgres", "postgres://db/app?sslmode=require&password=hunter2"],
        ["--postgres", "postgres://db/app?pass%77ord=hunter2"],
        ["--postgres", "postgres://ann:hun%74er2@db/app"],
        ["--postgres", "postgres://ann:x/hunter2@db/app"],
        ["--postgres", "host=db user=ann password=hunter2"],
        ["--postgres", "shop", "--postgres", "host=db password = 'hunter2'"],
        // Slips: cut by the shell, without the flag, for another flag, with a flag that there is not.
        ["--postgres", "host=db", "password=hunter2"],
        ["--postgres", "host=db", "password", "=", "hunter2"],
        ["postgres://ann:hunter2@db/app"],
        ["--watch", "postgres://ann:hunter2@db/app"],
        ["--state-dir", "postgres://ann:hunter2@db/app"],
        ["--postgress", "postgres://ann:hunter2@db/app"],
    ]

    @Test(
        "A password is refused with 64 and a hint, is repeated nowhere, and nothing is done", arguments: typed,
        [[], ["--json"]])
    func password(_ arguments: [String], _ form: [String]) throws {
        let project = try Project()
        let before = try project.files()
        for verb in ["once", "serve"] {
            let result = try Daemon([verb, "--state-dir", project.state] + arguments + form).run()
            #expect(result.status == 64, "\(verb): \(result.output)\(result.errors)")
            let said = form.isEmpty ? result.errors : result.output
            for word in ["a password", "service", ".pgpass", "--postgres-file"] {
                #expect(said.contains(word), "\(verb): \(said)")
            }
            for secret in ["hunter2", "hun%74er2"] { #expect(!(result.output + result.errors).contains(secret)) }
            #expect(form.isEmpty ? result.output.isEmpty : result.errors.isEmpty)
            if !form.isEmpty { #expect(try JSON(result.output)["error"]?["code"] == .string("usage")) }
        }
        #expect(try project.files() == before)
        #expect(try FileStatus.ifPresent(project.state) == nil)
    }

    @Test("A file of connections that others may read is refused with 64 and chmod 600", arguments: [false, true])
    func exposedFile(isJSON: Bool) throws {
        let project = try Project()
        let file = project.folder.file("connections")
        try write(Array("postgres://ann:hunter2@db/app\n".utf8), to: file)
        chmod(file, 0o644)
        let result = try project.once(["--postgres-file", file] + (isJSON ? ["--json"] : []))
        #expect(result.status == 64, "\(result.output)\(result.errors)")
        let said = isJSON ? result.output : result.errors
        #expect(said.contains("chmod 600") && said.contains(file) && said.contains("0644"))
        #expect(!(result.output + result.errors).contains("hunter2"))
        #expect(try FileStatus.ifPresent(project.state) == nil)
    }

    @Test("A file of connections that is not there is 64, and is named")
    func missingFile() throws {
        let project = try Project()
        let result = try project.once(["--postgres-file", "/no/such/file"])
        #expect(result.status == 64)
        #expect(result.errors.contains("/no/such/file"))
    }

    /// Nobody listens there: the port of a service that no machine runs any more.
    private static let nowhere = "postgres://ann@127.0.0.1:1/app"

    @Test("A server that cannot be reached is exit 1 and named; every other memory is taken care of")
    func unreachable() throws {
        let project = try Project()
        let file = project.folder.file("connections")
        try write(Array("# nobody listens\npostgres://ann:hunter2@127.0.0.1:1/other\n".utf8), to: file)
        chmod(file, 0o600)
        let arguments = ["--postgres", Self.nowhere, "--postgres-file", file]
        let result = try project.once(arguments + ["--json"])
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.errors == "")
        let data = try JSON(result.output)["data"]
        #expect(data?["items"]?.count == 1)
        #expect(data?["items"]?[0]?["operation"]?["outcome"] == .string("succeeded"))
        #expect(data?["problems"]?.count == 2)
        for (index, database) in ["app", "other"].enumerated() {
            let problem = data?["problems"]?[index]
            #expect(problem?["code"] == .string("serverUnreachable") && problem?["retryable"] == .bool(true))
            #expect(problem?["detail"]?.string?.contains("127.0.0.1:1/\(database)") == true, "\(result.output)")
        }
        let text = try project.once(arguments)
        #expect(text.status == 1)
        #expect(text.output.contains("Not examined:") && text.output.contains("4.4 (schema 4)"))
        #expect(!(result.output + text.output + text.errors).contains("hunter2"))
    }

    @Test("A server alone: the home is not searched")
    func serverAlone() throws {
        let project = try Project()
        let before = try project.files()
        let result = try Daemon(
            ["once", "--state-dir", project.state, "--postgres", Self.nowhere], environment: ["HOME=\(project.root)"]
        ).run()
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("127.0.0.1:1/app"))
        #expect(try project.files() == before)
    }

    @Test("Whoever names a folder means that folder alone: configured servers are left out")
    func watchAlone() throws {
        let project = try Project()
        let result = try project.once(
            ["--mode", "ask"],
            configuration: "backup: {minFree: 0}\npostgres: {connections: ['postgres://ann@127.0.0.1:1/app']}\n")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.hasPrefix("1 memory under \(project.root): "))
    }
}
