// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

/// How the last proof of a backup went.
public struct ProofRecord: Codable, Sendable, Equatable {
    /// The backup.
    public let backup: BackupID
    /// When the proof ended.
    public let at: Timestamp
    /// Whether the backup was restored or decoded in full and is what it was.
    public let succeeded: Bool
    /// How long it took, in seconds.
    public let seconds: Double
    /// Why it failed, or what was compared.
    public let detail: String?

    /// A proof of `backup` that ended at `at` and took `seconds`.
    public init(backup: BackupID, at: Timestamp, succeeded: Bool, seconds: Double, detail: String? = nil) {
        self.backup = backup
        self.at = at
        self.succeeded = succeeded
        self.seconds = seconds
        self.detail = detail
    }
}

// What the vault's plain files do not say of themselves: which backups are pinned and when each was last proved.
extension Journal {
    /// Takes the right to remove `backup` from the vault; false when it is pinned.
    ///
    /// Until ``forget(_:store:)`` or ``keep(_:)`` nobody can pin it: whoever is told that a backup is pinned finds it there.
    public func beginRemoval(of backup: BackupID) throws(JournalError) -> Bool {
        guard try !pins().contains(backup) else { return false }
        leaving.insert(backup)
        return true
    }

    /// Gives the right to remove `backup` back: it stays.
    public func keep(_ backup: BackupID) { leaving.remove(backup) }

    /// Keeps retention from removing `backup`. Pinned already is fine; one that is being removed is ``JournalError/Code/notFound``.
    public func pin(_ backup: BackupID, store: StoreID? = nil) throws(JournalError) {
        guard !leaving.contains(backup) else {
            throw JournalError(
                .notFound, "the backup \(backup) is being removed",
                hint: "The backups that stay: dementiactl backup list")
        }
        try write(.pin) {
            try connection.run(
                "INSERT INTO pins (backup, at) VALUES (?, ?) ON CONFLICT DO NOTHING", [.name(backup), .time(clock())])
            guard connection.changes == 1 else { return }
            try append(.backupPinned, store: store, about(backup))
        }
    }

    /// Lets retention decide on `backup` again. Not pinned is fine.
    public func unpin(_ backup: BackupID, store: StoreID? = nil) throws(JournalError) {
        try write(.pin) {
            try connection.run("DELETE FROM pins WHERE backup = ?", [.name(backup)])
            guard connection.changes == 1 else { return }
            try append(.backupUnpinned, store: store, about(backup))
        }
    }

    /// The pinned backups.
    public func pins() throws(JournalError) -> Set<BackupID> {
        try reading {
            Set(try connection.decoding("SELECT backup FROM pins") { row in try row.required(0) { BackupID($0) } })
        }
    }

    /// Records a proof in place of the one before it; the audit keeps them all.
    public func record(_ proof: ProofRecord, store: StoreID? = nil) throws(JournalError) {
        try write(.proof) {
            try connection.run(
                """
                INSERT INTO proofs (backup, at, succeeded, seconds, detail) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (backup) DO UPDATE SET at = excluded.at, succeeded = excluded.succeeded,
                    seconds = excluded.seconds, detail = excluded.detail
                """,
                [
                    .name(proof.backup), .time(proof.at), .integer(proof.succeeded ? 1 : 0), .real(proof.seconds),
                    .text(proof.detail),
                ])
            var facts = about(proof.backup)
            facts.succeeded = proof.succeeded
            facts.detail = proof.detail
            try append(.backupProved, store: store, facts)
        }
    }

    /// The last proof of `backup`, or nil.
    public func lastProof(of backup: BackupID) throws(JournalError) -> ProofRecord? {
        try reading { try proofs("WHERE backup = ?", [.name(backup)]).first }
    }

    /// The last proof of every backup that was ever proved and not forgotten, by backup.
    public func lastProofs() throws(JournalError) -> [BackupID: ProofRecord] {
        try reading { Dictionary(uniqueKeysWithValues: try proofs("").map { ($0.backup, $0) }) }
    }

    /// When a backup was last proved; nil when none was yet.
    public func lastProofTime() throws(JournalError) -> Timestamp? {
        try reading { try connection.decoding("SELECT max(at) FROM proofs") { $0.optionalTime(0) }.first ?? nil }
    }

    /// Drops pin and proof of a backup that is no longer in the vault.
    public func forget(_ backup: BackupID, store: StoreID? = nil) throws(JournalError) {
        try write(.proof) {
            try connection.run("DELETE FROM pins WHERE backup = ?", [.name(backup)])
            try connection.run("DELETE FROM proofs WHERE backup = ?", [.name(backup)])
            try append(.backupForgotten, store: store, about(backup))
        }
        leaving.remove(backup)
    }

    private func about(_ backup: BackupID) -> JournalEvent.Facts {
        var facts = JournalEvent.Facts()
        facts.backup = backup
        return facts
    }

    private func proofs(_ clause: String, _ parameters: [Value] = []) throws -> [ProofRecord] {
        try connection.decoding(
            "SELECT backup, at, succeeded, seconds, detail FROM proofs \(clause)", parameters
        ) { row in
            ProofRecord(
                backup: try row.required(0) { BackupID($0) },
                at: row.time(1),
                succeeded: row.integer(2) != 0,
                seconds: row.real(3),
                detail: row.string(4)
            )
        }
    }
}
