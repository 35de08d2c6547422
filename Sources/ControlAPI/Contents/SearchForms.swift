// SPDX-License-Identifier: MIT

public import GuardCore

/// Where contexts are looked for.
public enum SearchScope: String, Codable, Sendable, CaseIterable {
    /// In what the memories hold now.
    case live
    /// In every backup.
    case backups
    /// In both.
    case all
}

/// Which contexts are looked for.
public struct SearchQuestion: Sendable, Equatable {
    /// The words, as one phrase.
    public var words: String
    /// The memory; nil for every one that has backups or is guarded.
    public var store: StoreID?
    public var scope: SearchScope
    /// Only contexts that stood in a state of this moment or a later one.
    public var since: Timestamp?
    /// At most that many.
    public var limit: Int

    public init(
        words: String, store: StoreID? = nil, scope: SearchScope = .all, since: Timestamp? = nil, limit: Int = 100
    ) {
        self.words = words
        self.store = store
        self.scope = scope
        self.since = since
        self.limit = limit
    }
}

/// The contexts that hold some words, those that stood last first.
public struct SearchForm: Codable, Sendable, Equatable {
    /// A context with one content.
    public struct Hit: Codable, Sendable, Equatable {
        public let store: StoreID
        public let location: String
        public let label: String
        public var version: String?
        public var session: String?
        /// The oldest state that holds it.
        public let first: MemoryState
        /// The newest state that holds it.
        public let last: MemoryState
        /// The number of states that hold it.
        public let states: Int
        /// Whether the live memory holds it; nil where the live memory was not searched.
        public var isLive: Bool?
        /// The text around the words.
        public let excerpt: String

        public init(
            store: StoreID, location: String, label: String, version: String?, session: String?, first: MemoryState,
            last: MemoryState, states: Int, isLive: Bool?, excerpt: String
        ) {
            self.store = store
            self.location = location
            self.label = label
            self.version = version
            self.session = session
            self.first = first
            self.last = last
            self.states = states
            self.isLive = isLive
            self.excerpt = excerpt
        }
    }

    public let items: [Hit]
    /// The number of backups that were searched.
    public let backups: Int
    /// The number of live memories that were searched.
    public let live: Int
    /// The parts that were not searched, a sentence each.
    public let notSearched: [String]
    /// Whether there are more contexts than were asked for.
    public let isCut: Bool

    public init(items: [Hit], backups: Int, live: Int, notSearched: [String], isCut: Bool) {
        self.items = items
        self.backups = backups
        self.live = live
        self.notSearched = notSearched
        self.isCut = isCut
    }
}

/// Every known state of a memory, newest first.
public struct TimelineForm: Codable, Sendable, Equatable {
    /// The cause of the change from the state before.
    public enum Cause: String, Codable, Sendable, CaseIterable {
        /// There is no state before it.
        case first
        /// Nothing but the ledger differs.
        case nothing
        /// An operation of this daemon: a migration, a downgrade, a repair, a restore or a transfer. Programs that use the memory may have
        /// written beside it.
        case operation
        /// Programs that use the memory.
        case application
    }

    /// The differences of one table from the state before.
    public struct Table: Codable, Sendable, Equatable {
        public let name: String
        public var rowsBefore: Int64?
        public var rowsAfter: Int64?

        public init(name: String, rowsBefore: Int64?, rowsAfter: Int64?) {
            self.name = name
            self.rowsBefore = rowsBefore
            self.rowsAfter = rowsAfter
        }
    }

    /// The history of one context.
    public struct Context: Codable, Sendable, Equatable {
        public let change: DiffRowsForm.Row.Change
        public let label: String
        public var version: String?
        public var session: String?

        public init(change: DiffRowsForm.Row.Change, label: String, version: String?, session: String?) {
            self.change = change
            self.label = label
            self.version = version
            self.session = session
        }
    }

    /// One state, and what led to it.
    public struct Entry: Codable, Sendable, Equatable {
        public let state: MemoryState
        public let cause: Cause
        /// The operation, where one is the cause.
        public var operation: OperationID?
        public var kind: OperationKind?
        /// The tables that differ from the state before.
        public var tables: [Table]
        /// The contexts of the label that was asked for that differ from the state before.
        public var contexts: [Context]

        public init(
            state: MemoryState, cause: Cause, operation: OperationID? = nil, kind: OperationKind? = nil,
            tables: [Table] = [], contexts: [Context] = []
        ) {
            self.state = state
            self.cause = cause
            self.operation = operation
            self.kind = kind
            self.tables = tables
            self.contexts = contexts
        }
    }

    public let store: StoreID
    public let location: String
    public let items: [Entry]
    /// The parts that could not be examined, a sentence each.
    public let notRead: [String]

    public init(store: StoreID, location: String, items: [Entry], notRead: [String]) {
        self.store = store
        self.location = location
        self.items = items
        self.notRead = notRead
    }
}
