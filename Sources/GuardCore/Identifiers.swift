// SPDX-License-Identifier: MIT

internal import HashKit

/// The database engine that holds a store.
public enum StoreEngine: String, Codable, Sendable, CaseIterable {
    case sqlite, postgres

    /// What the name of a copy ends in, without the dot: a database file is opened, a script is run.
    public var copyExtension: String {
        switch self {
        case .sqlite: "db"
        case .postgres: "sql"
        }
    }
}

/// Where a store is: a real path, or a server, database and schema without any secret.
///
/// Two names of the same store have the same location: a SQLite path is resolved first.
public struct StoreLocation: Hashable, Sendable, Codable {
    /// The engine.
    public let engine: StoreEngine
    /// The canonical name: an absolute path, or `host:port/database#schema`.
    public let name: String

    public init(engine: StoreEngine, name: String) {
        self.engine = engine
        self.name = name
    }

    /// By bytes, as file systems and servers tell names apart: Swift's own equality takes `é` in one scalar and `é` in two for the same.
    public static func == (left: StoreLocation, right: StoreLocation) -> Bool {
        left.engine == right.engine && left.name.utf8.elementsEqual(right.name.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(engine)
        for byte in name.utf8 { hasher.combine(byte) }
    }

    /// The schema's name; nil for a file.
    public var schema: String? { parts?.schema }

    /// `host:port/database`, in which no `#` occurs; nil for a file.
    public var database: String? { parts?.database }

    /// What stands before the first `#` and behind it.
    private var parts: (database: String, schema: String)? {
        let bytes = name.utf8
        guard engine == .postgres, let mark = bytes.firstIndex(of: UInt8(ascii: "#")) else { return nil }
        let schema = bytes[bytes.index(after: mark)...]
        return (String(decoding: bytes[..<mark], as: UTF8.self), String(decoding: schema, as: UTF8.self))
    }

    /// The store's identity, the same in every run.
    public var id: StoreID { StoreID(derivedFrom: self) }
}

/// Identifies a store: the first 12 hexadecimal digits of the SHA-256 of its canonical location.
public struct StoreID: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
    /// 12 lower-case hexadecimal digits.
    public let value: String

    init(derivedFrom location: StoreLocation) {
        value = SHA256.digest(of: "\(location.engine.rawValue):\(location.name)").short
    }

    /// The identifier that `value` spells, or nil when it is not 12 lower-case hexadecimal digits.
    public init?(_ value: String) {
        let digits = Set("0123456789abcdef")
        guard value.count == 12, value.allSatisfy(digits.contains) else { return nil }
        self.value = value
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = StoreID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a store id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    public var description: String { value }

    public static func < (left: StoreID, right: StoreID) -> Bool { left.value < right.value }
}

/// Identifies an operation: `op_` and a ULID, so that identifiers sort by the time they were made.
public struct OperationID: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
    /// The whole text, `op_` included.
    public let value: String

    /// A new identifier: 48 bits of time and 80 random bits, in Crockford's base 32.
    ///
    /// - Parameters:
    ///   - milliseconds: since 1970, UTC
    ///   - generator: where the random bits come from
    public init(milliseconds: UInt64, using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        var digits: [UInt8] = []
        for shift in stride(from: 45, through: 0, by: -5) {
            digits.append(alphabet[Int(milliseconds >> UInt64(shift) & 31)])
        }
        for _ in 0..<16 {
            digits.append(alphabet[Int.random(in: 0..<32, using: &generator)])
        }
        value = "op_" + String(decoding: digits, as: UTF8.self)
    }

    /// The identifier that `value` spells, or nil when it is not `op_` and 26 digits.
    public init?(_ value: String) {
        let alphabet = Set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        guard value.hasPrefix("op_"), value.count == 29, value.dropFirst(3).allSatisfy(alphabet.contains) else {
            return nil
        }
        self.value = value
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = OperationID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an operation id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    public var description: String { value }

    public static func < (left: OperationID, right: OperationID) -> Bool { left.value < right.value }
}

/// Identifies a published backup: its sequence number in the vault and the root of its checksums, as in `000042_9f3c1a77b2e0`.
public struct BackupID: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
    /// Rises over the whole vault; it, and never a clock, is the order of backups.
    public let sequence: UInt64
    /// The first 12 hexadecimal digits of the SHA-256 of the backup's `SHA256SUMS`.
    public let root: String

    public init(sequence: UInt64, root: String) {
        self.sequence = sequence
        self.root = root
    }

    /// The identifier that `text` spells, or nil.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        let digits = Set("0123456789abcdef")
        guard parts.count == 2, parts[0].count >= 6, let sequence = UInt64(parts[0]), parts[1].count == 12,
            parts[1].allSatisfy(digits.contains)
        else { return nil }
        self.init(sequence: sequence, root: String(parts[1]))
        // One id has one spelling: no sign, and no more zeros than it needs.
        guard description == text else { return nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = BackupID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a backup id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String { "\(Self.padded(sequence))_\(root)" }

    /// `sequence` with at least six digits.
    public static func padded(_ sequence: UInt64) -> String {
        let digits = String(sequence)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    public static func < (left: BackupID, right: BackupID) -> Bool { left.sequence < right.sequence }
}
