// SPDX-License-Identifier: MIT

public import Dementia
public import HashKit

/// What happens to one migration in a plan.
public enum PlannedAction: String, Codable, Sendable, CaseIterable {
    /// Its statements run.
    case apply
    /// Its postcondition is true already and the ledger does not know: only the ledger row is written.
    case adopt
    /// Its down statements run, as the ledger kept them.
    case revert
    /// What clears the way for its statements runs, and then they.
    case repair
}

/// The steps that take a store from its shape to the wanted version, computed, never guessed.
public struct Plan: Sendable, Equatable {
    /// One migration of the plan.
    public struct Step: Sendable, Equatable {
        public let migration: Migration
        public let action: PlannedAction

        public init(migration: Migration, action: PlannedAction) {
            self.migration = migration
            self.action = action
        }
    }

    public let store: StoreID
    public let line: Line
    /// The version before, computed over the line's list and not by a maximum; nil for none.
    public let from: Int?
    /// The version after; nil for none.
    public let to: Int?
    /// In the order in which they run.
    public let steps: [Step]

    public init(store: StoreID, line: Line, from: Int?, to: Int?, steps: [Step]) {
        self.store = store
        self.line = line
        self.from = from
        self.to = to
        self.steps = steps
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { steps.isEmpty }

    /// Whether it goes back: then what its statements drop is lost, and nothing else may change.
    public var isDowngrade: Bool { steps.contains { $0.action == .revert } }

    /// ``from`` as people and scripts read it: see ``Line/origin``.
    public var shownFrom: Int? { from ?? line.origin }

    /// ``to`` as people and scripts read it.
    public var shownTo: Int? { to ?? line.origin }

    /// ``to`` in a sentence.
    public var destination: String { shownTo.map(String.init) ?? "none" }

    /// The way in a word, such as `sqlite-4 1 → 4`.
    public var summary: String { "\(line.rawValue) \(shownFrom.map(String.init) ?? "none") → \(destination)" }

    /// Everything that the plan's migrations declare to change. What they declare to move, only a repair moves.
    public var changes: Set<Change> {
        steps.reduce(into: []) { changes, step in
            switch step.action {
            case .repair: changes.formUnion(step.migration.changes)
            case .apply: changes.formUnion(step.migration.changes.filter { !$0.isMove })
            case .adopt, .revert: break
            }
        }
    }

    /// Equal for two plans exactly when they would run the same migrations, to the letter, on the same store.
    public var digest: SHA256Digest {
        let steps = steps.map { "\($0.migration.version) \($0.action.rawValue) \($0.migration.checksum)" }
        let origin = shownFrom.map(String.init) ?? "none"
        return SHA256.digest(
            of: "\(store) \(line.rawValue) \(origin) \(destination)\n" + steps.joined(separator: "\n"))
    }
}

extension Change {
    fileprivate var isMove: Bool { if case .moves = self { true } else { false } }
}

/// One row of the ledger, as far as planning needs it.
public struct LedgerRow: Sendable, Equatable {
    public let version: Int
    public let name: String
    public let success: Bool
    /// The checksum of the migration's text when it was applied, or nil in rows without one.
    public let checksum: String?
    /// The way back as it was kept when the migration was applied, or nil when there is none.
    public let down: String?

    public init(version: Int, name: String, success: Bool, checksum: String?, down: String? = nil) {
        self.version = version
        self.name = name
        self.success = success
        self.checksum = checksum
        self.down = down
    }
}

/// A store's schema as planning sees it: what the ledger says, and what is true.
public struct Survey: Sendable, Equatable {
    public let recognition: Recognition
    public let shape: Shape
    /// nil without a ledger.
    public let ledger: [LedgerRow]?
    /// The object of another tool that has one of the ledger's names, as a phrase such as `a view schema_migrations`; nil when there is none.
    public let foreignLedger: String?
    /// The sentences of each migration's postcondition that is not met, by version. Met ones are not here.
    public let problems: [Int: [String]]

    public init(
        recognition: Recognition,
        shape: Shape,
        ledger: [LedgerRow]?,
        foreignLedger: String? = nil,
        problems: [Int: [String]]
    ) {
        self.recognition = recognition
        self.shape = shape
        self.ledger = ledger
        self.foreignLedger = foreignLedger
        self.problems = problems
    }
}
