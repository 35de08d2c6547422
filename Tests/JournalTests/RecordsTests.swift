// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import Testing

@Suite struct HoldTests {
    @Test("two holds on a store are two: removing one leaves the other")
    func two() async throws {
        let world = World()
        let journal = try world.journal()
        let first = hold("first", Sample.shop.id)
        let second = hold("second", Sample.shop.id)
        try await journal.add(first)
        try await journal.add(second)
        #expect(try await journal.holds() == [second, first])
        #expect(try await journal.removeHold("first") == first)
        #expect(try await journal.activeHolds(for: Sample.shop.id, at: world.clock.now) == [second])
        #expect(try await journal.activeHolds(for: Sample.blog.id, at: world.clock.now).isEmpty)
        await expect(.notFound) { try await journal.removeHold("first") }
        await expect(.misuse) { try await journal.add(second) }
    }

    @Test("a hold on everything holds every store, and a hold with an end is over at it")
    func scope() async throws {
        let world = World()
        let journal = try world.journal()
        let end = Timestamp(milliseconds: world.clock.now.milliseconds + 1000)
        let everything = hold("all", nil, until: end)
        try await journal.add(everything)
        #expect(try await journal.activeHolds(for: Sample.blog.id, at: world.clock.now) == [everything])
        #expect(try await journal.activeHolds(for: Sample.blog.id, at: end).isEmpty)
        #expect(try await journal.holds() == [everything])
    }

    @Test("the hold that follows from a failure is there when the failure is")
    func settlement() async throws {
        let world = World()
        let journal = try world.journal()
        let record = Sample.operation()
        try await journal.begin(record)
        try await journal.add(hold("taken", nil))
        // The second one's id is taken: neither it nor the settlement is written.
        await expect(.misuse) {
            try await journal.settle(record.id, as: .needsAttention, dataState: .unverified, hold: hold("taken", nil))
        }
        #expect(try await journal.unsettled().map(\.id) == [record.id])
        let free = hold("free", record.store)
        try await journal.settle(record.id, as: .needsAttention, dataState: .unverified, hold: free)
        #expect(try await journal.holds().first == free)
    }

    private func hold(_ id: String, _ store: StoreID?, until: Timestamp? = nil) -> Hold {
        Hold(id: id, store: store, reason: "“why”", createdAt: Timestamp(milliseconds: 1), until: until)
    }
}

@Suite struct BackupRecordTests {
    @Test("pinning twice is pinning once, and leaves one line in the audit")
    func pins() async throws {
        let journal = try World().journal()
        try await journal.pin(Sample.backup)
        try await journal.pin(Sample.backup)
        #expect(try await journal.pins() == [Sample.backup])
        #expect(try await journal.lastEventID() == 1)
        try await journal.unpin(Sample.backup)
        try await journal.unpin(Sample.backup)
        #expect(try await journal.pins().isEmpty)
        #expect(try await journal.lastEventID() == 2)
    }

    @Test("the last proof counts, whether it succeeded or not, until the backup is gone")
    func proofs() async throws {
        let journal = try World().journal()
        let good = ProofRecord(
            backup: Sample.backup, at: Timestamp(milliseconds: 5), succeeded: true, seconds: 1.0 / 3.0)
        let bad = ProofRecord(
            backup: Sample.backup, at: Timestamp(milliseconds: 9), succeeded: false, seconds: 0,
            detail: "a byte differs")
        try await journal.record(good)
        #expect(try await journal.lastProof(of: Sample.backup) == good)
        try await journal.record(bad)
        #expect(try await journal.lastProofs() == [Sample.backup: bad])
        try await journal.pin(Sample.backup)
        try await journal.forget(Sample.backup)
        #expect(try await journal.lastProof(of: Sample.backup) == nil)
        #expect(try await journal.pins().isEmpty)
        #expect(try await journal.events(after: 0, limit: 9).map(\.facts.succeeded) == [true, false, nil, nil])
    }
}

@Suite struct StoreTests {
    @Test("a store is remembered from its first sighting on, with what the last one saw")
    func sightings() async throws {
        let world = World()
        let journal = try world.journal()
        var shop = StoreSighting(location: Sample.shop, at: Timestamp(milliseconds: 1), state: "pending")
        shop.project = "shop"
        shop.line = "sqlite-4"
        shop.schemaVersion = 2
        shop.shape = "f00d"
        shop.token = "17"
        shop.digest = "cafe"
        shop.sizeBytes = 4096
        let blog = StoreSighting(location: Sample.blog, at: Timestamp(milliseconds: 1), state: "unknown")
        try await journal.remember([shop, blog])
        #expect(try await journal.knownStore(Sample.shop.id)?.lastSighting == shop)

        let later = StoreSighting(location: Sample.shop, at: Timestamp(milliseconds: 9), state: "missing")
        try await journal.remember([later])
        try await journal.remember([])
        let known = try await world.journal().knownStores()
        #expect(Set(known.map(\.id)) == [Sample.shop.id, Sample.blog.id])
        let found = try #require(known.first { $0.id == Sample.shop.id })
        #expect(found.lastSighting == later)
        #expect(found.firstSeenAt == Timestamp(milliseconds: 1))

        try await journal.forget(Sample.shop)
        try await journal.forget(Sample.shop)
        #expect(try await journal.knownStores().map(\.id) == [Sample.blog.id])
        let kinds = try await journal.events(after: 0, limit: 9).map(\.kind)
        #expect(kinds == [.storeFound, .storeFound, .storeForgotten])
    }
}
