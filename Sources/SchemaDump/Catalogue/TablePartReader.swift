// SPDX-License-Identifier: MIT

internal import PostgresKit

/// Reads what belongs to tables and is made after them: indices, statistics, rules, triggers and policies.
struct TablePartReader {
    /// What was read so far, with the tables.
    private(set) var reader: CatalogueReader

    init(_ reader: CatalogueReader) {
        self.reader = reader
    }

    mutating func readAll() throws(PostgresError) {
        try readIndexes()
        try readStatistics()
        try readRules()
        try readTriggers()
        try readPolicies()
    }

    /// Indices, also those of constraints, which bring further properties.
    private mutating func readIndexes() throws(PostgresError) {
        let found = try reader.rows(
            """
            SELECT i.indexrelid, i.indrelid, c.relname, pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid,
                i.indisclustered, i.indisreplident,
                pc.oid, pg_catalog.quote_ident(pn.nspname) || '.'::text || pg_catalog.quote_ident(pc.relname), c.reltablespace <> 0, c.relkind,
                (SELECT pg_catalog.string_agg(a.attnum::text || ' SET STATISTICS '::text || a.attstattarget::text, ',' ORDER BY a.attnum)
                    FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
            LEFT JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
            LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
            WHERE c.relnamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.relation, fields.oid())
            let table = fields.oid()
            guard reader.isOurs(key), let relation = reader.tables[table] else { continue }
            let name = fields.text()
            let definition = fields.text()
            let isValid = fields.bool()
            let isClustered = fields.bool()
            let isReplicaIdentity = fields.bool()
            let parent = fields.oid()
            let parentName = fields.optional()
            let identity = reader.qualified(name)
            if fields.bool() { reader.notes.append("the tablespace of \(identity) is not carried") }
            let isPartitioned = fields.letter() == "I"
            let owner = reader.qualified(relation.name)
            var sql: [String] = []
            for target in fields.optional()?.split(separator: ",") ?? [] {
                sql.append("ALTER INDEX \(identity) ALTER COLUMN \(target);")
            }
            if isClustered { sql.append("ALTER TABLE \(owner) CLUSTER ON \(SQLText.identifier(name));") }
            if isReplicaIdentity {
                sql.append("ALTER TABLE ONLY \(owner) REPLICA IDENTITY USING INDEX \(SQLText.identifier(name));")
            }
            reader.subjects[key] = Subject(comment: "INDEX \(identity)", name: name, table: relation.name)
            if reader.constraintIndexes.contains(key.oid) {
                guard let constraint = reader.parts[key],
                    let place = reader.nodes.firstIndex(where: { $0.key == constraint })
                else {
                    continue
                }
                reader.nodes[place].sql = ([reader.nodes[place].sql] + sql).joined(separator: "\n")
                reader.nodes[place].subjects.append(key)
            } else if isValid || isPartitioned {
                reader.addToTable(
                    .index, "INDEX", key, name: name, relation, sql: (["\(definition);"] + sql).joined(separator: "\n"))
            } else {
                // What a failed CREATE INDEX CONCURRENTLY leaves behind; the server does not use it, pg_dump does not carry it.
                reader.notes.append("the invalid index \(identity) is not carried")
                continue
            }
            guard let parentName else { continue }
            let attach = ObjectKey(.indexAttach, key.oid)
            reader.addToTable(
                .indexAttach, "INDEX ATTACH", attach, name: name, relation,
                sql: "ALTER INDEX \(parentName) ATTACH PARTITION \(identity);")
            reader.nodes[reader.nodes.count - 1].after += [
                reader.parts[key] ?? key, reader.parts[ObjectKey(.relation, parent)] ?? ObjectKey(.relation, parent),
            ]
            reader.nodes[reader.nodes.count - 1].subjects = []
        }
    }

    private mutating func readStatistics() throws(PostgresError) {
        let found = try reader.rows(
            """
            SELECT s.oid, s.stxrelid, s.stxname, pg_catalog.pg_get_userbyid(s.stxowner), pg_catalog.pg_get_statisticsobjdef(s.oid),
                NULLIF(s.stxstattarget, -1)
            FROM pg_catalog.pg_statistic_ext s WHERE s.stxnamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.statistics, fields.oid())
            let table = fields.oid()
            guard reader.isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.text()
            var sql = fields.text() + ";"
            if let target = fields.optional() {
                sql += "\nALTER STATISTICS \(reader.qualified(name)) SET STATISTICS \(target);"
            }
            reader.add(
                .statistics, "STATISTICS", key, name: name, identity: reader.qualified(name), owner: owner, sql: sql)
            reader.nodes[reader.nodes.count - 1].table = reader.tables[table]?.name
            reader.nodes[reader.nodes.count - 1].tableOID = table
        }
    }

    private mutating func readRules() throws(PostgresError) {
        let found = try reader.rows(
            """
            SELECT r.oid, r.ev_class, r.rulename, r.ev_enabled, pg_catalog.pg_get_ruledef(r.oid)
            FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
            WHERE c.relnamespace = $1 AND r.rulename <> '_RETURN'
            """)
        for var fields in found {
            let key = ObjectKey(.rewrite, fields.oid())
            let table = fields.oid()
            guard reader.isOurs(key), let relation = reader.tables[table] else { continue }
            let name = fields.text()
            let state = Self.enabledWords[fields.letter()]
            var sql = fields.text().droppingSemicolon() + ";"
            let owner = reader.qualified(relation.name)
            if let state { sql += "\nALTER TABLE \(owner) \(state) RULE \(SQLText.identifier(name));" }
            reader.subjects[key] = Subject(
                comment: "RULE \(SQLText.identifier(name)) ON \(owner)", name: name, table: relation.name)
            reader.addToTable(.rule, "RULE", key, name: name, relation, sql: sql)
        }
    }

    private mutating func readTriggers() throws(PostgresError) {
        // A partition has copies of its parent's triggers, which come by themselves; but not when they are switched on or off apart.
        let found = try reader.rows(
            """
            SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled, t.tgparentid, t.tgisinternal,
                t.tgparentid <> 0 AND t.tgenabled <> u.tgenabled,
                pg_catalog.pg_get_triggerdef(t.oid, false), t.tgconstraint
            FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
            LEFT JOIN pg_catalog.pg_trigger u ON u.oid = t.tgparentid
            WHERE c.relnamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.trigger, fields.oid())
            let table = fields.oid()
            guard reader.isOurs(key), let relation = reader.tables[table] else { continue }
            let name = fields.text()
            let state = fields.letter()
            let parent = fields.oid()
            let isInternal = fields.bool()
            let differs = fields.bool()
            let owner = reader.qualified(relation.name)
            let definition = fields.text() + ";"
            let switching =
                "ALTER TABLE \(relation.kind == "v" ? "" : "ONLY ")\(owner) \(Self.enabledWords[state] ?? "ENABLE")"
                + " TRIGGER \(SQLText.identifier(name));"
            reader.subjects[key] = Subject(
                comment: "TRIGGER \(SQLText.identifier(name)) ON \(owner)", name: name, table: relation.name)
            if parent != 0 {
                guard differs else { continue }
                reader.addToTable(.trigger, "TRIGGER", key, name: name, relation, sql: switching)
                reader.nodes[reader.nodes.count - 1].after.append(ObjectKey(.trigger, parent))
            } else if !isInternal {
                let sql = state == "O" ? definition : definition + "\n" + switching
                reader.addToTable(.trigger, "TRIGGER", key, name: name, relation, sql: sql)
            }
            let constraint = fields.oid()
            if constraint != 0, !isInternal { reader.parts[ObjectKey(.constraint, constraint)] = key }
        }
    }

    private mutating func readPolicies() throws(PostgresError) {
        let named = try reader.rows(
            """
            SELECT p.oid, r.rolname FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid,
                pg_catalog.unnest(p.polroles) WITH ORDINALITY AS u(role, place) JOIN pg_catalog.pg_roles r ON r.oid = u.role
            WHERE c.relnamespace = $1 ORDER BY p.oid, u.place
            """)
        var grantees: [UInt32: [String]] = [:]
        for var fields in named { grantees[fields.oid(), default: []].append(fields.text()) }
        let found = try reader.rows(
            """
            SELECT p.oid, p.polrelid, p.polname, p.polpermissive, p.polcmd, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
            FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.policy, fields.oid())
            let table = fields.oid()
            guard reader.isOurs(key), let relation = reader.tables[table] else { continue }
            let name = fields.text()
            let owner = reader.qualified(relation.name)
            var head = "CREATE POLICY \(SQLText.identifier(name)) ON \(owner)"
            if !fields.bool() { head += " AS RESTRICTIVE" }
            if let command = ["r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"][fields.letter()] {
                head += " FOR \(command)"
            }
            var tail = ""
            if let using = fields.optional() { tail += " USING (\(using))" }
            if let check = fields.optional() { tail += " WITH CHECK (\(check))" }
            let named = grantees[key.oid] ?? []
            reader.roles.formUnion(named.map(ExactText.init))
            reader.subjects[key] = Subject(
                comment: "POLICY \(SQLText.identifier(name)) ON \(owner)", name: name, table: relation.name)
            reader.addToTable(.policy, "POLICY", key, name: name, relation, sql: Self.policy(head, named, tail))
        }
    }

    /// A policy for the roles that the cluster has. One that is only for others says nothing there.
    private static func policy(_ head: String, _ roles: [String], _ tail: String) -> String {
        guard !roles.isEmpty else { return head + tail + ";" }
        let names = roles.map(SQLText.literal).joined(separator: ", ")
        let places = roles.enumerated().map { "(\($0.offset), \(SQLText.literal($0.element)))" }.joined(separator: ", ")
        return GuardedSQL.block(
            """
            IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN (\(names))) THEN
            EXECUTE \(SQLText.literal(head + " TO "))
                || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ' ORDER BY w.place)
                    FROM (VALUES \(places)) AS w(place, name) JOIN pg_catalog.pg_roles r ON r.rolname = w.name)
                || \(SQLText.literal(tail));
            END IF;
            """)
    }

    /// How triggers and rules are that are not simply on.
    private static let enabledWords = ["D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"]
}
