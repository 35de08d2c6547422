// SPDX-License-Identifier: MIT

public import HashKit

/// The structural fingerprint of a store: its tables with their columns, and its indices. Values play no part in it.
public struct Shape: Sendable, Equatable {
    /// One column as its engine declares it.
    public struct Column: Sendable, Equatable {
        public let name: String
        /// The declared type, as written.
        public let type: String
        public let isNotNull: Bool
        /// The default as SQL, or nil.
        public let defaultValue: String?

        public init(name: String, type: String, isNotNull: Bool, defaultValue: String?) {
            self.name = name
            self.type = type
            self.isNotNull = isNotNull
            self.defaultValue = defaultValue
        }
    }

    /// Columns in their order, by table. Virtual tables are here too, their shadow tables as well.
    public let tables: [String: [Column]]
    /// The names of all indices that somebody made.
    public let indices: Set<String>

    public init(tables: [String: [Column]], indices: Set<String>) {
        self.tables = tables
        self.indices = indices
    }

    /// Whether there is such a table with such a column.
    public func has(_ table: String, _ column: String) -> Bool {
        tables[table]?.contains { $0.name == column } ?? false
    }

    /// Equal for two stores exactly when tables, columns, types, defaults and indices are equal; the order of columns does not count,
    /// since real and fresh files differ in it.
    public var fingerprint: SHA256Digest {
        var lines: [String] = indices.map { "index \($0)" }
        for (table, columns) in tables {
            lines.append("table \(table)")
            for column in columns {
                lines.append(
                    "column \(table).\(column.name) \(column.type) \(column.isNotNull) \(column.defaultValue ?? "")")
            }
        }
        return SHA256.digest(of: lines.sorted().joined(separator: "\n"))
    }
}
