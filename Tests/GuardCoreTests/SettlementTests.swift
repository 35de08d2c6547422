// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@Suite("The end of an operation")
struct SettlementTests {
    /// What is told of each kind when its work is done: the state of the data, and why automation waits.
    private static let whenDone: [OperationKind: (DataState, Settlement.Pause?)] = [
        .migrate: (.migratedVerified, nil), .repair: (.migratedVerified, nil), .transfer: (.migratedVerified, nil),
        .downgrade: (.migratedVerified, .downgradedOnRequest), .restore: (.restoredVerified, .restoredOnRequest),
        .backup: (.untouched, nil), .verify: (.untouched, nil), .prune: (.untouched, nil), .rescan: (.untouched, nil),
    ]

    /// What becomes of a store that is as it was, by the code of the failure; every other code is a failure.
    private static let whenUntouched: [GuardError.Code: (Outcome, Settlement.Pause?, StepState)] = [
        .storeBusy: (.busy, nil, .failed), .storeMoved: (.busy, nil, .failed), .held: (.busy, .needsApproval, .failed),
        .interrupted: (.cancelled, nil, .stopped),
    ]

    private static let failures: [GuardError.Code?] = [nil] + GuardError.Code.allCases.map(Optional.some)

    @Test(
        "R22: each kind ends as the table says, for all combinations of evidence and failure",
        arguments: OperationKind.allCases)
    func table(_ kind: OperationKind) throws {
        let done = try #require(Self.whenDone[kind])
        for evidence in Evidence.allCases {
            for failure in Self.failures {
                let settlement = Settlement(kind, evidence, failure: failure)
                let told = settlement.map {
                    "\($0.outcome) \($0.dataState) \($0.pause?.rawValue ?? "-") \($0.lastStep)"
                }
                let expected: String?
                switch evidence {
                case .pending: expected = nil
                case .done: expected = "succeeded \(done.0) \(done.1?.rawValue ?? "-") done"
                case .alreadySo: expected = "nothingToDo untouched - done"
                case .takenBack: expected = "failedRestored restoredVerified takenBack done"
                case .unproved: expected = "needsAttention unverified unverified failed"
                case .untouched:
                    let (outcome, pause, step) =
                        failure.flatMap { Self.whenUntouched[$0] } ?? (.failedUntouched, nil, .failed)
                    expected = "\(outcome) untouched \(pause?.rawValue ?? "-") \(step)"
                }
                #expect(told == expected, "\(kind) \(evidence) \(failure?.rawValue ?? "no failure")")
            }
        }
    }

    @Test("Only proof makes the data untouched or restored, whatever is known beside it")
    func onlyProof() {
        for (kind, evidence) in OperationKind.allCases.flatMap({ kind in Evidence.allCases.map { (kind, $0) } }) {
            for (isRecovered, hasStore) in [(false, false), (false, true), (true, false), (true, true)] {
                for (failure, hasBegun) in Self.failures.flatMap({ [($0, false), ($0, true)] }) {
                    let end = Settlement(
                        kind, evidence, failure: failure, isRecovered: isRecovered, hasStore: hasStore,
                        hasBegun: hasBegun)
                    guard let end else {
                        #expect(evidence == .pending)
                        continue
                    }
                    switch end.dataState {
                    case .untouched:
                        let isPlain = evidence == .done && (Self.whenDone[kind]?.0 == .untouched || !hasStore)
                        #expect(evidence == .untouched || evidence == .alreadySo || isPlain)
                    case .restoredVerified: #expect(evidence == .takenBack || evidence == .done && kind == .restore)
                    case .migratedVerified: #expect(evidence == .done)
                    case .unverified: #expect(evidence == .unproved && end.outcome == .needsAttention)
                    case .changing: Issue.record("\(kind) \(evidence) ends in the middle of a change")
                    }
                    // Where a person has to look, automation waits; where there is no store, there is nothing that could wait.
                    if evidence == .unproved || evidence == .takenBack { #expect((end.pause != nil) == hasStore) }
                    if !hasStore { #expect(end.pause == nil) }
                }
            }
        }
    }

    @Test("What an earlier process was ended in is no cancellation, and a refusal before the first step leaves no hold")
    func circumstances() {
        let recovered = Settlement(.migrate, .untouched, failure: .interrupted, isRecovered: true)
        #expect(recovered?.outcome == .failedUntouched && recovered?.lastStep == .stopped)
        #expect(Settlement(.migrate, .untouched, failure: .held, hasBegun: false)?.pause == nil)
        #expect(Settlement(.restore, .done, hasStore: false)?.dataState == .untouched)
    }

    @Test("What a failure proves is what the store says of its data, and after a COMMIT that is nothing")
    func evidence() {
        func error(_ code: GuardError.Code, _ state: DataState) -> GuardError {
            GuardError(code, "no", dataState: state)
        }
        for code in GuardError.Code.allCases {
            let isLost = code == .serverUnreachable
            #expect(Evidence(error(code, .untouched)) == .untouched)
            #expect(Evidence(error(code, .changing)) == (isLost ? .pending : .unproved))
            #expect(Evidence(error(code, .unverified)) == .unproved)
            #expect(Evidence(error(code, .migratedVerified)) == .unproved)
            #expect(Evidence(error(code, .restoredVerified)) == .takenBack)
            #expect(Evidence(afterCommit: error(code, .untouched)) == (isLost ? .pending : .unproved))
        }
    }

    @Test("An error is told with a next step that is true of the whole, and a refused restore under a code of its own")
    func told() throws {
        let store = try #require(StoreID("0123456789ab"))
        let busy = GuardError(.storeBusy, "busy", store: store, hint: "Nothing was changed. It will be tried again.")
        let unproved = try #require(Settlement(.restore, .unproved, failure: busy.code)).told(busy)
        #expect(unproved.dataState == .unverified && unproved.hint?.contains("Nothing was changed") == false)
        #expect(unproved.hint?.contains("dementiactl verify \(store)") == true)
        let untouched = try #require(Settlement(.restore, .untouched, failure: busy.code)).told(busy)
        #expect(Problem(untouched) == Problem(busy))
        let refusal = GuardError(.restoreFailed, "another page size", store: store, hint: "Nothing was changed.")
        let refused = try #require(Settlement(.restore, .untouched, failure: refusal.code)).told(refusal)
        #expect(refused.code == .restoreRefused && refused.dataState == .untouched)
        #expect(ErrorTable.line(for: refused.code).exit == .failedUntouched)
    }
}
