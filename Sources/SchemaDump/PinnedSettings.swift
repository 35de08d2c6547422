// SPDX-License-Identifier: MIT

internal import PostgresKit

/// The settings under which values and definitions are the same text on every server.
public enum PinnedSettings {
    /// For a transaction that reads a schema, compares digests or replays a dump. They end with it.
    ///
    /// With row security off a table whose rows a policy would hide is an error, and never a short dump. Nothing but `pg_catalog` is in
    /// the search path, so definitions name the schema of everything else; `pg_temp` stands last, or it would be searched first.
    public static let statements: [StaticString] =
        values + [
            "SET LOCAL search_path = pg_catalog, pg_temp",
            "SET LOCAL lock_timeout = '2s'",
            // Compiling a catalogue query takes longer than running it.
            "SET LOCAL jit = off",
            // Server 17 brought one more way to be interrupted.
            """
            SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'
            """,
        ]

    /// What a script of `schema` needs when `psql` runs it. It takes no locks that anybody could wait for, so it leaves `lock_timeout` alone.
    static func script(for schema: String) -> String {
        let lines =
            values.map(\.description) + [
                searchPath(for: schema),
                "SET LOCAL client_min_messages = warning",
                "SET LOCAL default_tablespace = ''",
                "SET LOCAL default_table_access_method = heap",
            ]
        return lines.map { $0 + ";" }.joined(separator: "\n")
    }

    /// The search path under which a script of `schema` is run: a function that an index, a check or a generated column calls may call
    /// others of its schema without naming it. `pg_catalog` stands first, so that nothing in the schema takes the place of the server's own.
    static func searchPath(for schema: String) -> String {
        "SET LOCAL search_path = pg_catalog, \(SQLText.identifier(schema)), pg_temp"
    }

    private static let values: [StaticString] = [
        "SET LOCAL client_encoding = 'UTF8'",
        "SET LOCAL standard_conforming_strings = on",
        "SET LOCAL DateStyle = 'ISO, YMD'",
        "SET LOCAL TimeZone = 'UTC'",
        "SET LOCAL IntervalStyle = 'postgres'",
        "SET LOCAL extra_float_digits = 3",
        "SET LOCAL bytea_output = 'hex'",
        "SET LOCAL xmloption = content",
        "SET LOCAL quote_all_identifiers = off",
        "SET LOCAL row_security = off",
        "SET LOCAL check_function_bodies = off",
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
    ]
}
