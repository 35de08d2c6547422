// SPDX-License-Identifier: MIT

public import GuardCore
public import Stores
public import Watcher

/// What it guards, and what it may do by itself.
public struct SupervisorSettings: Sendable {
    /// What may happen to a store without asking.
    public var mode: @Sendable (StoreLocation) -> MigrationMode
    /// How many memories are migrated at the same time when nobody asked for it by name.
    public var parallel: Int
    /// Whether one pass is made in place of guarding. Then a memory that is not there, or does not answer, is an operation of its own, since
    /// there is no other way to tell of it; and nothing is done ahead of releases or by the clock.
    var isSinglePass = false
    /// The time between two looks at everything, the safety net below events.
    public var rescanEvery: Duration = .seconds(3600)
    /// How long nothing may be heard of the work on a memory before the memory counts as one that does not answer.
    public var silence: Duration = .seconds(45)
    /// Real paths of the folders in which memories may appear.
    public var trees: @Sendable () async -> Set<String> = { [] }
    /// Other daemons that guard one of the watched folders, too, as findings.
    public var rivals: @Sendable () async -> [Finding] = { [] }
    /// Tells of changes on disk; nil for one that only looks by the clock.
    public var watcher: Watcher?
    /// How it watches; nil for as it was made.
    public var watchRules: WatchRules?
    /// What a person means by a place: an absolute path, or a schema of a server that is configured.
    public var locate: @Sendable (String) async throws(GuardError) -> StoreLocation = { place throws(GuardError) in
        StoreLocation(engine: .sqlite, name: place)
    }
    /// The schema that a person names as the target of a restore or a transfer.
    public var target: @Sendable (String) async throws(GuardError) -> PostgresStore = { _ throws(GuardError) in
        throw GuardError(.usage, "no PostgreSQL server can be reached from here")
    }
    /// Looks for memories, in folders and on servers. Fails when the folders themselves cannot be looked into.
    public var discover: @Sendable () async throws(GuardError) -> Discovered

    public init(
        mode: @escaping @Sendable (StoreLocation) -> MigrationMode, parallel: Int = 2,
        discover: @escaping @Sendable () async throws(GuardError) -> Discovered
    ) {
        self.mode = mode
        self.parallel = max(1, parallel)
        self.discover = discover
    }
}
