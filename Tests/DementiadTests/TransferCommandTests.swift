// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

/// The built programs, as a user moves a memory with them.
@Suite(
    "dementiactl transfer, at the real daemon",
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct TransferCommandTests {
    /// A daemon that guards one memory, and nothing on any server.
    private struct World {
        let project: Project
        let database: PostgresDatabase
        private let socket: String
        private let daemon: Daemon
        private let tool: Tool

        init(sql: String) throws {
            project = try Project(.v4_4)
            try Connection(path: project.memory, access: .readWrite).execute(sql)
            database = try PostgresServer.shared.database()
            socket = project.folder.file("control.sock")
            daemon = try Daemon([
                "serve", "--watch", project.root, "--state-dir", project.state, "--socket", socket, "--mode", "ask",
            ])
            tool = try daemon.start()
            // Until it answers, and has looked at everything.
            try waitUntil("the daemon has looked at everything", from: tool.pid) {
                try control("stores", "rescan").status == 0
            }
        }

        func control(_ arguments: String...) throws -> Tool.Result {
            try Tool.run([Place.built("dementiactl")] + arguments + ["--socket", socket])
        }

        /// The verb with `arguments`, and the document that it gave.
        func transfer(_ arguments: String...) throws -> (status: Int32, document: JSON) {
            let result = try Tool.run(
                [Place.built("dementiactl"), "transfer", project.memory, "--to", "\(database.url)#shop", "--json"]
                    + arguments + ["--socket", socket])
            return (result.status, try JSON(result.output))
        }

        func stop() throws -> Int32 {
            kill(tool.pid, SIGTERM)
            return try daemon.finish(tool).status
        }
    }

    @Test(
        "A dry run tells what the transfer then does, count for count; it ends with 15 for a row that no schema can hold"
    )
    func moved() throws {
        let world = try World(
            sql: """
                UPDATE context_locks SET id = 3000000000 WHERE id = (SELECT max(id) FROM context_locks);
                UPDATE memory_entries SET session_id = 'ghost' WHERE id = (SELECT min(id) FROM memory_entries)
                """)
        let plan = try world.transfer("--dry-run")
        #expect(plan.status == 15, "\(plan.document)")
        #expect(plan.document["kind"]?.string == "plan")
        #expect(try world.database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == ["0"])
        let done = try world.transfer()
        #expect(done.status == 15, "\(done.document)")
        let (operation, planned) = (done.document["data"], plan.document["data"]?["result"])
        #expect(operation?["outcome"]?.string == "succeeded" && operation?["dataState"]?.string == "migratedVerified")
        for field in ["tables", "placeholders", "sequences"] {
            #expect(operation?["result"]?[field] != nil && operation?["result"]?[field] == planned?[field], "\(field)")
        }
        #expect(operation?["result"]?["placeholders"]?.number == 1)
        #expect(operation?["result"]?["rejectsPath"]?.string != nil)
        #expect(
            try world.database.psql("SELECT count(*) FROM shop.dementia_kept_values WHERE reason = 'integerOutOfRange'")
                != ["0"])
        #expect(
            try world.database.psql("SELECT project_name IS NOT NULL FROM shop.sessions WHERE id = 'ghost'") == ["t"])
        // Once more: the same answer, and nothing is added.
        let rows = try world.database.psql("SELECT count(*) FROM shop.memory_entries")
        let again = try world.transfer()
        #expect(again.status == 15 && again.document["data"]?["outcome"]?.string == "nothingToDo", "\(again.document)")
        #expect(try world.database.psql("SELECT count(*) FROM shop.memory_entries") == rows)
        #expect(try world.stop() == 0)
    }

    @Test("As text it shows a line for each table; a password on the command line is refused")
    func shown() throws {
        let world = try World(sql: "SELECT 1")
        let shown = try world.control("transfer", world.project.memory, "--to", "\(world.database.url)#shop")
        #expect(shown.status == 0, "\(shown.output)")
        #expect(shown.output.contains("REJECTED") && shown.output.contains("rows moved"), "\(shown.output)")
        let refused = try world.control(
            "transfer", world.project.memory, "--to", "postgresql://me:hunter2@localhost/db#shop")
        #expect(refused.status == 64 && !refused.output.contains("hunter2"), "\(refused.output)")
        #expect(try world.stop() == 0)
    }
}
