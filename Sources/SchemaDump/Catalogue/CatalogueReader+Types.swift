// SPDX-License-Identifier: MIT

internal import PostgresKit

extension CatalogueReader {
    /// Enumerations, composite types, ranges and domains. Row types of tables, and array types, come by themselves.
    mutating func readTypes() throws(PostgresError) {
        try readTypeParts()
        let found = try rows(
            """
            SELECT t.oid, t.typname, t.typtype, t.typrelid, t.typarray, pg_catalog.pg_get_userbyid(t.typowner),
                t.typisdefined, t.typnotnull, pg_catalog.format_type(t.typbasetype, t.typtypmod),
                pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault,
                CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation
                    THEN \(Self.quotedCollation("t.typcollation")) END,
                (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                    FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
                r.rngmultitypid, mt.typarray, \(Self.rangeText(hasMultirange: connection.serverVersion >= 140_000))
            FROM pg_catalog.pg_type t
            LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
            LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
            LEFT JOIN \(since(14, "pg_catalog.pg_range", else: "(SELECT *, 0::oid AS rngmultitypid FROM pg_catalog.pg_range)")) r
                ON r.rngtypid = t.oid
            LEFT JOIN pg_catalog.pg_type mt ON mt.oid = r.rngmultitypid
            WHERE t.typnamespace = $1 AND (t.typrelid = 0 OR c.relkind = 'c')
            """)
        let composites = try compositeAttributes()
        for var fields in found {
            let key = ObjectKey(.type, fields.oid())
            let name = fields.text()
            let type = fields.letter()
            let relation = fields.oid()
            let array = fields.oid()
            let owner = fields.text()
            let isDefined = fields.bool()
            let isOurs = isOurs(key)
            if array != 0 { belongs(ObjectKey(.type, array), to: key) }
            if relation != 0 { belongs(ObjectKey(.relation, relation), to: key) }
            guard isOurs else { continue }
            let identity = qualified(name)
            switch type {
            case "d":
                addDomain(key, name: name, owner: owner, fields)
            case "c":
                let attributes = composites[relation] ?? []
                let lines = attributes.map { "    \($0.text)" }.joined(separator: ",\n")
                add(
                    .type, "TYPE", key, name: name, identity: identity, owner: owner, grant: "TYPE \(identity)",
                    sql: "CREATE TYPE \(identity) AS (\n\(lines)\n);")
                let relationKey = ObjectKey(.relation, relation)
                subjects[relationKey] = Subject(
                    comment: "TYPE \(identity)", name: name, qualified: identity,
                    columns: Dictionary(uniqueKeysWithValues: attributes.map { ($0.number, $0.name) }))
                nodes[nodes.count - 1].subjects.append(relationKey)
            case "e":
                for _ in 0..<5 { _ = fields.optional() }
                add(
                    .type, "TYPE", key, name: name, identity: identity, owner: owner, grant: "TYPE \(identity)",
                    sql: "CREATE TYPE \(identity) AS ENUM (\(fields.text()));")
            case "r":
                for _ in 0..<6 { _ = fields.optional() }
                for part in [fields.oid(), fields.oid()] where part != 0 { belongs(ObjectKey(.type, part), to: key) }
                add(
                    .type, "TYPE", key, name: name, identity: identity, owner: owner, grant: "TYPE \(identity)",
                    sql: "CREATE TYPE \(identity) AS RANGE (\(fields.text()));")
            default:
                guard type == "b", parts[key] == nil, isDefined else { continue }
                // Its functions are written in C or are the server's own: only an extension should do that.
                notes.append("base type \(identity) is not carried: it belongs to no extension")
            }
        }
    }

    private mutating func addDomain(_ key: ObjectKey, name: String, owner: String, _ rest: Fields) {
        var fields = rest
        let isNotNull = fields.bool()
        let base = fields.text()
        let expression = fields.optional()
        let literal = fields.optional()
        let collation = fields.optional()
        let identity = qualified(name)
        var sql = "CREATE DOMAIN \(identity) AS \(base)"
        if let collation { sql += " COLLATE \(collation)" }
        if isNotNull { sql += " NOT NULL" }
        if let value = expression ?? literal.map(SQLText.literal) { sql += " DEFAULT \(value)" }
        domains[key.oid] = name
        add(
            .domain, "DOMAIN", key, name: name, identity: identity, owner: owner, grant: "TYPE \(identity)",
            sql: sql + ";")
    }

    /// Array types and multiranges are made with their elements.
    private mutating func readTypeParts() throws(PostgresError) {
        let ours = try rows(
            """
            SELECT t.oid, t.typarray FROM pg_catalog.pg_type t
            WHERE t.typnamespace = $1 AND t.typarray <> 0
            """)
        for var fields in ours {
            let element = ObjectKey(.type, fields.oid())
            belongs(ObjectKey(.type, fields.oid()), to: element)
        }
    }

    /// `part` is made by the statement that makes `whole`.
    mutating func belongs(_ part: ObjectKey, to whole: ObjectKey) {
        keys.insert(part)
        parts[part] = whole
    }

    private struct Attribute {
        let number: Int
        let name: String
        let text: String
    }

    private func compositeAttributes() throws(PostgresError) -> [UInt32: [Attribute]] {
        let found = try rows(
            """
            SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attcollation <> t.typcollation THEN \(Self.quotedCollation("a.attcollation")) END
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE c.relnamespace = $1 AND c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attrelid, a.attnum
            """)
        var result: [UInt32: [Attribute]] = [:]
        for var fields in found {
            let relation = fields.oid()
            let number = fields.number()
            let name = fields.text()
            var text = "\(SQLText.identifier(name)) \(fields.text())"
            if let collation = fields.optional() { text += " COLLATE \(collation)" }
            result[relation, default: []].append(Attribute(number: number, name: name, text: text))
        }
        return result
    }

    /// The collation with the number in `column`, as SQL writes it.
    static func quotedCollation(_ column: String) -> String {
        """
        (SELECT pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(l.collname)
            FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
            WHERE l.oid = \(column))
        """
    }

    /// What stands between the parentheses of CREATE TYPE … AS RANGE.
    private static func rangeText(hasMultirange: Bool) -> String {
        let multirange =
            hasMultirange
            ? """
            || ', MULTIRANGE_TYPE_NAME = '::text || (SELECT pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(m.typname)
                FROM pg_catalog.pg_type m JOIN pg_catalog.pg_namespace n ON n.oid = m.typnamespace WHERE m.oid = r.rngmultitypid)
            """ : ""
        return """
            'SUBTYPE = '::text || pg_catalog.format_type(r.rngsubtype, NULL)
            || (SELECT CASE WHEN o.opcdefault THEN ''::text ELSE ', SUBTYPE_OPCLASS = '::text || pg_catalog.quote_ident(n.nspname) || '.'::text
                    || pg_catalog.quote_ident(o.opcname) END
                FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid = r.rngsubopc)
            || CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> (
                    SELECT s.typcollation FROM pg_catalog.pg_type s WHERE s.oid = r.rngsubtype)
                THEN ', COLLATION = '::text || \(quotedCollation("r.rngcollation")) ELSE ''::text END
            || CASE WHEN r.rngcanonical <> 0 THEN ', CANONICAL = '::text || r.rngcanonical::regproc::text ELSE ''::text END
            || CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = '::text || r.rngsubdiff::regproc::text ELSE ''::text END
            \(multirange)
            """
    }
}
