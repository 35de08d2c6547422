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
            let key = Self.key(in: Array(detail.utf8))
        else { return nil }
        self.table = table
        self.key = String(decoding: key, as: UTF8.self)
    }

    /// What stands between the first parenthesis and the one that closes it. The server quotes the names in it, which may hold either.
    private static func key(in detail: [UInt8]) -> ArraySlice<UInt8>? {
        guard let open = detail.firstIndex(of: UInt8(ascii: "(")) else { return nil }
        var depth = 0
        var quote: UInt8?
        for place in detail.indices[open...] {
            let byte = detail[place]
            if let mark = quote {
                // A mark that stands twice ends the quotation and begins it again.
                if byte == mark { quote = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                guard depth == 0 else { continue }
                return detail[(place + 1)...].starts(with: Array("=(".utf8)) ? detail[(open + 1)..<place] : nil
            default: break
            }
        }
        return nil
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
