// SPDX-License-Identifier: MIT

/// What is proved about the data of a store at the end of an operation.
///
/// Only two of these speak of proved data without a success: ``untouched`` and ``takenBack``. A failure that proves neither is
/// ``unproved``: that a state could not be looked at says neither that it is damaged nor that it is as it was.
public enum Evidence: String, Sendable, CaseIterable {
    /// What was asked for is done. Where the work changes data, the new state was verified from a new connection.
    case done
    /// The store was in the wanted state already, and nothing was changed.
    case alreadySo
    /// Nothing was changed: nothing was begun, the store took its transaction back, or its whole content is as it was.
    case untouched
    /// A change was committed, and the state before it was put back and verified.
    case takenBack
    /// Something was changed, or may have been, and the state that is there now is not verified.
    case unproved
    /// Only a server that does not answer can tell.
    case pending

    /// What `failure` proves, which ended the work: the store itself says what became of its data.
    public init(_ failure: GuardError) {
        switch failure.dataState {
        case .untouched: self = .untouched
        case .restoredVerified: self = .takenBack
        case .changing: self = failure.code == .serverUnreachable ? .pending : .unproved
        case .unverified, .migratedVerified: self = .unproved
        }
    }

    /// What `failure` proves when it came after the COMMIT: that the step which failed changed nothing itself says nothing of the data.
    public init(afterCommit failure: GuardError) {
        self = failure.code == .serverUnreachable ? .pending : .unproved
    }
}

/// How an operation ends: outcome, state of the data, pause of automation and end of its last step, all from the same evidence.
///
/// It is the only place that makes these four. Every end of every kind of work asks it.
public struct Settlement: Sendable, Equatable {
    /// Why automation waits afterwards.
    public enum Pause: String, Sendable, CaseIterable {
        /// A backup was restored on request, and the next pass must not migrate it again.
        case restoredOnRequest
        /// The store was taken back to an earlier version on request.
        case downgradedOnRequest
        /// The work failed after its commit and was taken back.
        case takenBack
        /// The state of the data is not verified.
        case unverified
        /// The work would keep an application waiting for long, so it waits for approval.
        case needsApproval
    }

    public let outcome: Outcome
    public let dataState: DataState
    /// nil when automation may go on.
    public let pause: Pause?
    /// How the step ended that was running.
    public let lastStep: StepState

    /// How an operation of `kind` ends; nil when it stays open, until evidence can be looked at.
    ///
    /// - Parameters:
    ///   - failure: the code of the error that ended the work; nil when there is none
    ///   - isRecovered: whether an earlier process was ended in the middle of the work
    ///   - hasStore: whether the work was about one store; without one nothing can be paused
    ///   - hasBegun: whether any step was begun; a refusal before that is written down, and is refused again at the next look
    ///   - takesBack: whether a restore puts the whole state of a backup back; false where it puts single rows into the present one
    public init?(
        _ kind: OperationKind, _ evidence: Evidence, failure: GuardError.Code? = nil, isRecovered: Bool = false,
        hasStore: Bool = true, hasBegun: Bool = true, takesBack: Bool = true
    ) {
        switch evidence {
        case .pending: return nil
        case .done where !takesBack: self.init(.succeeded, .migratedVerified, nil, .done)
        case .done:
            self.init(.succeeded, Self.stateWhenDone(kind, hasStore), hasStore ? Self.pauseWhenDone(kind) : nil, .done)
        case .alreadySo: self.init(.nothingToDo, .untouched, nil, .done)
        case .takenBack: self.init(.failedRestored, .restoredVerified, hasStore ? .takenBack : nil, .done)
        case .unproved: self.init(.needsAttention, .unverified, hasStore ? .unverified : nil, .failed)
        case .untouched:
            switch failure {
            case .interrupted where isRecovered: self.init(.failedUntouched, .untouched, nil, .stopped)
            case .interrupted: self.init(.cancelled, .untouched, nil, .stopped)
            case .storeBusy, .storeMoved: self.init(.busy, .untouched, nil, .failed)
            case .held: self.init(.busy, .untouched, hasStore && hasBegun ? .needsApproval : nil, .failed)
            default: self.init(.failedUntouched, .untouched, nil, .failed)
            }
        }
    }

    private init(_ outcome: Outcome, _ dataState: DataState, _ pause: Pause?, _ lastStep: StepState) {
        self.outcome = outcome
        self.dataState = dataState
        self.pause = pause
        self.lastStep = lastStep
    }

    /// A restore to another place leaves the store alone that its backup is of.
    private static func stateWhenDone(_ kind: OperationKind, _ hasStore: Bool) -> DataState {
        switch kind {
        case .migrate, .repair, .downgrade, .transfer: .migratedVerified
        case .restore: hasStore ? .restoredVerified : .untouched
        case .backup, .verify, .prune, .rescan: .untouched
        }
    }

    private static func pauseWhenDone(_ kind: OperationKind) -> Pause? {
        switch kind {
        case .restore: .restoredOnRequest
        case .downgrade: .downgradedOnRequest
        case .migrate, .repair, .transfer, .backup, .verify, .prune, .rescan: nil
        }
    }
}

extension Settlement {
    /// `error` as it is told with this end: with the state of the data, and with a next step that is true of it.
    public func told(_ error: GuardError) -> GuardError {
        switch outcome {
        case .needsAttention where error.dataState == .unverified: error
        case .needsAttention:
            // What a step that failed says of itself ("nothing was changed") is not true of the whole.
            error.with(
                code: error.code, dataState: dataState,
                hint: error.store.map {
                    "Automation for this memory is on hold. Look at it: dementiactl verify \($0). "
                        + "Its backups: dementiactl backup list \($0)"
                } ?? error.hint)
        case .failedUntouched where error.code == .restoreFailed:
            // That code says that the data is in no verified state.
            error.with(code: .restoreRefused, dataState: dataState, hint: error.hint)
        default: error.with(dataState: dataState)
        }
    }
}

extension Hold {
    /// The hold that `operation` leaves, or whose id is made from that of an operation which never was.
    public init(
        of operation: OperationID, on store: StoreID?, because reason: String, at now: Timestamp,
        until: Timestamp? = nil
    ) {
        self.init(
            id: "hold_" + operation.value.dropFirst(3), store: store, reason: reason, createdAt: now, until: until)
    }

    /// Whether it pauses the same for the same reason as `other`, as long as that one does.
    public func repeats(_ other: Hold) -> Bool {
        store == other.store && reason == other.reason && until == other.until
    }
}
