// SPDX-License-Identifier: MIT

internal import PostgresKit

extension CatalogueReader {
    /// Tables, views and sequences with their columns. Their statements are written later, when it is known what has to be apart.
    mutating func readRelations() throws(PostgresError) {
        let found = try rows(
            """
            SELECT c.oid, c.relname, c.relkind, c.relpersistence = 'u', pg_catalog.pg_get_userbyid(c.relowner),
                CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
                CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
                c.relispartition, pg_catalog.pg_get_expr(c.relpartbound, c.oid), c.relrowsecurity, c.relforcerowsecurity,
                c.relreplident, pg_catalog.concat_ws(', ', \(Self.optionText("c.reloptions")),
                    \(Self.optionText("tc.reloptions", prefix: "toast."))),
                m.amname, CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END, c.relispopulated,
                s.srvname, \(Self.foreignOptionText("ft.ftoptions")), c.reltuples::bigint, c.reltype, c.reltoastrelid,
                c.reltablespace <> 0, rw.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid
            LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
            LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid
            LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = ft.ftserver
            LEFT JOIN pg_catalog.pg_rewrite rw ON rw.ev_class = c.oid AND rw.rulename = '_RETURN'
            WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            """)
        for var fields in found {
            let relation = Relation(
                oid: fields.oid(), name: fields.text(), kind: fields.letter(), isUnlogged: fields.bool(),
                owner: fields.text(),
                definition: fields.optional(), partitionKey: fields.optional(), isPartition: fields.bool(),
                partitionBound: fields.optional(), rowSecurity: (fields.bool(), fields.bool()),
                replicaIdentity: fields.letter(), options: fields.optional().flatMap { $0.isEmpty ? nil : $0 },
                accessMethod: fields.optional(), ofType: fields.optional(), isPopulated: fields.bool(),
                server: fields.optional(), serverOptions: fields.optional(), estimatedRows: fields.integer() ?? -1)
            let key = relation.key
            let isOurs = isOurs(key)
            let rowType = fields.oid()
            let toast = fields.oid()
            let hasTablespace = fields.bool()
            let viewRule = fields.oid()
            if rowType != 0 { belongs(ObjectKey(.type, rowType), to: key) }
            if toast != 0 { belongs(ObjectKey(.relation, toast), to: key) }
            if viewRule != 0 {
                belongs(ObjectKey(.rewrite, viewRule), to: key)
                viewRules[key.oid] = ObjectKey(.rewrite, viewRule)
            }
            guard isOurs else { continue }
            let identity = qualified(relation.name)
            if hasTablespace { notes.append("the tablespace of \(identity) is not carried") }
            tables[relation.oid] = relation
            roles.insert(ExactText(relation.owner))
            subjects[key] = Subject(
                comment: "\(relation.word) \(identity)",
                grant: "\(relation.kind == "S" ? "SEQUENCE" : "TABLE") \(identity)",
                name: relation.name, table: relation.kind == "S" ? nil : relation.name, qualified: identity)
        }
        try readColumns()
        try readDefaultsAndParents()
        try readSequences()
    }

    private mutating func readColumns() throws(PostgresError) {
        let found = try rows(
            """
            SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attislocal,
                a.attidentity, a.attgenerated, NULLIF(a.attstattarget, -1),
                CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
                CASE WHEN a.attcollation <> t.typcollation THEN \(Self.quotedCollation("a.attcollation")) END,
                \(Self.optionText("a.attoptions")), \(Self.foreignOptionText("a.attfdwoptions")),
                \(since(14, "NULLIF(a.attcompression, '')", else: "NULL"))
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attrelid, a.attnum
            """)
        for var fields in found {
            let table = fields.oid()
            let column = Relation.Column(
                number: fields.number(), name: fields.text(), type: fields.text(), isNotNull: fields.bool(),
                isLocal: fields.bool(),
                identity: fields.letter(), generated: fields.letter(), statistics: fields.integer().map { Int($0) },
                storage: fields.optional(), collation: fields.optional(), options: fields.optional(),
                foreignOptions: fields.optional(), compression: fields.optional())
            tables[table]?.columns.append(column)
            subjects[ObjectKey(.relation, table)]?.columns[column.number] = column.name
        }
    }

    private mutating func readDefaultsAndParents() throws(PostgresError) {
        let defaults = try rows(
            """
            SELECT d.oid, d.adrelid, d.adnum, pg_catalog.pg_get_expr(d.adbin, d.adrelid)
            FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid
            WHERE c.relnamespace = $1 ORDER BY d.adrelid, d.adnum
            """)
        for var fields in defaults {
            let oid = fields.oid()
            let table = fields.oid()
            belongs(ObjectKey(.attributeDefault, oid), to: ObjectKey(.relation, table))
            let value = Relation.ColumnDefault(oid: oid, column: fields.number(), expression: fields.text())
            tables[table]?.defaults.append(value)
        }
        let parents = try rows(
            """
            SELECT i.inhrelid, p.oid, pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(p.relname)
            FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
            WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'f') ORDER BY i.inhrelid, i.inhseqno
            """)
        for var fields in parents {
            let table = fields.oid()
            let parent = Relation.Parent(oid: fields.oid(), qualified: fields.text())
            tables[table]?.parents.append(parent)
        }
    }

    private mutating func readSequences() throws(PostgresError) {
        let found = try rows(
            """
            SELECT s.seqrelid, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
                s.seqcycle, d.refobjid, d.refobjsubid, d.deptype, oc.relnamespace = c.relnamespace,
                pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(oc.relname) || '.'::text || pg_catalog.quote_ident(a.attname)
            FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
            LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = s.seqrelid
                AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
            LEFT JOIN pg_catalog.pg_class oc ON oc.oid = d.refobjid
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = oc.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE c.relnamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.relation, fields.oid())
            guard let relation = tables[key.oid] else { continue }
            let type = fields.text()
            let options =
                "START WITH \(fields.text()) INCREMENT BY \(fields.text()) MINVALUE \(fields.text())"
                + " MAXVALUE \(fields.text()) CACHE \(fields.text())" + (fields.bool() ? " CYCLE" : "")
            let table = fields.oid()
            let column = fields.number()
            let dependency = fields.letter()
            let isOwnerHere = fields.bool()
            if dependency == "i" {
                let name = qualified(relation.name)
                tables[table]?.identities.append(
                    Relation.Identity(column: column, options: "SEQUENCE NAME \(name) \(options)"))
                identitySequences[key.oid] = table
                belongs(key, to: ObjectKey(.relation, table))
                continue
            }
            let unlogged = relation.isUnlogged ? "UNLOGGED " : ""
            nodes.append(
                Node(
                    kind: .sequence, word: "SEQUENCE", key: key, name: relation.name,
                    tableOID: isOwnerHere ? table : nil,
                    sql: "CREATE \(unlogged)SEQUENCE \(qualified(relation.name)) AS \(type) \(options);\n"
                        + GuardedSQL.owner("SEQUENCE \(qualified(relation.name))", relation.owner),
                    subjects: [key]))
            guard table != 0 else { continue }
            ownedSequences.insert(key)
            nodes.append(
                Node(
                    kind: .sequenceOwnedBy, word: "SEQUENCE OWNED BY", key: ObjectKey(.sequenceOwner, key.oid),
                    name: relation.name,
                    tableOID: isOwnerHere ? table : nil,
                    sql: "ALTER SEQUENCE \(qualified(relation.name)) OWNED BY \(fields.text());",
                    after: [key, ObjectKey(.relation, table)]))
        }
    }

    // MARK: Options

    /// The storage parameters in `column`, ready for `WITH (…)`; NULL when there are none.
    ///
    /// `pg_attver`, since 15.20 among the options of columns, is the server's own stamp on its catalogue; pg_dump leaves it out too.
    static func optionText(_ column: String, prefix: String = "") -> String {
        """
        (SELECT pg_catalog.string_agg('\(prefix)'::text || pg_catalog.quote_ident(o.option_name) || '='::text
                || pg_catalog.quote_literal(o.option_value), ', ')
            FROM pg_catalog.pg_options_to_table(\(column)) o WHERE o.option_name <> 'pg_attver')
        """
    }

    /// The options of a foreign data wrapper in `column`, ready for `OPTIONS (…)`.
    private static func foreignOptionText(_ column: String) -> String {
        """
        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' '::text || pg_catalog.quote_literal(o.option_value), ', ')
            FROM pg_catalog.pg_options_to_table(\(column)) o)
        """
    }
}
