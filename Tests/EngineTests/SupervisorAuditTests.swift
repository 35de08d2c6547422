// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Journal
import TestSupport
import Testing

@testable import Engine

@Suite("The audit, figures and named requests")
struct SupervisorAuditTests {
    private let caller = Caller(uid: 1000, pid: 1)

    @Test("The audit is paged from its newest entry, of one store or of all, and is whole")
    func pages() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        _ = try await guarded.run(.migrate)
        var pages: [JournalEvent] = []
        var after: String?
        repeat {
            let page = try await guarded.service.audit(of: nil, Page(limit: 3, after: after))
            pages += page.items
            after = page.next
        } while after != nil
        #expect(pages.map(\.id) == (1...Int64(pages.count)).reversed())
        let ofStore = try await guarded.service.audit(of: world.id, Page()).items
        #expect(ofStore.allSatisfy { $0.store == world.id } && ofStore.count < pages.count + 1)
        let verdict = try await guarded.service.verifyAudit()
        #expect(verdict.intact && verdict.entries == Int64(pages.count) && verdict.head == pages.first?.hash)
        await guarded.stop()
    }

    @Test("Who follows the audit hears of an entry when it is committed, and an id that was never given out is a gap")
    func following() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let newest = try await guarded.service.auditEvents(of: nil, after: nil, waiting: .zero).last
        async let batch = guarded.service.auditEvents(of: nil, after: newest, waiting: Patience.limit)
        _ = try await guarded.service.addHold(HoldRequest(reason: "x"), for: caller)
        #expect(try await batch.entries.map(\.kind) == [.holdAdded])
        let strange = try await guarded.service.auditEvents(of: nil, after: newest + 1000, waiting: .zero)
        #expect(strange.hasGap && strange.entries.isEmpty && strange.last == newest + 1)
        await guarded.stop()
    }

    @Test("A named request is done once: sent twice at the same time, again later, and after a restart")
    func keys() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let request = OperationRequest(kind: .verify, store: world.id)
        async let first = guarded.service.start(request, key: "k", for: caller)
        async let second = guarded.service.start(request, key: "k", for: caller)
        let id = try await first.id
        #expect(try await second.id == id)
        #expect(try await guarded.service.operation(id, waiting: Patience.limit).outcome == .succeeded)
        #expect(try await guarded.service.start(request, key: "k", for: caller).id == id)
        #expect(try await guarded.service.start(request, key: "k", for: Caller(uid: 0, pid: 1)).id != id)
        await guarded.stop()
        let restarted = try await Guarded(world)
        #expect(try await restarted.service.start(request, key: "k", for: caller).id == id)
        await #expect {
            try await restarted.service.start(OperationRequest(kind: .rescan), key: "k", for: caller)
        } throws: {
            ($0 as? GuardError)?.code == .keyReused
        }
        await restarted.stop()
    }

    @Test("Figures follow what is done, and hold no path")
    func metrics() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        _ = try await guarded.run(.migrate)
        let text = MetricFamily.text(try await guarded.service.metrics())
        #expect(text.contains("\ndementia_stores{state=\"current\"} 1\n"))
        #expect(text.contains("\ndementia_operations_total{kind=\"migrate\",outcome=\"succeeded\"} 1\n"))
        #expect(text.contains("\ndementia_backups 1\n"))
        #expect(text.contains("dementia_store_schema_version{store=\"\(world.id)\",engine=\"sqlite\"} 4\n"))
        #expect(!text.contains(world.folder.path))
        let names = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(names.allSatisfy { $0.hasPrefix("dementia_") })
        await guarded.stop()
    }
}
