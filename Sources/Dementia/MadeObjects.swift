// SPDX-License-Identifier: MIT

/// The tables, columns and indices that the statements of a migration make, as they are written there.
///
/// `CREATE TABLE IF NOT EXISTS` is content with any table of that name, the user's own included. So what is there afterwards is held
/// against what the statement says.
public struct MadeObjects: Hashable, Sendable {
    /// One column of a table that is made, or of a table that is there already.
    public struct Column: Hashable, Sendable {
        public let name: String
        /// The type, in lower case, such as `text` or `double precision`.
        public let type: String
        /// Whether it takes a NULL.
        public let takesNull: Bool
        /// How many CHECK constraints stand beside it.
        public let checks: Int
    }

    /// A table.
    public struct Table: Hashable, Sendable {
        public let name: String
        public var columns: [Column]
        /// The columns of its primary key.
        public var primaryKey: [String]
        /// The columns of each UNIQUE constraint.
        public var unique: [[String]]
        /// How many CHECK constraints it has beside those of its columns.
        public var checks: Int
    }

    /// A column that is added to a table.
    public struct Addition: Hashable, Sendable {
        public let table: String
        public let column: Column
    }

    /// An index.
    public struct Index: Hashable, Sendable {
        public let name: String
        public let table: String
        public let isUnique: Bool
        /// What it is on, one item a column: `label`, or `timestamp desc`.
        public let items: [String]
        /// Whether it leaves out rows, by a WHERE.
        public let isPartial: Bool
    }

    public private(set) var tables: [Table] = []
    public private(set) var additions: [Addition] = []
    public private(set) var indices: [Index] = []
    /// The UNIQUE constraints that are added, by their tables.
    private var addedKeys: [String: [[String]]] = [:]

    /// Nothing.
    public init() {}

    /// What SQLite keeps as the definition of one object makes.
    public init(sqliteDefinition sql: String) {
        read(SQLTokens(sql, .sqlite))
    }

    /// What `statements` make. A statement that does something else makes nothing.
    init(of statements: [MigrationStatement], _ dialect: SQLDialect) {
        for case .sql(let sql) in statements.map(\.body) { read(SQLTokens(sql, dialect)) }
    }

    /// The same without the columns and keys that `later` adds: they are asked of the migration that adds them, and a memory may have come to
    /// be before it.
    func without(_ later: MadeObjects) -> MadeObjects {
        var made = self
        for index in made.tables.indices {
            let name = made.tables[index].name
            made.tables[index].columns.removeAll { column in
                later.additions.contains { $0.table == name && $0.column.name == column.name }
            }
            made.tables[index].unique.removeAll { key in
                later.addedKeys[name]?.contains { Set($0) == Set(key) } ?? false
            }
        }
        return made
    }

    private mutating func read(_ tokens: SQLTokens) {
        var tokens = tokens
        if tokens.take("create", "table") {
            tokens.skip("if", "not", "exists")
            guard let name = tokens.qualifiedName(), let items = tokens.list() else { return }
            tables.append(Self.table(name, items))
        } else if tokens.take("alter", "table") {
            guard let table = tokens.qualifiedName(), tokens.take("add") else { return }
            if tokens.take("column") {
                tokens.skip("if", "not", "exists")
                if let column = Self.column(&tokens).column { additions.append(Addition(table: table, column: column)) }
            } else if tokens.take("constraint"), tokens.name() != nil, tokens.take("unique") {
                addedKeys[table, default: []].append(tokens.list()?.map(\.text) ?? [])
            }
        } else {
            var rest = tokens
            guard rest.take("create") else { return }
            let isUnique = rest.take("unique")
            guard rest.take("index") else { return }
            rest.skip("if", "not", "exists")
            guard let name = rest.qualifiedName(), rest.take("on"), let table = rest.qualifiedName(),
                let items = rest.list()
            else { return }
            indices.append(
                Index(
                    name: name, table: table, isUnique: isUnique, items: items.map(\.text),
                    isPartial: rest.take("where")))
        }
    }

    private static func table(_ name: String, _ items: [SQLTokens]) -> Table {
        var table = Table(name: name, columns: [], primaryKey: [], unique: [], checks: 0)
        for item in items {
            var item = item
            if item.take("constraint") { _ = item.name() }
            if item.take("primary", "key") {
                table.primaryKey = item.list()?.map(\.text) ?? []
            } else if item.take("unique") {
                table.unique.append(item.list()?.map(\.text) ?? [])
            } else if item.isAt("check") {
                table.checks += 1
            } else if !item.isAt("foreign") {
                let (column, isKey, isUnique) = Self.column(&item)
                guard let column else { continue }
                table.columns.append(column)
                if isKey { table.primaryKey = [column.name] }
                if isUnique { table.unique.append([column.name]) }
            }
        }
        return table
    }

    /// `name type constraints`: the type ends where a constraint begins.
    private static func column(_ item: inout SQLTokens) -> (column: Column?, isKey: Bool, isUnique: Bool) {
        guard let name = item.name() else { return (nil, false, false) }
        var type: [String] = []
        while let word = item.word(), !constraints.contains(word) {
            type.append(word)
            item.advance()
        }
        let isKey = item.contains("primary", "key")
        let column = Column(
            name: name, type: type.joined(separator: " "), takesNull: !item.contains("not", "null") && !isKey,
            checks: item.count(of: "check"))
        return (column, isKey, item.contains("unique"))
    }

    private static let constraints: Set<String> = [
        "primary", "not", "null", "default", "unique", "check", "references", "collate", "generated", "constraint",
        "as",
    ]
}
