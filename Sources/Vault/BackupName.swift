// SPDX-License-Identifier: MIT

public import GuardCore

/// What a backup's folder name tells: `000042_20251109T120102.345Z_migration_s10_9f3c1a77b2e0`.
///
/// Sequence, time in UTC, reason, schema version (`sx` when unknown), and the root of its checksums. The order of backups is
/// the sequence; the time is for people.
public struct BackupName: Sendable, Hashable, CustomStringConvertible {
    /// Sequence and root.
    public let id: BackupID
    /// When it was published, by the clock of that day.
    public let createdAt: Timestamp
    /// Why it was taken.
    public let reason: BackupReason
    /// The schema version it holds, or nil when it was not known.
    public let schemaVersion: Int?

    init(id: BackupID, createdAt: Timestamp, reason: BackupReason, schemaVersion: Int?) {
        self.id = id
        self.createdAt = createdAt
        self.reason = reason
        self.schemaVersion = schemaVersion
    }

    /// The name that `text` spells, or nil.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 5, let id = BackupID("\(parts[0])_\(parts[4])"), let createdAt = Timestamp(parts[1]),
            let reason = BackupReason(rawValue: String(parts[2])), parts[3].first == "s"
        else { return nil }
        let version = parts[3].dropFirst()
        let number = Int(version)
        guard number != nil || version == "x" else { return nil }
        self.init(id: id, createdAt: createdAt, reason: reason, schemaVersion: number)
        guard description == text else { return nil }
    }

    public var description: String {
        let version = schemaVersion.map(String.init) ?? "x"
        return "\(BackupID.padded(id.sequence))_\(createdAt.compact)_\(reason.rawValue)_s\(version)_\(id.root)"
    }

    /// The sequence at the front of any name of ours, also one in the trash.
    static func sequence(of name: String) -> UInt64? {
        guard let end = name.firstIndex(of: "_") else { return nil }
        let digits = name[..<end]
        // A longer number was not counted by us, and the next one might not fit.
        return (6...18).contains(digits.count) ? UInt64(digits) : nil
    }
}
