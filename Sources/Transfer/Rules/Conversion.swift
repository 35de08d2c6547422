// SPDX-License-Identifier: MIT

/// What became of one cell.
public enum CellOutcome: Sendable, Equatable {
    /// It arrived as it was.
    case ok
    /// It arrived in another form that loses nothing. With a reason its original is kept all the same, since the form tells something.
    case coerced(Reason?)
    /// It lost something by a named policy, or is NULL now; its original is kept.
    case normalized(Reason)
    /// Its row cannot arrive; the whole row's original is kept.
    case rejected(Reason)

    /// Why, where it is told.
    public var reason: Reason? {
        switch self {
        case .ok: nil
        case .coerced(let reason): reason
        case .normalized(let reason), .rejected(let reason): reason
        }
    }
}

/// A cell's value in the target, and how it came about.
public struct Converted: Sendable, Equatable {
    /// NULL when ``outcome`` is a rejection.
    public let value: TargetValue
    public let outcome: CellOutcome
    /// Something to count and report that changed nothing: an embedding that is a pickle.
    public let notice: Reason?

    init(_ value: TargetValue, _ outcome: CellOutcome, notice: Reason? = nil) {
        self.value = value
        self.outcome = outcome
        self.notice = notice
    }
}

/// The rules by which one cell becomes one value.
public enum Conversion {
    /// Converts `cell`, understood by `rule`, to what `column` takes. Total: every storage class has an outcome for every type, and
    /// nothing traps.
    ///
    /// Text that is valid UTF-8 without a NUL is handed on and not copied.
    public static func convert(
        _ cell: Cell, by rule: ColumnRule, to column: TargetColumn, policy: TransferPolicy = .standard
    ) -> Converted {
        Converted(.null, .ok)
    }
}
