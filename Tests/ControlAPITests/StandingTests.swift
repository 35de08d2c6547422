// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Testing

@Suite("How everything stands")
struct StandingTests {
    private static let operation = OperationID("op_00000000000000000000000001")

    private static func store(_ state: StoreState, failed: Bool = false, backedUp: Bool = true) -> StoreForm {
        let location = StoreLocation(engine: .sqlite, name: "/srv/\(state)-\(failed)/.claude-memory.db")
        var form = StoreForm(location: location, project: "shop", state: state, sizeBytes: 1)
        if backedUp {
            form.lastBackup = .init(
                id: BackupID(sequence: 1, root: "9f3c1a77b2e0"), createdAt: Timestamp(milliseconds: 0))
        }
        if failed { form.problem = Problem(GuardError(.checkVetoed, "vetoed"), operation: operation) }
        return form
    }

    private static func standing(_ stores: StoreForm..., unreached: Int = 0, running: Int = 0) -> Standing {
        Standing(stores, unreached: unreached, running: running)
    }

    @Test(
        "Each state of a store gives its verdict, and one that failed or was reverted needs attention in every state"
    )
    func verdicts() {
        let expected: [StoreState: Verdict] = [
            .current: .safe, .pending: .pending, .busy: .pending, .held: .held, .failed: .attention,
            .drifted: .attention, .unknown: .attention, .missing: .attention, .notAnswering: .attention,
        ]
        for state in StoreState.allCases {
            #expect(Self.standing(Self.store(state)).verdict == expected[state])
            let failed = Self.standing(Self.store(state, failed: true))
            #expect(failed.verdict == .attention)
            #expect(failed.next == "dementiactl operations show op_00000000000000000000000001")
        }
    }

    @Test("Whatever is not safe comes with a command, and held is counted apart from waiting")
    func sentences() {
        #expect(Self.standing() == Self.standing() && Self.standing().next == nil)
        #expect(Self.standing(Self.store(.current)).next == nil)
        let held = Self.standing(Self.store(.held), Self.store(.current))
        #expect(held.summary == "1 of 2 memories is on hold" && held.next == "dementiactl hold list")
        let both = Self.standing(Self.store(.held), Self.store(.pending))
        #expect(both.verdict == .pending && both.summary == "1 of 2 memories waits, and 1 is on hold")
        #expect(Self.standing(Self.store(.current), unreached: 1).verdict == .attention)
        #expect(Self.standing(Self.store(.pending), running: 1).verdict == .working)
        let bare = Self.standing(Self.store(.current, backedUp: false))
        #expect(bare.verdict == .pending && bare.next == "dementiactl backup create")
        for state in StoreState.allCases where state != .current {
            #expect(Self.standing(Self.store(state)).next != nil)
        }
    }
}
