// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// A memory with two thousand contexts, made by `make_large_store.py`.
@Suite struct LargeStoreTests {
    @Test("two thousand contexts migrate, and are proved and restored")
    func large() async throws {
        let world = try SQLiteWorld(nil)
        let made = try Tool.run(["python3", Place.largeStoreMaker, "2000", world.path])
        try #require(made.status == 0, "\(made.output)")
        let catalogue = try Catalogue()
        let old = try await world.snapshot("old.db")
        #expect(old.content[table: "context_locks"]?.rows == 2008)
        let record = try await world.migrate(catalogue)
        #expect(record.findings == [])
        #expect(try await world.plan(catalogue).isEmpty)
        let kept = try await world.snapshot("kept.db")
        try await world.store.restore(from: old.path, expecting: old.content, replacing: kept)
        #expect(try await world.snapshot("again.db").content == old.content)
    }
}
