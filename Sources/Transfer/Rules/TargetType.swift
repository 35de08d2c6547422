// SPDX-License-Identifier: MIT

/// The type of a column in the target's catalogue, which decides what a value becomes.
public enum TargetType: Sendable, Equatable, Hashable {
    case boolean, integer, bigint, doublePrecision, text, bytea, timestamptz, jsonb, json
    /// A type that nothing is converted to, as `format_type` spells it.
    case other(String)

    /// The type that `format_type(atttypid, atttypmod)` spells.
    public init(formatted name: String) {
        self =
            switch name {
            case "boolean": .boolean
            case "integer": .integer
            case "bigint": .bigint
            case "double precision": .doublePrecision
            // Without a length both are one thing to the server.
            case "text", "character varying": .text
            case "bytea": .bytea
            case "timestamp with time zone": .timestamptz
            case "jsonb": .jsonb
            case "json": .json
            default: .other(name)
            }
    }

    /// How SQL names it.
    public var sql: String {
        switch self {
        case .boolean: "boolean"
        case .integer: "integer"
        case .bigint: "bigint"
        case .doublePrecision: "double precision"
        case .text: "text"
        case .bytea: "bytea"
        case .timestamptz: "timestamp with time zone"
        case .jsonb: "jsonb"
        case .json: "json"
        case .other(let name): name
        }
    }

    /// Whether the server gives back exactly the bytes that it was sent. It rewrites `jsonb`: its keys in an order of its own, of equal keys
    /// the last. Such a column stays out of the digests of bytes.
    public var isByteExact: Bool { self != .jsonb }
}

/// A column of the target as its catalogue has it.
public struct TargetColumn: Sendable, Equatable {
    public let name: String
    public let type: TargetType
    public let isNullable: Bool
    /// Whether it has a default, a sequence's included.
    public let hasDefault: Bool
    /// Whether it is `GENERATED ALWAYS AS (…) STORED`: never sent.
    public let isGenerated: Bool
    /// Whether it is part of a primary key, a unique or a foreign key: a value that cannot be converted does not become NULL there.
    public let isKey: Bool

    public init(
        name: String,
        type: TargetType,
        isNullable: Bool = true,
        hasDefault: Bool = false,
        isGenerated: Bool = false,
        isKey: Bool = false
    ) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.hasDefault = hasDefault
        self.isGenerated = isGenerated
        self.isKey = isKey
    }

    /// Whether NULL may stand for what cannot be converted.
    var takesNull: Bool { isNullable && !isKey }
}

/// A table of the target as its catalogue has it.
public struct TargetTable: Sendable, Equatable {
    /// A foreign key over one column.
    public struct Reference: Sendable, Equatable {
        public let column: String
        public let table: String
        public let key: String

        public init(column: String, table: String, key: String) {
            self.column = column
            self.table = table
            self.key = key
        }
    }

    public let name: String
    /// In the order of `attnum`, dropped ones left out.
    public let columns: [TargetColumn]
    /// The columns of its primary key, empty without one.
    public let primaryKey: [String]
    /// The columns of each unique index but the primary key's.
    public let uniqueKeys: [[String]]
    public let references: [Reference]
    /// The columns of each B-tree index, unique ones included: what they hold must fit an index row.
    public let indices: [[String]]

    public init(
        name: String,
        columns: [TargetColumn],
        primaryKey: [String] = [],
        uniqueKeys: [[String]] = [],
        references: [Reference] = [],
        indices: [[String]] = []
    ) {
        self.name = name
        self.columns = columns
        self.primaryKey = primaryKey
        self.uniqueKeys = uniqueKeys
        self.references = references
        self.indices = indices
    }
}
