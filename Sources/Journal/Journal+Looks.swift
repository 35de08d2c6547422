// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

/// A look at the whole content of a store that found nothing which a backup does not hold.
public struct ContentLook: Codable, Sendable, Equatable {
    /// The store.
    public let store: StoreID
    /// When its content was read.
    public let at: Timestamp
    /// The backup that holds it.
    public let backup: BackupID

    /// At `at`, `store` held what `backup` holds.
    public init(store: StoreID, at: Timestamp, backup: BackupID) {
        self.store = store
        self.at = at
        self.backup = backup
    }
}

// What a backup that was not necessary leaves behind: no operation and no event, one row per store.
extension Journal {
    /// Records a look in place of the one before it.
    public func record(_ look: ContentLook) throws(JournalError) {
        try write(.stores) {
            try connection.run(
                """
                INSERT INTO looks (store, at, backup) VALUES (?, ?, ?)
                ON CONFLICT (store) DO UPDATE SET at = excluded.at, backup = excluded.backup
                """, [.name(look.store), .time(look.at), .name(look.backup)])
        }
    }

    /// The last such look at `store`, or nil.
    public func lastLook(at store: StoreID) throws(JournalError) -> ContentLook? {
        try reading {
            try connection.decoding("SELECT at, backup FROM looks WHERE store = ?", [.name(store)]) { row in
                ContentLook(store: store, at: row.time(0), backup: try row.required(1) { BackupID($0) })
            }.first
        }
    }

    /// The backups whose last proof failed, by the time of that proof. They are not to be relied on.
    public func failedProofs() throws(JournalError) -> [BackupID: Timestamp] {
        try reading {
            let rows = try connection.decoding("SELECT backup, at FROM proofs WHERE succeeded = 0") { row in
                (try row.required(0) { BackupID($0) }, row.time(1))
            }
            return Dictionary(rows) { first, _ in first }
        }
    }
}
