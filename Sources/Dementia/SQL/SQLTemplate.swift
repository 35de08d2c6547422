// SPDX-License-Identifier: MIT

/// Puts a schema's name into the SQL of a PostgreSQL line, so that nothing relies on a search path.
///
/// The SQL is written with psql's own variables, `:"schema".sessions` where a name stands and `:'schema'` where a text stands, so that it
/// can also be run by hand with `psql -v schema=…`. As in psql nothing is replaced inside quotes, dollar quotes and comments, nor after `::`.
public enum SQLTemplate {
    /// `sql` for `schema`.
    public static func fill(_ sql: String, schema: String) -> String {
        var filled = ""
        var follows = false
        for piece in SQLScanner.pieces(of: sql, .postgres) {
            switch piece {
            case .symbol(":"):
                // A cast is one sign of two colons, and what follows it is a type.
                filled.append(":")
                follows = !follows
                continue
            case .quoted("\"schema\"") where follows:
                filled.removeLast()
                filled += identifier(schema)
            case .quoted("'schema'") where follows:
                filled.removeLast()
                filled += literal(schema)
            case .word(let text), .quoted(let text), .comment(let text, _): filled += text
            case .symbol(let scalar): filled.unicodeScalars.append(scalar)
            }
            follows = false
        }
        return filled
    }

    /// `name` as PostgreSQL reads a quoted identifier.
    public static func identifier(_ name: String) -> String {
        quoted(name, by: "\"")
    }

    /// `text` as PostgreSQL reads a text constant, whatever `standard_conforming_strings` says.
    public static func literal(_ text: String) -> String {
        guard text.unicodeScalars.contains("\\") else { return quoted(text, by: "'") }
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            escaped.append(scalar)
            if scalar == "\\" { escaped.append(scalar) }
        }
        // The blank keeps a word that stands before it from swallowing the E.
        return " E" + quoted(String(escaped), by: "'")
    }

    private static func quoted(_ text: String, by mark: Unicode.Scalar) -> String {
        var result = String.UnicodeScalarView([mark])
        for scalar in text.unicodeScalars {
            result.append(scalar)
            if scalar == mark { result.append(scalar) }
        }
        result.append(mark)
        return String(result)
    }
}

extension MigrationStatement {
    /// The statement, and its guard, for the schema called `schema`.
    public func filled(for schema: String) -> MigrationStatement {
        switch body {
        case .sql(let sql):
            MigrationStatement(
                unless: unless.map { SQLTemplate.fill($0, schema: schema) },
                body: .sql(SQLTemplate.fill(sql, schema: schema)))
        case .code: self
        }
    }
}

extension Migration {
    /// The migration with every statement written for the schema called `schema`. Checksum and down text are those of the file: what the
    /// ledger keeps stays true when the schema is renamed.
    public func filled(for schema: String) -> Migration {
        Migration(
            line: line, version: version, name: name, changes: changes, isRecurring: isRecurring,
            up: up.map { $0.filled(for: schema) }, repair: repair.map { $0.filled(for: schema) },
            down: down?.map { $0.filled(for: schema) }, verify: verify.map { SQLTemplate.fill($0, schema: schema) },
            downText: downText, checksum: checksum, makes: makes)
    }
}
