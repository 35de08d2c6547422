// SPDX-License-Identifier: MIT

internal import PostgresKit

/// A table to be made in the target.
public struct NewTable: Sendable, Equatable {
    /// An index to be made with it.
    public struct Index: Sendable, Equatable {
        public let name: String
        /// The columns, quoted and with their direction, as SQL has them between the parentheses.
        let terms: String
    }

    public let name: String
    public let columns: [TargetColumn]
    /// The columns of its primary key, empty without one.
    public let primaryKey: [String]
    /// The column whose values come from a sequence of its own, nil without one. It is the primary key.
    public let serial: String?
    /// The defaults of columns, as SQL.
    let defaults: [String: String]
    public let indices: [Index]

    init(
        name: String,
        columns: [TargetColumn],
        primaryKey: [String] = [],
        serial: String? = nil,
        defaults: [String: String] = [:],
        indices: [Index] = []
    ) {
        self.name = name
        self.columns = columns
        self.primaryKey = primaryKey
        self.serial = serial
        self.defaults = defaults
        self.indices = indices
    }

    /// The statements that make it in `schema`, every name quoted and qualified.
    public func statements(in schema: String) -> [String] {
        let table = SQLText.identifier(schema, name)
        var lines = columns.map { column in
            var line = SQLText.identifier(column.name) + " " + type(of: column)
            if !column.isNullable, column.name != serial { line += " NOT NULL" }
            if let value = defaults[column.name] { line += " DEFAULT " + value }
            return line
        }
        if !primaryKey.isEmpty {
            lines.append("PRIMARY KEY (" + primaryKey.map(SQLText.identifier).joined(separator: ", ") + ")")
        }
        let list = lines.map { "\n    " + $0 }.joined(separator: ",")
        return ["CREATE TABLE \(table) (\(list)\n)"]
            + indices.map { "CREATE INDEX \(SQLText.identifier($0.name)) ON \(table) (\($0.terms))" }
    }

    /// A serial's type makes its sequence, which goes with the column.
    private func type(of column: TargetColumn) -> String {
        guard column.name == serial else { return column.type.sql }
        return column.type == .integer ? "serial" : "bigserial"
    }

    /// It as a target that is there.
    var target: TargetTable {
        TargetTable(
            name: name, columns: columns, primaryKey: primaryKey, indices: primaryKey.isEmpty ? [] : [primaryKey])
    }
}

extension NewTable {
    /// The application's table of tokens, which it makes when it first counts some: no part of a schema's head.
    static let tokenUsage = NewTable(
        name: "token_usage",
        columns: [
            TargetColumn(name: "id", type: .integer, isNullable: false, hasDefault: true, isKey: true),
            TargetColumn(name: "timestamp", type: .doublePrecision, isNullable: false),
            TargetColumn(name: "operation_type", type: .text, isNullable: false),
            TargetColumn(name: "model", type: .text, isNullable: false),
            TargetColumn(name: "provider", type: .text, isNullable: false),
            TargetColumn(name: "input_tokens", type: .integer, isNullable: false),
            TargetColumn(name: "output_tokens", type: .integer, hasDefault: true),
            TargetColumn(name: "input_chars", type: .integer, isNullable: false),
            TargetColumn(name: "output_chars", type: .integer, hasDefault: true),
            TargetColumn(name: "duration_ms", type: .integer),
            TargetColumn(name: "context_id", type: .integer),
            TargetColumn(name: "metadata", type: .text),
        ],
        primaryKey: ["id"],
        serial: "id",
        defaults: ["output_tokens": "0", "output_chars": "0"],
        indices: [
            Index(name: "idx_usage_timestamp", terms: "\"timestamp\" DESC"),
            Index(name: "idx_usage_operation", terms: "operation_type, provider"),
        ])

    /// The table aside of `table`, where rows go that lost a key to another: its columns, with when and why.
    static func losers(of table: TargetTable, called name: String) -> NewTable {
        let columns = table.columns.filter { !$0.isGenerated }.map { TargetColumn(name: $0.name, type: $0.type) }
        return NewTable(
            name: name,
            columns: columns + [
                TargetColumn(name: "kept_at", type: .timestamptz), TargetColumn(name: "kept_because", type: .text),
            ])
    }
}
