// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import SQLiteKit
import Testing

@Suite struct ChoiceTests {
    @Test("the last decision about a place counts, survives a restart, and every one of them is in the audit")
    func decisions() async throws {
        let world = World()
        let journal = try world.journal()
        try await journal.adopt(Sample.shop)
        try await journal.forget(Sample.blog)
        try await journal.markMoved(Sample.shop, to: "db:5432/memory#shop")
        let choices = try await world.journal().choices()
        #expect(choices.map(\.location).sorted { $0.name < $1.name } == [Sample.shop, Sample.blog])
        #expect(choices.first { $0.location == Sample.shop }?.kind == .moved)
        #expect(choices.first { $0.location == Sample.shop }?.successor == "db:5432/memory#shop")
        #expect(choices.first { $0.location == Sample.blog }?.kind == .forgotten)
        #expect(
            try await journal.events(after: 0, limit: 9).map(\.kind) == [.storeAdopted, .storeForgotten, .storeMoved])
        try await journal.dropChoice(on: Sample.shop.id)
        #expect(try await journal.choices().map(\.location) == [Sample.blog])
    }

    @Test("a journal from before there were choices and keys gets them, and keeps what it had")
    func upgrade() async throws {
        let world = World()
        do {
            let journal = try world.journal()
            try await journal.pin(Sample.backup)
        }
        try Connection(path: world.path, access: .readWrite).execute(
            "DROP TABLE choices; DROP TABLE request_keys; PRAGMA user_version = 2")
        let journal = try world.journal()
        try await journal.adopt(Sample.shop)
        #expect(try await journal.pins() == [Sample.backup])
        #expect(try await journal.choices().count == 1)
    }
}

@Suite struct RequestKeyTests {
    private let key = RequestKey(uid: 1000, key: "k", request: "r")

    @Test("a key is remembered with the operation that it began, over a restart, for a day, and for one user")
    func memory() async throws {
        let world = World()
        let record = Sample.operation()
        do {
            let journal = try world.journal()
            #expect(try await journal.operation(begunBy: key) == nil)
            try await journal.begin(record, key: key)
        }
        let journal = try world.journal()
        let found = try await journal.operation(begunBy: RequestKey(uid: 1000, key: "k", request: "another"))
        #expect(found?.id == record.id && found?.request == "r")
        #expect(try await journal.operation(begunBy: RequestKey(uid: 0, key: "k", request: "r")) == nil)
        world.clock.advance(by: 86_399)
        #expect(try await journal.operation(begunBy: key) != nil)
        world.clock.advance(by: 2)
        #expect(try await journal.operation(begunBy: key) == nil)
    }

    @Test("an operation that is not begun leaves no key")
    func atomicity() async throws {
        let journal = try World().journal()
        let record = Sample.operation()
        try await journal.begin(record)
        await expect(.misuse) { try await journal.begin(record, key: key) }
        #expect(try await journal.operation(begunBy: key) == nil)
    }
}
