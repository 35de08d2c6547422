// SPDX-License-Identifier: MIT

/// The tables and columns that a program's text makes: what it says in CREATE TABLE and ALTER TABLE, wherever that stands in it.
///
/// A reading of words, not of Python: a statement that is never run counts as one that is. That errs to the safe side, since what is
/// asked is whether a release makes anything that nobody here knows.
struct SchemaMentions: Equatable {
    /// A column that is added to a table; `table` is nil where the text does not say to which.
    struct Column: Hashable {
        let table: String?
        let name: String
    }

    /// The columns of each table that is made, in lower case. A name that the program puts together while it runs stands here as it is
    /// written, with its braces.
    private(set) var tables: [String: Set<String>] = [:]
    /// The columns that are added.
    private(set) var added: Set<Column> = []
    /// What else is done to tables, such as `rename of sessions`, or `constraint x` for one of that name that is added.
    private(set) var alterations: Set<String> = []

    private static let verbs: [StaticString] = ["rename", "drop", "alter", "attach", "detach"]

    /// Reads `text`, whatever its encoding and its line ends.
    init(_ text: [UInt8]) {
        var words = WordCursor(text)
        while let word = words.next() {
            switch word.lowercased() {
            case "create": readCreate(&words)
            case "alter": readAlter(&words)
            case "add" where word == "ADD":
                // The rest of a statement that the program joins from parts. Only in capitals: prose says "add column", too.
                if words.take("column"), let name = columnName(&words) { added.insert(Column(table: nil, name: name)) }
            default: break
            }
        }
    }

    /// What the statements of `migration` make.
    init(of migration: Migration) {
        self.init([])
        for case .sql(let sql) in migration.up.map(\.body) { add(SchemaMentions(Array(sql.utf8))) }
    }

    /// Every column that is made, with its table.
    var columns: Set<Column> {
        tables.reduce(into: added) { columns, table in
            columns.formUnion(table.value.map { Column(table: table.key, name: $0) })
        }
    }

    private mutating func add(_ other: SchemaMentions) {
        tables.merge(other.tables) { $0.union($1) }
        added.formUnion(other.added)
        alterations.formUnion(other.alterations)
    }

    private mutating func readCreate(_ words: inout WordCursor) {
        // A temporary table is gone with its connection.
        if !words.take("unlogged") { _ = words.take("virtual") }
        guard words.take("table") else { return }
        if words.take("if") { guard words.take("not"), words.take("exists") else { return } }
        // What follows the name tells a statement from a sentence about tables.
        guard let name = words.name() else { return }
        if words.take(byte: UInt8(ascii: "(")) {
            tables[name, default: []].formUnion(words.columns())
        } else if words.take("using") || (words.take("as") && words.take("select")) {
            tables[name, default: []].formUnion([])
        }
    }

    private mutating func readAlter(_ words: inout WordCursor) {
        guard words.take("table") else { return }
        if words.take("if") { guard words.take("exists") else { return } }
        _ = words.take("only")
        guard let table = words.name() else { return }
        if words.take("add") {
            if words.take("constraint") {
                if let name = words.name() { alterations.insert("constraint \(name)") }
            } else if words.take("primary") || words.take("unique") || words.take("check") || words.take("foreign") {
                alterations.insert("constraint on \(table)")
            } else {
                _ = words.take("column")
                if let name = columnName(&words) { added.insert(Column(table: table, name: name)) }
            }
        } else if let verb = Self.verbs.first(where: { words.take($0) }) {
            alterations.insert("\(verb) of \(table)")
        }
    }

    private func columnName(_ words: inout WordCursor) -> String? {
        if words.take("if") { guard words.take("not"), words.take("exists") else { return nil } }
        return words.name()
    }
}
