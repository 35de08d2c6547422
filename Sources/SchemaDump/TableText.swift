// SPDX-License-Identifier: MIT

internal import PostgresKit

/// Writes the statements that make one relation.
struct TableText {
    let relation: Relation
    let identity: String
    /// Whether defaults and checks are left to statements of their own, because they need something that needs the table.
    let isSeparated: Bool
    let serverVersion: Int
    /// The columns that are NOT NULL by inheritance.
    let inheritedNotNull: Set<ExactText>
    /// Whether the relation of this number has a default in the column of this name.
    let parentHasDefault: (String) -> Bool

    /// CREATE TABLE and what follows it at once.
    func table() -> String {
        let unlogged = relation.isUnlogged ? "UNLOGGED " : ""
        let kind = relation.kind == "f" ? "FOREIGN TABLE" : "TABLE"
        var sql = "CREATE \(unlogged)\(kind) \(identity)"
        if let type = relation.ofType { sql += " OF \(type)" }
        let lines = relation.columns.compactMap(columnLine) + inlineChecks.map(Self.checkLine)
        if !lines.isEmpty {
            sql += " (\n    \(lines.joined(separator: ",\n    "))\n)"
        } else if relation.ofType == nil {
            sql += " ()"
        }
        if !relation.parents.isEmpty, !relation.isPartition {
            sql += "\nINHERITS (\(relation.parents.map(\.qualified).joined(separator: ", ")))"
        }
        if let key = relation.partitionKey { sql += "\nPARTITION BY \(key)" }
        if let server = relation.server {
            sql += "\nSERVER \(SQLText.identifier(server))"
            if let options = relation.serverOptions { sql += "\nOPTIONS (\(options))" }
        }
        if let method = relation.accessMethod, method != "heap" { sql += "\nUSING \(SQLText.identifier(method))" }
        if let options = relation.options { sql += "\nWITH (\(options))" }
        return ([sql + ";"] + afterwards()).joined(separator: "\n")
    }

    /// CREATE VIEW or CREATE MATERIALIZED VIEW.
    func view(replacing: Bool = false) -> String {
        let definition = (relation.definition ?? "").droppingSemicolon()
        let with = relation.options.map { " WITH (\($0))" } ?? ""
        guard relation.kind == "m" else {
            return "CREATE \(replacing ? "OR REPLACE " : "")VIEW \(identity)\(with) AS\n\(definition);"
        }
        let method = relation.accessMethod.flatMap { $0 == "heap" ? nil : " USING \(SQLText.identifier($0))" } ?? ""
        let sql = "CREATE MATERIALIZED VIEW \(identity)\(method)\(with) AS\n\(definition)\nWITH NO DATA;"
        return ([sql] + relation.columns.flatMap(columnSettings)).joined(separator: "\n")
    }

    /// A view with the right columns and no content, for others to refer to.
    func dummyView() -> String {
        let columns = relation.columns.map { column in
            "NULL::\(column.type)\(column.collation.map { " COLLATE \($0)" } ?? "") AS \(SQLText.identifier(column.name))"
        }
        return "CREATE VIEW \(identity) AS\nSELECT \(columns.joined(separator: ", "));"
    }

    /// The default of one column, as a statement.
    func separateDefault(_ value: Relation.ColumnDefault) -> String? {
        guard let column = relation.columns.first(where: { $0.number == value.column }) else { return nil }
        return alter(column, "SET DEFAULT \(value.expression)")
    }

    /// A check as a statement. Without ONLY: tables that inherit need it too.
    func separateCheck(_ check: Relation.Check) -> String {
        let word = relation.kind == "f" ? "FOREIGN TABLE" : "TABLE"
        return "ALTER \(word) \(identity) ADD CONSTRAINT \(SQLText.identifier(check.name)) \(check.definition);"
    }

    /// The checks that stand in CREATE TABLE.
    var inlineChecks: [Relation.Check] { carriedChecks.filter { $0.isValid && !isSeparated } }
    /// Those that stand after it. One that is not valid would become so inside.
    var separateChecks: [Relation.Check] { carriedChecks.filter { !$0.isValid || isSeparated } }
    /// A default that CREATE TABLE carries; of a generated column always.
    func isInline(_ value: Relation.ColumnDefault) -> Bool {
        guard let column = relation.columns.first(where: { $0.number == value.column }), relation.kind != "v" else {
            return false
        }
        return isPrinted(column) && (!isSeparated || !column.generated.isEmpty)
    }

    /// Whether a default needs no statement at all: of a generated column that is inherited.
    func isInherited(_ value: Relation.ColumnDefault) -> Bool {
        relation.columns.contains { $0.number == value.column && !$0.generated.isEmpty && !isPrinted($0) }
    }

    // MARK: Parts

    private var carriedChecks: [Relation.Check] { relation.checks.filter { $0.isLocal || relation.isPartition } }

    /// A column that only comes from a parent is not named again. A partition is made by itself and attached.
    private func isPrinted(_ column: Relation.Column) -> Bool { column.isLocal || relation.isPartition }

    private func columnLine(_ column: Relation.Column) -> String? {
        guard isPrinted(column) else { return nil }
        var parts: [String] = []
        if let value = relation.defaults.first(where: { $0.column == column.number }), isInline(value) {
            switch column.generated {
            case "s": parts.append("GENERATED ALWAYS AS (\(value.expression)) STORED")
            case "v": parts.append("GENERATED ALWAYS AS (\(value.expression)) VIRTUAL")
            default: parts.append("DEFAULT \(value.expression)")
            }
        }
        if let name = column.notNullName {
            parts.append(
                "CONSTRAINT \(SQLText.identifier(name)) NOT NULL\(column.notNullHasNoInherit ? " NO INHERIT" : "")")
        } else if column.isNotNull {
            parts.append("NOT NULL")
        }
        if relation.ofType != nil {
            // The type says the rest.
            return parts.isEmpty
                ? nil : "\(SQLText.identifier(column.name)) WITH OPTIONS \(parts.joined(separator: " "))"
        }
        var head = "\(SQLText.identifier(column.name)) \(column.type)"
        if let options = column.foreignOptions { head += " OPTIONS (\(options))" }
        if let collation = column.collation { head += " COLLATE \(collation)" }
        return ([head] + parts).joined(separator: " ")
    }

    private static func checkLine(_ check: Relation.Check) -> String {
        "CONSTRAINT \(SQLText.identifier(check.name)) \(check.definition)"
    }

    private func afterwards() -> [String] {
        var statements: [String] = []
        for column in relation.columns {
            if !isPrinted(column) {
                if column.isNotNull, !inheritedNotNull.contains(ExactText(column.name)), serverVersion < 180_000 {
                    statements.append(alter(column, "SET NOT NULL"))
                }
                let hasDefault = relation.defaults.contains { $0.column == column.number }
                if !hasDefault, parentHasDefault(column.name) { statements.append(alter(column, "DROP DEFAULT")) }
            }
            statements += columnSettings(column)
        }
        for identity in relation.identities {
            guard let column = relation.columns.first(where: { $0.number == identity.column }) else { continue }
            let always = column.identity == "a" ? "ALWAYS" : "BY DEFAULT"
            // Without ONLY: the server adds it to partitions, and refuses to add it to tables that inherit.
            statements.append(
                "ALTER TABLE \(self.identity) ALTER COLUMN \(SQLText.identifier(column.name)) "
                    + "ADD GENERATED \(always) AS IDENTITY (\(identity.options));"
            )
        }
        switch relation.replicaIdentity {
        case "f": statements.append("ALTER TABLE ONLY \(identity) REPLICA IDENTITY FULL;")
        case "n" where relation.hasRows: statements.append("ALTER TABLE ONLY \(identity) REPLICA IDENTITY NOTHING;")
        default: break
        }
        return statements
    }

    private func columnSettings(_ column: Relation.Column) -> [String] {
        var statements: [String] = []
        if let target = column.statistics { statements.append(alter(column, "SET STATISTICS \(target)")) }
        if let storage = column.storage, let word = Self.storages[storage] {
            statements.append(alter(column, "SET STORAGE \(word)"))
        }
        if let compression = column.compression {
            statements.append(alter(column, "SET COMPRESSION \(compression == "l" ? "lz4" : "pglz")"))
        }
        if let options = column.options { statements.append(alter(column, "SET (\(options))")) }
        return statements
    }

    private func alter(_ column: Relation.Column, _ action: String) -> String {
        let target =
            switch relation.kind {
            case "v": "VIEW"
            case "m": "MATERIALIZED VIEW"
            case "f": "FOREIGN TABLE ONLY"
            default: "TABLE ONLY"
            }
        return "ALTER \(target) \(identity) ALTER COLUMN \(SQLText.identifier(column.name)) \(action);"
    }

    private static let storages = ["p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"]
}
