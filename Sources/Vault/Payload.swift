// SPDX-License-Identifier: MIT

public import HashKit

/// What a backup holds.
public enum PayloadKind: String, Codable, Sendable, CaseIterable {
    /// The pages of a SQLite database, complete without a `-wal`.
    case sqliteDatabase
    /// SQL that guards itself with one transaction.
    case sqlDump

    /// The file that holds it, always exactly one zstd frame.
    public var fileName: String {
        switch self {
        case .sqliteDatabase: "data.db.zst"
        case .sqlDump: "dump.sql.zst"
        }
    }
}

/// How a payload is to be written.
public struct PayloadOptions: Sendable {
    /// What it is.
    public var kind: PayloadKind
    /// Its length in bytes when that is known beforehand; it is then enforced.
    public var rawBytes: Int64?
    /// The compression level, 1 to 19. From 10 on compression takes more than 48 MB of memory.
    public var level: Int
    /// Threads that compress, 0 to 4.
    public var workers: Int
    /// The digest of the bytes to come, when it is known. If the store's newest backup has it too, that one's payload is read,
    /// hashed and linked in place of writing a second copy.
    public var known: SHA256Digest?

    public init(
        _ kind: PayloadKind, rawBytes: Int64? = nil, level: Int = 3, workers: Int = 2, known: SHA256Digest? = nil
    ) {
        self.kind = kind
        self.rawBytes = rawBytes
        self.level = level
        self.workers = workers
        self.known = known
    }
}

/// A payload as it was written.
public struct PayloadFacts: Codable, Sendable, Equatable {
    /// The file's name in the backup's folder.
    public let name: String
    /// Always `zstd`.
    public let codec: String
    /// The compression level.
    public let level: Int
    /// The length before compression, in bytes.
    public let rawBytes: Int64
    /// The digest before compression.
    public let rawSHA256: SHA256Digest
    /// The file's length in bytes.
    public let storedBytes: Int64
    /// The file's digest.
    public let storedSHA256: SHA256Digest

    /// What the payload is, by its name; nothing for a name that no vault of ours has.
    public var kind: PayloadKind? { PayloadKind.allCases.first { $0.fileName == name } }
}
