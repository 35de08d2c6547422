// SPDX-License-Identifier: MIT

internal import PostgresKit
internal import SchemaDump

/// The key of a unique index that could not be made, because rows have it more than once.
///
/// The server names the first such key and stops; a person who is to clear it up wants to see them all.
struct DuplicateKeys {
    private let table: String
    /// The columns, or expressions, as the server writes them.
    private let key: String

    /// nil when it is another error. A row that a unique index refuses is named by the server already.
    init?(_ error: PostgresError) {
        // Whatever the server's language: Key (session_id, file_path)=(s1, a.py) is duplicated.
        guard error.sqlState == .uniqueViolation, let table = error.table, let detail = error.detail,
            let open = detail.firstIndex(of: "("), let close = detail.firstRange(of: ")=(")?.lowerBound, open < close
        else { return nil }
        self.table = table
        key = String(detail[detail.index(after: open)..<close])
    }

    /// The keys that rows of the table share now, as a sentence; nil when there is none, or they cannot be told.
    ///
    /// Best effort in the caller's transaction: what it is for is written down without it, too.
    func list(in schema: String, on connection: Connection) throws(PostgresError) -> String? {
        try connection.execute("SAVEPOINT duplicates")
        do throws(PostgresError) {
            let found = try connection.rows(
                """
                SELECT ROW(\(key))::text, pg_catalog.count(*), pg_catalog.count(*) OVER ()
                FROM ONLY \(SQLText.identifier(schema, table)) WHERE pg_catalog.num_nulls(\(key)) = 0
                GROUP BY \(key) HAVING pg_catalog.count(*) > 1 ORDER BY 2 DESC, 1 LIMIT \(Self.most)
                """
            ) { (key: $0.text(0), rows: $0.integer(1) ?? 0, all: $0.integer(2) ?? 0) }
            try connection.execute("RELEASE SAVEPOINT duplicates")
            guard let first = found.first else { return nil }
            let keys = found.map { "\($0.key) in \($0.rows) rows" }.joined(separator: ", ")
            let rest = first.all > found.count ? ", and \(Int(first.all) - found.count) more" : ""
            return "\(table) has more than one row for (\(key)) = \(keys)\(rest)."
        } catch {
            try connection.execute("ROLLBACK TO SAVEPOINT duplicates; RELEASE SAVEPOINT duplicates")
            return nil
        }
    }

    private static let most = 20
}
