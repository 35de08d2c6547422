// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import TestSupport
import Testing

@testable import Stores

@Suite("The state right after a COMMIT") struct CommittedStateTests {
    private let before = SQLiteState(session: 3, version: 7, pagerVersion: 11)

    @Test("Only the pager's version moves with a commit of the connection's own")
    func known() {
        let after = SQLiteState.committed(after: before, pagerVersion: 12)
        #expect(after == SQLiteState(session: 3, version: 7, pagerVersion: 12))
    }

    @Test(
        "Where the version cannot be read after COMMIT, the migration stands, is verified, and every look counts as a later one"
    )
    func failingLook() async throws {
        #expect(SQLiteState.committed(after: before, pagerVersion: nil) == .unknown)
        let world = try SQLiteWorld(.v4_0)
        let catalogue = try Catalogue()
        let plan = try await world.plan(catalogue)
        let record = try await world.store.migrate(plan, from: world.snapshot(), entry: .test(), progress: nil)
        let known = try await world.store.verify(plan, entry: .test(), since: record.token)
        #expect(known.problems == [] && !known.wasWrittenSince)
        let unknown = try await world.store.verify(plan, entry: .test(), since: .sqlite(.unknown))
        #expect(unknown.problems == [] && unknown.wasWrittenSince)
        // Nothing is migrated or restored over from a state that cannot be told.
        let error = await #expect(throws: GuardError.self) {
            let kept = try await world.snapshot("kept.db").with(.sqlite(.unknown))
            try await world.store.restore(
                from: world.scratch("copy.db"), expecting: kept.content, replacing: kept)
        }
        #expect(error?.code == .storeMoved && error?.dataState == .untouched)
        await world.store.close()
    }
}
