// SPDX-License-Identifier: MIT

public import HashKit

/// The content of one table, reduced to what proves that two contents are equal value by value.
///
/// SQLite: the cells of a column are hashed in row order with their storage class and length, so two equal digests mean the same
/// values in the same rows. PostgreSQL: rows have no order, and the server computes ``rowSum``.
public struct TableDigest: Codable, Sendable, Equatable {
    /// One column's cells, hashed in row order.
    public struct Column: Codable, Sendable, Equatable {
        public let name: String
        /// How many of its cells are not NULL.
        public let values: Int64
        public let sha256: SHA256Digest

        public init(name: String, values: Int64 = 0, sha256: SHA256Digest) {
            self.name = name
            self.values = values
            self.sha256 = sha256
        }
    }

    /// The table's name.
    public let name: String
    /// How many rows it has.
    public let rows: Int64
    /// The row identities in order: rowids, or nothing where the engine or the table has none.
    public let identities: SHA256Digest
    /// The columns in table order.
    public let columns: [Column]
    /// PostgreSQL: the sum over all rows of the first 64 bits of the MD5 of a row's text, in decimal. Sums add up: what is moved from one
    /// table to another is the difference of both.
    public let rowSum: String?

    public init(
        name: String, rows: Int64, identities: SHA256Digest, columns: [Column], rowSum: String? = nil
    ) {
        self.name = name
        self.rows = rows
        self.identities = identities
        self.columns = columns
        self.rowSum = rowSum
    }

    /// The digest of a PostgreSQL table.
    public init(name: String, rows: Int64, rowSum: String) {
        self.init(name: name, rows: rows, identities: SHA256.digest(of: ""), columns: [], rowSum: rowSum)
    }
}

/// Where a PostgreSQL sequence stands.
public struct SequenceState: Codable, Sendable, Hashable {
    public let name: String
    public let lastValue: Int64
    /// Whether `lastValue` was given out already.
    public let isCalled: Bool

    public init(name: String, lastValue: Int64, isCalled: Bool) {
        self.name = name
        self.lastValue = lastValue
        self.isCalled = isCalled
    }
}

/// One object of a schema as its engine describes it.
public struct SchemaObject: Codable, Sendable, Hashable {
    /// `table`, `index`, `view`, `trigger`, …
    public let type: String
    public let name: String
    /// The table it belongs to.
    public let table: String
    /// Its definition, or nil where the engine made it by itself (a UNIQUE constraint's index).
    public let definition: String?

    public init(type: String, name: String, table: String, definition: String?) {
        self.type = type
        self.name = name
        self.table = table
        self.definition = definition
    }

    /// By bytes, as engines tell names apart: Swift's own equality takes `é` in one scalar and `é` in two for the same.
    public static func == (left: SchemaObject, right: SchemaObject) -> Bool {
        left.parts.elementsEqual(right.parts) { $0.utf8.elementsEqual($1.utf8) }
            && (left.definition == nil) == (right.definition == nil)
    }

    public func hash(into hasher: inout Hasher) {
        for part in parts {
            for byte in part.utf8 { hasher.combine(byte) }
            hasher.combine(0xff as UInt8)
        }
    }

    private var parts: [String] { [type, name, table, definition ?? ""] }
}

/// A whole store's objects and values, without the ledger.
public struct StoreDigest: Codable, Sendable, Equatable {
    /// Every object but the ledger's, ordered by type and name.
    public let objects: [SchemaObject]
    /// Every table that holds rows of its own but the ledger's, ordered by name.
    public let tables: [TableDigest]
    /// PostgreSQL: every sequence but the ledger's, read after the rows, ordered by name. nil where tables keep their own counts.
    ///
    /// No part of the ``fingerprint``: a sequence moves on without a transaction, and one that is ahead harms nobody.
    public let sequences: [SequenceState]?

    public init(objects: [SchemaObject], tables: [TableDigest], sequences: [SequenceState]? = nil) {
        self.objects = objects
        self.tables = tables
        self.sequences = sequences
    }

    /// Equal for two stores exactly when all their objects and values are equal, as far as the hashes go.
    public var fingerprint: SHA256Digest {
        var lines = objects.map { "\($0.type) \($0.name) \($0.table) \($0.definition ?? "")" }
        for table in tables {
            lines.append("\(table.name) \(table.rows) \(table.identities)" + (table.rowSum.map { " " + $0 } ?? ""))
            lines += table.columns.map { "\($0.name) \($0.sha256)" }
        }
        return SHA256.digest(of: lines.joined(separator: "\n"))
    }

    /// The digest of the table called `name`.
    public subscript(table name: String) -> TableDigest? {
        tables.first { $0.name.utf8.elementsEqual(name.utf8) }
    }
}
