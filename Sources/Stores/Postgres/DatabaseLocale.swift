// SPDX-License-Identifier: MIT

internal import PostgresKit

/// What CREATE DATABASE has to say so that a new database sorts and reads text as the present one does.
struct DatabaseLocale {
    /// Behind `CREATE DATABASE name TEMPLATE template0`.
    let options: String

    /// The locale of the database that `connection` leads to.
    init(of connection: Connection) throws(PostgresError) {
        let version = connection.serverVersion
        let provider = version >= 150_000 ? "datlocprovider::text" : "'c'"
        let locale = version >= 170_000 ? "datlocale" : version >= 150_000 ? "daticulocale" : "NULL"
        let rules = version >= 160_000 ? "daticurules" : "NULL"
        let found = try connection.rows(
            """
            SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype, \(provider), \(locale), \(rules)
            FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
            """
        ) { row in (0..<6).map { row.string($0) } }
        guard let fields = found.first, let encoding = fields[0], let collate = fields[1], let ctype = fields[2] else {
            throw PostgresError(sqlState: nil, message: "the server does not tell the database's locale")
        }
        var options = [
            "ENCODING \(SQLText.literal(encoding))", "LC_COLLATE \(SQLText.literal(collate))",
            "LC_CTYPE \(SQLText.literal(ctype))",
        ]
        if version >= 150_000 {
            // Spelled out: template0 has the cluster's own, which may be another one.
            switch fields[3] {
            case "i":
                options.append("LOCALE_PROVIDER icu")
                if let locale = fields[4] { options.append("ICU_LOCALE \(SQLText.literal(locale))") }
                if let rules = fields[5] { options.append("ICU_RULES \(SQLText.literal(rules))") }
            case "b":
                options.append("LOCALE_PROVIDER builtin")
                if let locale = fields[4] { options.append("BUILTIN_LOCALE \(SQLText.literal(locale))") }
            default: options.append("LOCALE_PROVIDER libc")
            }
        }
        self.options = options.joined(separator: " ")
    }
}
