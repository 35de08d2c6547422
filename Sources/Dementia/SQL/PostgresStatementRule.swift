// SPDX-License-Identifier: MIT

/// What a migration must not say to a PostgreSQL server: it runs inside our transaction, under settings and locks that we answer for.
///
/// The server has no authorizer to ask, as SQLite has, so the statement's first words tell. What hides in a function is not seen; it is
/// met by what is checked after each statement and before COMMIT.
public enum PostgresStatementRule {
    /// Why `sql` is refused, as a sentence, or nil when it may run.
    public static func refusal(of sql: String) -> String? {
        let pieces = SQLScanner.pieces(of: sql, .postgres).filter { !$0.isSilent }.drop { $0 == .symbol(";") }
        guard !pieces.isEmpty else { return nil }
        // One that came as two would be looked at once.
        if let end = pieces.firstIndex(of: .symbol(";")), pieces[end...].contains(where: { $0 != .symbol(";") }) {
            return "more than one statement stands where one is expected"
        }
        guard let first = pieces.first?.upperWord else { return nil }
        if pieces.contains(where: { $0.upperWord == "SETVAL" }) {
            return "setval is not undone by ROLLBACK; ALTER SEQUENCE … RESTART is"
        }
        var rest = pieces.dropFirst()
        // REINDEX has its options before its object.
        if rest.first == .symbol("(") { rest = rest.drop { $0 != .symbol(")") }.dropFirst() }
        let second = rest.first?.upperWord ?? ""
        switch first {
        case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE":
            return "\(first) would end or divide the transaction that the migration runs in"
        case "PREPARE", "EXECUTE", "DEALLOCATE":
            return "\(first) would leave something behind in the session, or end the transaction"
        case "SET", "RESET", "DISCARD": return "\(first) would change the session's settings"
        case "LOCK": return "LOCK would take a lock out of the order in which locks are taken"
        case "LISTEN", "UNLISTEN", "NOTIFY", "LOAD", "CHECKPOINT":
            return "\(first) has nothing to do with a schema"
        case "COPY": return "COPY talks to the client or to the server's files, not only to the schema"
        case "VACUUM", "CLUSTER": return "\(first) cannot run, or not safely, inside a transaction"
        case "DECLARE", "FETCH", "MOVE", "CLOSE": return "\(first) needs a cursor, which a migration does not have"
        case "CREATE", "DROP", "ALTER", "REINDEX": break
        default: return nil
        }
        if ["DATABASE", "TABLESPACE", "SUBSCRIPTION", "ROLE", "USER", "GROUP", "SYSTEM", "OWNED"].contains(second) {
            return "\(first) \(second) reaches beyond the schema"
        }
        if pieces.contains(where: { $0.upperWord == "CONCURRENTLY" }) {
            return "CONCURRENTLY cannot run inside a transaction"
        }
        if first == "REINDEX", second == "SCHEMA" { return "REINDEX SCHEMA cannot run inside a transaction" }
        return nil
    }
}

extension SQLScanner.Piece {
    /// Whether a statement means the same without it.
    fileprivate var isSilent: Bool {
        switch self {
        case .comment: true
        case .symbol(let scalar): [" ", "\t", "\n", "\r", "\u{0B}", "\u{0C}"].contains(scalar)
        case .word, .quoted: false
        }
    }

    fileprivate var upperWord: String? {
        if case .word(let word) = self { word.uppercased() } else { nil }
    }
}
