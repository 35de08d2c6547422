// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

@testable import Engine

@Suite("Stores that are adopted and forgotten")
struct SupervisorChoiceTests {
    private let caller = Caller(uid: 1000, pid: 1)

    @Test("What is adopted is examined, guarded over looks and restarts, and by a single pass too")
    func adoption() async throws {
        let world = try World(.v4_0)
        let elsewhere = try world.neighbour("elsewhere")
        let guarded = try await Guarded(world)
        let form = try await guarded.service.adopt(StoreRequest(location: elsewhere.name), for: caller)
        #expect(form.id == elsewhere.id && form.state == .pending && form.schemaVersion == 1)
        #expect(try await guarded.service.adopt(StoreRequest(location: elsewhere.name), for: caller).id == form.id)
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        #expect(try await guarded.service.stores().count == 2)
        await guarded.stop()
        let restarted = try await Guarded(world)
        #expect(try await restarted.service.stores().map(\.id).contains(elsewhere.id))
        await restarted.stop()
        var looking = world
        looking.mode = .ask
        #expect(try await looking.pass().items.map(\.store.id) == [world.id, elsewhere.id])
    }

    @Test("What is no memory is not adopted, and why is said", arguments: [true, false])
    func refusal(isMissing: Bool) async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let path = world.folder.file("something.db")
        if !isMissing { try write(Array(repeating: 0x5a, count: 5000), to: path) }
        await #expect {
            try await guarded.service.adopt(StoreRequest(location: path), for: caller)
        } throws: {
            ($0 as? GuardError)?.code == (isMissing ? .storeMissing : .notADatabase)
        }
        #expect(try await guarded.service.stores().count == 1)
        await guarded.stop()
    }

    @Test("What is forgotten is not guarded again by a look, keeps its backups and its bytes, and can be adopted again")
    func forgetting() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let before = try world.files()
        try await guarded.service.forget(world.id, for: caller)
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        #expect(try await guarded.service.stores().isEmpty)
        #expect(try await guarded.service.backups(of: world.id, Page()).items.map(\.id) == [backup])
        #expect(try world.files() == before)
        await #expect { try await guarded.service.forget(world.id, for: caller) } throws: {
            ($0 as? GuardError)?.code == .notFound
        }
        await guarded.stop()
        let restarted = try await Guarded(world, mode: .auto)
        #expect(try await restarted.service.stores().isEmpty)
        #expect(try world.files() == before)
        let again = try await restarted.service.adopt(StoreRequest(location: world.store), for: caller)
        #expect(again.id == world.id)
        await restarted.stop()
    }

    @Test("A memory that is worked on is not forgotten")
    func busy() async throws {
        var world = try World(.v4_0)
        world.check("sleep 2")
        let guarded = try await Guarded(world)
        let record = try await guarded.service.start(
            OperationRequest(kind: .migrate, store: world.id), key: nil, for: caller)
        await #expect { try await guarded.service.forget(world.id, for: caller) } throws: {
            ($0 as? GuardError)?.code == .storeBusy
        }
        #expect(try await guarded.service.operation(record.id, waiting: Patience.limit).outcome == .succeeded)
        await guarded.stop()
    }
}
