// SPDX-License-Identifier: MIT

internal import PostgresKit

/// What somebody attached to tables that a write of ours would run, or that a write of ours would change rows elsewhere by.
struct AttachedCode {
    private let connection: Connection
    private let schema: String

    init(_ connection: Connection, schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// What is attached to those of `tables` that are there, as the server describes it: triggers, rules, policies, foreign keys in either
    /// direction, tables that inherit, and functions, operators and types of others that a constraint, a default or an index uses.
    func all(of tables: [String]) throws(PostgresError) -> [String] {
        try describe(
            """
            SELECT classid, objid FROM planted
            UNION SELECT 'pg_catalog.pg_policy'::regclass::oid, p.oid FROM pg_catalog.pg_policy p JOIN it ON p.polrelid = it.oid
            UNION SELECT 'pg_catalog.pg_constraint'::regclass::oid, x.oid FROM pg_catalog.pg_constraint x
                JOIN it ON it.oid IN (x.conrelid, x.confrelid) WHERE x.contype = 'f'
            UNION SELECT 'pg_catalog.pg_class'::regclass::oid, h.inhrelid FROM pg_catalog.pg_inherits h JOIN it ON h.inhparent = it.oid
            UNION SELECT 'pg_catalog.pg_class'::regclass::oid, h.inhparent FROM pg_catalog.pg_inherits h JOIN it ON h.inhrelid = it.oid
            UNION SELECT d.refclassid, d.refobjid FROM (
                SELECT 'pg_catalog.pg_class'::regclass::oid AS c, it.oid AS o FROM it
                UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, i.indexrelid FROM pg_catalog.pg_index i JOIN it ON i.indrelid = it.oid
                UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass::oid, x.oid FROM pg_catalog.pg_constraint x JOIN it ON x.conrelid = it.oid
                UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass::oid, a.oid FROM pg_catalog.pg_attrdef a JOIN it ON a.adrelid = it.oid
            ) part JOIN pg_catalog.pg_depend d ON d.classid = part.c AND d.objid = part.o
            WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass::oid, 'pg_catalog.pg_operator'::regclass::oid, 'pg_catalog.pg_type'::regclass::oid)
            """, " AND c.relname = ANY ($2::text[])", [Self.array(tables)])
    }

    /// The triggers and rules of all tables, as the server describes them: what the loading of rows would run.
    func triggersAndRules() throws(PostgresError) -> [String] {
        try describe("SELECT classid, objid FROM planted", "", [])
    }

    private func describe(
        _ query: String, _ condition: String, _ parameters: [String]
    ) throws(PostgresError) -> [String] {
        try connection.rows(
            """
            WITH it AS (
                SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')\(condition)
            ), planted(classid, objid) AS (
                SELECT 'pg_catalog.pg_trigger'::regclass::oid, t.oid FROM pg_catalog.pg_trigger t JOIN it ON t.tgrelid = it.oid
                WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass::oid, r.oid FROM pg_catalog.pg_rewrite r JOIN it ON r.ev_class = it.oid
            )
            SELECT pg_catalog.pg_describe_object(found.classid, found.objid, 0) FROM (\(query)) AS found(classid, objid) ORDER BY 1
            """, [schema] + parameters
        ) { $0.text(0) }
    }

    /// `names` as the text of an array.
    private static func array(_ names: [String]) -> String { "{\(names.joined(separator: ","))}" }
}
