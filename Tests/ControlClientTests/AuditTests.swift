// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import GuardCore
import Synchronization
import TestSupport
import Testing

@testable import ControlClient

@Suite("Following the audit")
struct AuditTests {
    static let shop = Samples.stores[0].id

    func client(_ path: String) -> ControlClient { ControlClient(.find(flag: path)) }

    @Test("goes on across a restart of the daemon, with what happened meanwhile, each entry once")
    func resume() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let service = FakeService()
        let heard = Heard()
        let follower = try await World.run(on: ListeningSocket(at: path), at: path, service: service) { _ in
            let follower = Task { try await client(path).followAudit(since: 1) { heard.take($0) } }
            try await heard.until(2)
            return follower
        }
        await service.record(Self.shop)
        try await World.run(on: ListeningSocket(at: path), at: path, service: service) { _ in
            try await heard.until(3)
            await service.record(Self.shop)
            try await heard.until(4)
        }
        follower.cancel()
        #expect(heard.ids == [2, 3, 4])
        #expect(heard.news.count { $0 == .connected } >= 2)
    }

    @Test("misses nothing when the connection breaks before anything came")
    func resumeAtTheBeginning() async throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let service = FakeService()
        let heard = Heard()
        let follower = try await World.run(on: ListeningSocket(at: path), at: path, service: service) { _ in
            let follower = Task { try await client(path).followAudit { heard.take($0) } }
            await service.arrival(at: .events)
            return follower
        }
        await service.record(Self.shop)
        try await World.run(on: ListeningSocket(at: path), at: path, service: service) { _ in try await heard.until(3) }
        follower.cancel()
        #expect(heard.ids == [3])
    }

    @Test("tells a gap, and goes on from there")
    func gap() async throws {
        try await World.run { world in
            let heard = Heard()
            let follower = Task { try await client(world.socket).followAudit(since: 99) { heard.take($0) } }
            await world.service.arrival(at: .events, count: 2)
            await world.service.record(Self.shop)
            try await heard.until(3)
            follower.cancel()
            #expect(heard.news.filter { $0 != .connected }.first == .gap(newest: 2))
            #expect(heard.ids == [3])
        }
    }

    @Test("ends with its time, and says where to go on")
    func timeout() async throws {
        try await World.run { world in
            let heard = Heard()
            let error = await failure { () throws(GuardError) in
                try await client(world.socket).followAudit(since: 0, within: .milliseconds(300)) { heard.take($0) }
            }
            #expect(error?.code == .timedOut)
            // As far as it came on a machine that may be busy.
            #expect(error?.hint?.hasSuffix("events --follow --since \(heard.ids.last ?? 0)") == true)
        }
    }

    @Test("does not wait for a daemon that was not there at the beginning")
    func notThere() async throws {
        let folder = try Folder()
        let error = await failure { () throws(GuardError) in
            try await client(folder.path + "/s").followAudit { _ in }
        }
        #expect(error?.code == .notReachable)
    }

    @Test("The entries after one are asked for page by page, and no further")
    func since() async throws {
        try await World.run { world in
            for _ in 1...3 { await world.service.record(Self.shop) }
            let client = client(world.socket)
            let later = try await client.audit(since: 3)
            #expect(later.map(\.id) == [5, 4])
            #expect(try await client.audit(atMost: 1).map(\.id) == [5])
            #expect(try await client.newestEntry() == 5)
        }
    }

    @Test("What the client itself complains of is as it was reviewed")
    func errors() throws {
        let id = Samples.operationID(1)
        let socket = ControlSocket.find(flag: "/run/s")
        let errors = [
            ClientErrors.noSocket(socket), ClientErrors.refused("/run/s"), ClientErrors.notPermitted("/run/s"),
            ClientErrors.pathTooLong("/run/s"), ClientErrors.busy("/run/s"),
            ClientErrors.cannotConnect("/run/s", "no route"),
            ClientErrors.cutOff("/run/s", mayHaveActed: true), ClientErrors.cutOff("/run/s", mayHaveActed: false),
            ClientErrors.noAnswer("/run/s", within: .seconds(30), mayHaveActed: true),
            ClientErrors.stillRunning(id, .changing, after: .seconds(5)),
            ClientErrors.lostTrack(id, .changing, GuardError(.notReachable, "gone")),
            ClientErrors.notUnderstood("/run/s", status: 500),
            ClientErrors.lostEvents(7, GuardError(.notReachable, "gone")),
            ClientErrors.noMoreEvents(7, after: .seconds(5)),
        ]
        let text = errors.map { error in
            "\(error.code): \(error.message)\n  data: \(error.dataState)\n  next: \(error.hint ?? "")"
        }
        let difference = try Golden.difference(text.joined(separator: "\n"), "errors.txt")
        #expect(difference == nil)
    }
}

/// What a follower was told.
private final class Heard: Sendable {
    private let bell = ChangeSignal()
    private let state = Mutex<[AuditNews]>([])

    var news: [AuditNews] { state.withLock { $0 } }
    var ids: [Int64] {
        news.compactMap { if case .entry(let entry) = $0 { entry.id } else { nil } }
    }

    func take(_ news: AuditNews) {
        state.withLock { $0.append(news) }
        bell.ring()
    }

    /// Returns when the entry `id` came.
    func until(_ id: Int64) async throws {
        let deadline = ContinuousClock.now + Patience.limit
        while !ids.contains(id) {
            let count = bell.count
            if ids.contains(id) { return }
            guard ContinuousClock.now < deadline else {
                throw Patience.Ended(description: "it did not happen within \(Patience.limit): entry \(id) comes")
            }
            await bell.wait(after: count, before: deadline)
        }
    }
}
