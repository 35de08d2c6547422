// SPDX-License-Identifier: MIT

internal import PostgresKit

/// Exactly the objects that a schema holds at one moment, by their identity: what comes into it later is not among them.
struct SchemaObjects {
    /// Catalogue and object, as `pg_depend` names them.
    private var objects: [(catalogue: String, object: String)]

    init(of schema: String, on connection: Connection) throws(PostgresError) {
        objects = try connection.rows(
            """
            WITH it AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1), found AS (
                SELECT 'pg_catalog.pg_class'::regclass AS catalogue, c.oid FROM pg_catalog.pg_class c
                    JOIN it ON c.relnamespace = it.oid WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
                UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, p.oid FROM pg_catalog.pg_proc p
                    JOIN it ON p.pronamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_type'::regclass, t.oid FROM pg_catalog.pg_type t
                    JOIN it ON t.typnamespace = it.oid WHERE t.typrelid = 0 AND t.typtype IN ('b', 'd', 'e', 'r')
                        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
                UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, x.oid FROM pg_catalog.pg_collation x
                    JOIN it ON x.collnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, x.oid FROM pg_catalog.pg_conversion x
                    JOIN it ON x.connamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, x.oid FROM pg_catalog.pg_operator x
                    JOIN it ON x.oprnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, x.oid FROM pg_catalog.pg_opclass x
                    JOIN it ON x.opcnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, x.oid FROM pg_catalog.pg_opfamily x
                    JOIN it ON x.opfnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, x.oid FROM pg_catalog.pg_ts_config x
                    JOIN it ON x.cfgnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, x.oid FROM pg_catalog.pg_ts_dict x
                    JOIN it ON x.dictnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_ts_parser'::regclass, x.oid FROM pg_catalog.pg_ts_parser x
                    JOIN it ON x.prsnamespace = it.oid
                UNION ALL SELECT 'pg_catalog.pg_ts_template'::regclass, x.oid FROM pg_catalog.pg_ts_template x
                    JOIN it ON x.tmplnamespace = it.oid
            )
            SELECT catalogue::oid, oid FROM found ORDER BY oid DESC
            """, [schema]
        ) { ($0.text(0), $0.text(1)) }
    }

    /// Drops them, each by name and with RESTRICT: something of somebody else's that depends on one makes the server refuse.
    mutating func drop(on connection: Connection) throws(PostgresError) {
        try dropForeignKeys(on: connection)
        // Later ones first, since they depend on earlier ones; what was altered afterwards may need another round.
        while !objects.isEmpty {
            var left: [(catalogue: String, object: String)] = []
            var refusal: PostgresError?
            for entry in objects {
                guard let statement = try dropStatement(for: entry, on: connection) else { continue }
                do throws(PostgresError) {
                    try connection.execute("SAVEPOINT one")
                    try connection.run(statement)
                    try connection.execute("RELEASE SAVEPOINT one")
                } catch {
                    guard error.sqlState == .dependentObjects else { throw error }
                    try connection.execute("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one")
                    refusal = error
                    left.append(entry)
                }
            }
            if let refusal, left.count == objects.count { throw refusal }
            objects = left
        }
    }

    /// nil when it went with another one.
    private func dropStatement(
        for entry: (catalogue: String, object: String), on connection: Connection
    ) throws(PostgresError) -> String? {
        let found = try connection.rows(
            "SELECT type, identity FROM pg_catalog.pg_identify_object($1::oid, $2::oid, 0)",
            [entry.catalogue, entry.object]
        ) { (type: $0.string(0), identity: $0.string(1)) }
        guard let type = found.first?.type, let identity = found.first?.identity else { return nil }
        let kind = type == "composite type" ? "TYPE" : type.uppercased()
        return "DROP \(kind) \(identity) RESTRICT"
    }

    /// Two tables may refer to each other; without their foreign keys neither is in the other's way.
    private func dropForeignKeys(on connection: Connection) throws(PostgresError) {
        let tables = objects.map(\.object).joined(separator: ",")
        let statements = try connection.rows(
            """
            SELECT pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, x.conname)
            FROM pg_catalog.pg_constraint x JOIN pg_catalog.pg_class c ON c.oid = x.conrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE x.contype = 'f' AND x.conparentid = 0
                AND x.conrelid = ANY (pg_catalog.string_to_array($1, ',')::oid[])
            """, [tables]
        ) { $0.text(0) }
        for statement in statements { try connection.run(statement) }
    }
}
