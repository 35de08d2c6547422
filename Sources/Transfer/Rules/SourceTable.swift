// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import PostgresKit

/// A table of the source as SQLite describes it, for the rules to place.
public struct SourceTable: Sendable, Equatable {
    /// What `PRAGMA table_list` calls it.
    public enum Kind: String, Sendable {
        case table, view, virtual, shadow
    }

    /// An index or a key over columns.
    public struct Key: Sendable, Equatable {
        public let name: String
        public let columns: [String]
        /// The collation of each column: `BINARY`, `NOCASE`, `RTRIM` or one of the application's.
        public let collations: [String]
        public let isUnique: Bool
        /// Whether the table's definition makes it (PRIMARY KEY, UNIQUE), and not a CREATE INDEX.
        public let isConstraint: Bool

        public init(
            name: String, columns: [String], collations: [String] = [], isUnique: Bool, isConstraint: Bool = false
        ) {
            self.name = name
            self.columns = columns
            self.collations = collations
            self.isUnique = isUnique
            self.isConstraint = isConstraint
        }
    }

    public let name: String
    public let kind: Kind
    /// In the order of the table; generated ones too (`PRAGMA table_xinfo`), the hidden ones of virtual tables not.
    public let columns: [SourceColumn]
    public let isWithoutRowid: Bool
    public let keys: [Key]
    public let rows: Int64

    public init(
        name: String,
        kind: Kind = .table,
        columns: [SourceColumn],
        isWithoutRowid: Bool = false,
        keys: [Key] = [],
        rows: Int64 = 0
    ) {
        self.name = name
        self.kind = kind
        self.columns = columns
        self.isWithoutRowid = isWithoutRowid
        self.keys = keys
        self.rows = rows
    }

    /// The columns of the primary key, in its order.
    public var primaryKey: [String] {
        columns.filter { $0.keyPosition > 0 }.sorted { $0.keyPosition < $1.keyPosition }.map(\.name)
    }

    /// The column that is another name of the rowid, nil without one.
    public var rowidColumn: String? {
        guard !isWithoutRowid, primaryKey.count == 1 else { return nil }
        return columns.first { $0.keyPosition == 1 && $0.declaredType.lowercasedASCII == "integer" }?.name
    }

    /// The place of the column called `name`, as SQLite compares names.
    public func index(of name: String) -> Int? {
        columns.firstIndex { $0.name.lowercasedASCII.hasSameBytes(as: name.lowercasedASCII) }
    }
}

/// A column of the source.
public struct SourceColumn: Sendable, Equatable {
    public let name: String
    /// As it was declared; empty without a type.
    public let declaredType: String
    /// Its place in the primary key, counted from 1; 0 outside.
    public let keyPosition: Int
    public let isGenerated: Bool
    /// What it holds; needed only where a table is made for it and the declared type does not decide (``needsCensus``).
    public var census: ColumnCensus

    public init(
        name: String,
        declaredType: String = "",
        keyPosition: Int = 0,
        isGenerated: Bool = false,
        census: ColumnCensus = ColumnCensus()
    ) {
        self.name = name
        self.declaredType = declaredType
        self.keyPosition = keyPosition
        self.isGenerated = isGenerated
        self.census = census
    }

    /// SQLite's affinities ("Datatypes In SQLite", 3.1).
    public enum Affinity: Sendable {
        case integer, text, blob, real, numeric
    }

    /// The affinity that SQLite gives its declared type.
    public var affinity: Affinity {
        let type = declaredType.lowercasedASCII
        if type.containsBytes(of: "int") { return .integer }
        if ["char", "clob", "text"].contains(where: type.containsBytes) { return .text }
        if type.isEmpty || type.containsBytes(of: "blob") { return .blob }
        if ["real", "floa", "doub"].contains(where: type.containsBytes) { return .real }
        return .numeric
    }

    /// Whether only what it holds tells the type of a column made for it.
    public var needsCensus: Bool { affinity == .numeric || declaredType.isEmpty || keyPosition > 0 }
}

/// How many values of each storage class a column holds.
public struct ColumnCensus: Sendable, Equatable {
    public private(set) var nulls: Int64 = 0
    public private(set) var integers: Int64 = 0
    public private(set) var reals: Int64 = 0
    public private(set) var texts: Int64 = 0
    public private(set) var blobs: Int64 = 0
    /// Integers that no double holds exactly.
    public private(set) var inexactIntegers: Int64 = 0

    public init() {}

    /// What SQL has counted: `sum(typeof(c) = 'integer')` and so on; an inexact integer lies beyond ±2^53.
    public init(nulls: Int64, integers: Int64, reals: Int64, texts: Int64, blobs: Int64, inexactIntegers: Int64) {
        self.nulls = nulls
        self.integers = integers
        self.reals = reals
        self.texts = texts
        self.blobs = blobs
        self.inexactIntegers = inexactIntegers
    }

    /// Counts `cell`.
    public mutating func note(_ cell: Cell) {
        switch cell {
        case .null: nulls += 1
        case .integer(let integer):
            integers += 1
            if Int64(exactly: Double(integer)) != integer { inexactIntegers += 1 }
        case .real: reals += 1
        case .text: texts += 1
        case .blob: blobs += 1
        }
    }
}

extension String {
    /// With small letters for the capitals of ASCII, and everything else as it is: what SQLite compares names and types by.
    var lowercasedASCII: String {
        String(decoding: utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
