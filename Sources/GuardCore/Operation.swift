// SPDX-License-Identifier: MIT

/// What kind of durable work an operation is.
public enum OperationKind: String, Codable, Sendable, CaseIterable {
    case migrate, backup, restore, verify, transfer, downgrade, repair, prune, rescan
}

/// How far an operation has come: `queued → running → settled`. Only recovery may find one that is `running` without a process.
public enum OperationState: String, Codable, Sendable, CaseIterable {
    case queued, running, settled
}

/// How a settled operation ended.
public enum Outcome: String, Codable, Sendable, CaseIterable {
    /// Done, and verified.
    case succeeded
    /// The store was in the wanted state already.
    case nothingToDo
    /// Stopped on request before the point of no return.
    case cancelled
    /// Somebody else held the store for too long, or kept changing it.
    case busy
    /// Failed; nothing but the ledger was committed.
    case failedUntouched
    /// Failed after the commit; the backup was restored and verified.
    case failedRestored
    /// The data is not in a verified state.
    case needsAttention
}

/// The steps of operations, in the words of `operations show`.
public enum StepKind: String, Codable, Sendable, CaseIterable {
    /// Identity, room and permissions.
    case preflight
    /// A consistent copy, compressed and published in the vault after it was proved.
    case backup
    /// The plan, run on the scratch restore that proved the backup.
    case rehearse
    /// The plan, run on the live store in one transaction, conservation included.
    case migrate
    /// Every row of a file, loaded into a schema in one transaction and read back.
    case transfer
    /// Postconditions, integrity and the check command, from a new connection.
    case verify
    /// The failed or replaced state, backed up before it is overwritten.
    case keep
    /// A backup, written into the live store.
    case restore
    /// The backups that its detail names, taken out of the vault one after the other.
    case prune
    /// What a restart found out about an operation that a crash had cut short.
    case recover
    /// The server that holds the evidence does not answer: nobody knows what became of the operation, and nothing else is begun.
    case awaitingEvidence
}

/// Where one step stands. A step carries its own result, whatever became of the operation as a whole.
public enum StepState: String, Codable, Sendable, CaseIterable {
    case running
    /// It did what it was to do.
    case done
    /// It could not do that, or found a fault.
    case failed
    /// It was ended before its end: on request, or with the process. What became of it, later steps and the outcome tell.
    case stopped
}

/// How far a long step has come.
public struct Progress: Codable, Sendable, Equatable {
    /// What is counted.
    public enum Unit: String, Codable, Sendable, CaseIterable {
        case bytes, rows, pages
    }

    /// The step that is running.
    public var step: StepKind
    /// Units done.
    public var done: Int64
    /// Units in all, as far as is known; never less than `done`.
    public var total: Int64
    /// What is counted.
    public var unit: Unit

    public init(step: StepKind, done: Int64, total: Int64, unit: Unit) {
        self.step = step
        self.done = done
        self.total = max(total, done)
        self.unit = unit
    }
}

/// Takes progress out of a transaction body. Called often, from any thread, and must not block.
public typealias ProgressSink = @Sendable (Progress) -> Void
