// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Files that lie where locks do not mean what they should.
public struct LocationCheck: Check {
    /// A file or folder on a filesystem that another machine or program serves.
    public struct Place: Sendable, Equatable {
        let path: String
        let filesystem: String
        let store: StoreID?

        /// - Parameters:
        ///   - path: a memory's file, or the vault's folder
        ///   - filesystem: its type, such as `nfs`
        ///   - store: the memory; nil for the vault
        public init(_ path: String, on filesystem: String, store: StoreID?) {
            self.path = path
            self.filesystem = filesystem
            self.store = store
        }
    }

    private let places: [Place]

    public init(_ places: [Place]) {
        self.places = places
    }

    public var diagnoses: [Diagnosis] {
        places.map { place in
            place.store == nil
                ? Diagnosis(
                    .networkFilesystem, .degraded,
                    "The vault in \(place.path) lies on a network filesystem (\(place.filesystem)): what is written there "
                        + "may be gone after a crash of the machine that serves it.",
                    remedy: .init("Keep the state on a local disk: --state-dir, or StateDirectory= of the unit."))
                : Diagnosis(
                    .networkFilesystem, .degraded,
                    "\(place.path) lies on a network filesystem (\(place.filesystem)), where SQLite's locks cannot be "
                        + "trusted: it is backed up and not migrated.", store: place.store,
                    remedy: .init(
                        "Move it to a local disk while no server uses it, and tell Dementia where: CLAUDE_MEMORY_DB."))
        }
    }
}

/// Write-ahead logs that are larger than what they belong to.
public struct WALCheck: Check {
    /// One log.
    public struct Log: Sendable, Equatable {
        let database: String
        let store: StoreID
        let bytes: Int64
        let databaseBytes: Int64
        let holders: [Holder]

        public init(database: String, store: StoreID, bytes: Int64, databaseBytes: Int64, holders: [Holder]) {
            self.database = database
            self.store = store
            self.bytes = bytes
            self.databaseBytes = databaseBytes
            self.holders = holders
        }
    }

    /// A process that has it open.
    public struct Holder: Sendable, Equatable {
        let pid: Int32
        let name: String

        public init(pid: Int32, name: String) {
            self.pid = pid
            self.name = name
        }
    }

    /// From here on a log counts as large, in bytes: SQLite itself folds one back at 4 MB.
    public static let large: Int64 = 64 << 20

    private let logs: [Log]

    public init(_ logs: [Log]) {
        self.logs = logs
    }

    public var diagnoses: [Diagnosis] {
        logs.filter { $0.bytes >= Self.large && $0.bytes > $0.databaseBytes }.map { log in
            let names = log.holders.map { "\($0.name) (pid \($0.pid))" }.joined(separator: ", ")
            let fold =
                "sqlite3 -cmd '.timeout 10000' \(ShellText.word(log.database)) 'PRAGMA wal_checkpoint(TRUNCATE)'"
            let end = log.holders.map { "\($0.pid)" }.joined(separator: " ")
            return Diagnosis(
                .walGrows, .degraded,
                "The write-ahead log of \(log.database) has \(log.bytes) bytes, and the memory itself "
                    + "\(log.databaseBytes): "
                    + (names.isEmpty ? "no process has checkpointed it." : "\(names) may prevent its checkpoint."),
                store: log.store,
                remedy: .init(
                    log.holders.isEmpty
                        ? "Fold it back." : "End who holds it, as a restart of Claude does, and fold it back.",
                    command: (log.holders.isEmpty ? "" : "kill \(end); sleep 1; ") + fold))
        }
    }
}
