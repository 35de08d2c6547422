// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

@testable import Engine

@Suite("Turns at the vault")
struct VaultTurnTests {
    @Test(
        "An upgrade whose writers wait for it does not wait behind a verification of all backups",
        .timeLimit(.minutes(2)))
    func verification() async throws {
        var world = try World(.v4_0)
        let store = world.store
        for number in 1...2 { world.when(.rehearse, number: number) { try remember("round \(number)", in: store) } }
        world.policy.lockedBackup = Patience.limit
        let tended = try Tended(world)
        let gate = Gate()
        // A verification that does not come to its end, as of a vault of many gigabytes.
        let verification = Task { [tools = tended.tools] in await tools.threads.prover.run { gate.wait() } }
        for await _ in gate.reached { break }
        let location = world.location
        let settings = SupervisorSettings(mode: { _ in .auto }, discover: { Discovered(locations: [location]) })
        let result = try await SinglePass(tended.tools, settings, relay: EventRelay()).run()
        let operation = try #require(result.items.first?.operation)
        #expect(operation.outcome == .succeeded, "\(operation)")
        #expect(operation.steps.count { $0.kind == .backup } == 3, "the last round ran under the lock")
        gate.open()
        await verification.value
    }
}

/// Keeps a thread until it is opened.
private final class Gate: Sendable {
    /// Tells that a thread waits.
    let reached: AsyncStream<Void>
    private let reaching: AsyncStream<Void>.Continuation
    private let reading: Int32
    private let writing: Int32

    init() {
        (reached, reaching) = AsyncStream.makeStream()
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
    }

    func wait() {
        reaching.yield()
        var byte: UInt8 = 0
        _ = read(reading, &byte, 1)
    }

    func open() { close(writing) }
}
