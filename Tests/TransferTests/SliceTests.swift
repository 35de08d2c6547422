// SPDX-License-Identifier: MIT

import GuardCore
import TestSupport
import Testing

@testable import Transfer

@Suite("A memory moves", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct SliceTests {
    @Test("A memory of 4.4 moves into a schema that was not there, and moving it again does nothing")
    func slice() throws {
        let world = try TransferWorld()
        let report = try world.transfer()
        #expect(report[table: "context_locks"]?.loaded == 7)
        #expect(report[table: "memory_entries"]?.loaded == 10)
        #expect(report.isComplete)
        #expect(try world.ask("SELECT count(*) FROM context_locks") == ["7"])
        let before = try world.database.dump()
        let again = try world.job().run()
        #expect(again.isRepeated)
        #expect(again.tables == report.tables)
        #expect(try world.database.dump() == before)
    }
}
