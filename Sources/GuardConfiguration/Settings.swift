// SPDX-License-Identifier: MIT

public import GuardCore

/// The whole effective configuration: a value, made at once and replaced at once.
///
/// A reload builds a new one or keeps the old one; there is no state between the two. Paths are absolute. What each
/// part means to a user stands in ``Setting/all``; here stands what it means to the code.
public struct Settings: Sendable, Equatable {
    /// Where stores are looked for.
    public var discover: Discover
    /// Installed releases named by hand.
    public var releases = Releases()
    /// PostgreSQL stores.
    public var postgres = Postgres()
    /// What may be changed without asking.
    public var migrate = Migrate()
    /// Migrations beyond the built-in catalogue.
    public var migrations = Migrations()
    /// The user's own check of a migrated store.
    public var verify = Verify()
    /// How changes on disk are noticed.
    public var watch = Watch()
    /// How backups are made and how long they are kept.
    public var backup = Backup()
    /// Who may read over the socket.
    public var api = API()
    /// What is logged.
    public var log = Log()

    /// The defaults for a user whose home directory is `home`, an absolute path.
    public init(home: String) {
        discover = Discover(roots: [home])
    }
}

extension Settings {
    /// Where stores are looked for.
    public struct Discover: Sendable, Equatable {
        /// Absolute paths of the folders that are searched.
        public var roots: [String]
        /// What is not entered: a name means every folder of that name, an absolute path means that folder.
        public var ignore = [
            ".git", ".hg", ".svn", "node_modules", ".npm", ".venv", "venv", ".tox", "__pycache__", "target", ".cargo",
            ".rustup", ".build", ".cache", ".Trash", "Trash",
        ]
        /// How many folders deep below a root; 0 is the root alone.
        public var maxDepth = 8
        /// The time between two whole searches, the safety net below file events.
        public var rescanEvery: Duration = .seconds(3600)
    }

    /// Installed releases named by hand.
    public struct Releases: Sendable, Equatable {
        /// Absolute paths of checkouts or plain directories.
        public var paths: [String] = []
    }

    /// PostgreSQL stores.
    public struct Postgres: Sendable, Equatable {
        /// URLs, connection strings or service names, each with an optional `#SCHEMA`.
        public var connections: [ConnectionText] = []
    }

    /// What may be changed without asking.
    public struct Migrate: Sendable, Equatable {
        /// What happens to a store with pending migrations.
        public enum Mode: String, Sendable, CaseIterable {
            /// Back up, migrate and verify at once.
            case auto
            /// Make the plan and wait for approval.
            case ask
            /// Observe and report.
            case off
        }

        /// The policy for stores that have none of their own.
        public var mode: Mode = .auto
        /// Absolute paths of memories and of folders above them, and ids of stores, that have mode auto.
        public var auto: [String] = []
        /// Those that have mode ask.
        public var ask: [String] = []
        /// Those that have mode off.
        public var off: [String] = []
        /// How many stores are worked on at the same time.
        public var parallel = 2

        /// The policy for the store `id` at `location`: of those that name it, it or a folder above it, the nearest.
        public func mode(for location: String, id: String) -> Mode {
            let named = [(Mode.auto, auto), (.ask, ask), (.off, off)].flatMap { mode, entries in
                entries.map { (mode, $0) }
            }
            let fitting = named.filter { _, entry in
                let isAbove = entry.hasPrefix("/") && location.hasPrefix(entry == "/" ? entry : entry + "/")
                return entry == id || entry == location || isAbove
            }
            // An id means one store and nothing else.
            return fitting.max { $0.1 != id && ($1.1 == id || $0.1.utf8.count < $1.1.utf8.count) }?.0 ?? mode
        }

        /// Entries that stand in more than one list, which would be two policies for one store.
        var contradictions: [String] {
            let all = Set(auto).map(\.self) + Set(ask).map(\.self) + Set(off).map(\.self)
            return Dictionary(grouping: all, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
        }
    }

    /// Migrations beyond the built-in catalogue.
    public struct Migrations: Sendable, Equatable {
        /// Absolute paths of folders with migration files.
        public var paths: [String] = []
    }

    /// The user's own check of a migrated store.
    public struct Verify: Sendable, Equatable {
        /// The check, or nil for none.
        public var command: Command?
        /// How long it may run before it counts as "could not run".
        public var timeout: Duration = .seconds(60)
    }

    /// How changes on disk are noticed.
    public struct Watch: Sendable, Equatable {
        /// How long a subject has to be quiet before it is examined.
        public var settle: Duration = .milliseconds(1500)
        /// When it is examined although it is not quiet; never shorter than `settle`.
        public var maxWait: Duration = .seconds(30)
        /// The time between two looks where file events cannot be had.
        public var pollEvery: Duration = .seconds(30)
    }

    /// How backups are made and how long they are kept.
    public struct Backup: Sendable, Equatable {
        /// zstd's compression level.
        public var level = 3
        /// The age at which a changed store is backed up again, or nil for never.
        public var every: Duration? = .seconds(86_400)
        /// Which backups survive a prune.
        public var keep = Keep()
        /// The most bytes that the vault may take, or nil for the smaller of 10 GiB and 10 % of its filesystem.
        public var budget: UInt64?
        /// The bytes that stay free on the vault's filesystem, or nil for the larger of 1 GiB and 5 % of it.
        public var minFree: UInt64?
        /// The time between two drills, restores into scratch that prove kept backups again, or nil for never.
        public var drillEvery: Duration? = .seconds(30 * 86_400)
    }

    /// Which backups of a store survive a prune; a backup that any rule names is kept.
    public struct Keep: Sendable, Equatable {
        /// The newest ones.
        public var last = 5
        /// The newest one of each of that many days.
        public var daily = 7
        /// The newest one of each of that many weeks.
        public var weekly = 4
        /// The newest ones that were taken before a migration.
        public var beforeMigration = 10
    }

    /// Who may read over the socket.
    public struct API: Sendable, Equatable {
        /// Names of groups; empty means that only the owner and root may connect.
        public var readerGroups: [String] = []
    }

    /// What is logged.
    public struct Log: Sendable, Equatable {
        /// Severities, the most talkative first.
        public enum Level: String, Sendable, CaseIterable {
            // swift-log's words, so that nobody has to translate.
            case trace, debug, info, notice, warning, error, critical
        }

        /// The least severe message that is written.
        public var level: Level = .info
    }
}
