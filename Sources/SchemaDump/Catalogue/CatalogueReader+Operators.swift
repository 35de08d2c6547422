// SPDX-License-Identifier: MIT

internal import PostgresKit

extension CatalogueReader {
    /// Operators, and the families and classes that indices find them by.
    mutating func readOperators() throws(PostgresError) {
        let found = try rows(
            """
            SELECT o.oid, o.oprname, pg_catalog.pg_get_userbyid(o.oprowner),
                CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END,
                CASE WHEN o.oprright <> 0 THEN pg_catalog.format_type(o.oprright, NULL) END,
                o.oprcode = 0, o.oprcanmerge, o.oprcanhash, o.oprcode::regproc,
                \(Self.quotedOperator("o.oprcom")), \(Self.quotedOperator("o.oprnegate")),
                NULLIF(o.oprrest, 0)::regproc, NULLIF(o.oprjoin, 0)::regproc
            FROM pg_catalog.pg_operator o WHERE o.oprnamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.operator, fields.oid())
            let name = fields.text()
            let owner = fields.text()
            let left = fields.optional()
            let right = fields.optional()
            let isShell = fields.bool()
            // A shell is only the promise of an operator that another one names.
            guard isOurs(key), !isShell else { continue }
            let canMerge = fields.bool()
            let canHash = fields.bool()
            var options = ["FUNCTION = \(fields.text())"]
            if let left { options.append("LEFTARG = \(left)") }
            if let right { options.append("RIGHTARG = \(right)") }
            for option in ["COMMUTATOR", "NEGATOR", "RESTRICT", "JOIN"] {
                if let value = fields.optional() { options.append("\(option) = \(value)") }
            }
            if canMerge { options.append("MERGES") }
            if canHash { options.append("HASHES") }
            // The name of an operator has no quotation marks, and no characters that would need them.
            let identity = "\(SQLText.identifier(schema)).\(name) (\(left ?? "NONE"), \(right ?? "NONE"))"
            add(
                .operator, "OPERATOR", key, name: name, identity: identity, owner: owner,
                signature: "\(left ?? "") \(right ?? "")",
                sql: """
                    CREATE OPERATOR \(SQLText.identifier(schema)).\(name) (
                        \(options.joined(separator: ",\n    "))
                    );
                    """)
        }
        try readOperatorFamilies()
    }

    private mutating func readOperatorFamilies() throws(PostgresError) {
        let loose = try familyMembers(of: .operatorFamily)
        let families = try rows(
            """
            SELECT f.oid, f.opfname, pg_catalog.pg_get_userbyid(f.opfowner), pg_catalog.quote_ident(m.amname)
            FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod WHERE f.opfnamespace = $1
            """)
        for var fields in families {
            let key = ObjectKey(.operatorFamily, fields.oid())
            guard isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.text()
            let identity = "\(qualified(name)) USING \(fields.text())"
            add(
                .operatorFamily, "OPERATOR FAMILY", key, name: name, identity: identity, owner: owner,
                signature: identity, sql: "CREATE OPERATOR FAMILY \(identity);")
            guard let members = loose[key.oid] else { continue }
            // Operators that no class needs: they come when the operators and functions are there.
            nodes.append(
                Node(
                    kind: .conversion, word: "OPERATOR FAMILY", key: ObjectKey(.familyMembers, key.oid), name: name,
                    sql: "ALTER OPERATOR FAMILY \(identity) ADD\n    \(members.joined(separator: ",\n    "));",
                    after: [key] + nodes.filter { $0.kind == .operator || $0.kind == .function }.map(\.key)))
        }
        let members = try familyMembers(of: .operatorClass)
        let classes = try rows(
            """
            SELECT c.oid, c.opcname, pg_catalog.pg_get_userbyid(c.opcowner), pg_catalog.quote_ident(m.amname), c.opcdefault,
                pg_catalog.format_type(c.opcintype, NULL), pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(f.opfname),
                CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END
            FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
            JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
            WHERE c.opcnamespace = $1
            """)
        for var fields in classes {
            let key = ObjectKey(.operatorClass, fields.oid())
            guard isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.text()
            let method = fields.text()
            let isDefault = fields.bool()
            let type = fields.text()
            let family = fields.text()
            let storage = fields.optional()
            var lines = members[key.oid] ?? []
            // A class has to say something.
            if let storage = storage ?? (lines.isEmpty ? type : nil) { lines.insert("STORAGE \(storage)", at: 0) }
            add(
                .operatorClass, "OPERATOR CLASS", key, name: name, identity: "\(qualified(name)) USING \(method)",
                owner: owner,
                signature: method,
                sql: """
                    CREATE OPERATOR CLASS \(qualified(name))\(isDefault ? " DEFAULT" : "")
                        FOR TYPE \(type) USING \(method) FAMILY \(family) AS
                        \(lines.joined(separator: ",\n    "));
                    """)
        }
    }

    /// The operators and support functions that belong to classes or, loosely, to families of the schema, as SQL.
    private mutating func familyMembers(of catalogue: SystemCatalogue) throws(PostgresError) -> [UInt32: [String]] {
        let home =
            catalogue == .operatorClass
            ? "SELECT oid FROM pg_catalog.pg_opclass WHERE opcnamespace = $1"
            : "SELECT oid FROM pg_catalog.pg_opfamily WHERE opfnamespace = $1"
        let found = try rows(
            """
            SELECT d.refobjid, d.classid, d.objid, 1, a.amopstrategy, 'OPERATOR '::text || a.amopstrategy::text || ' '::text
                || a.amopopr::regoperator::text || CASE WHEN a.amopsortfamily <> 0 THEN ' FOR ORDER BY '::text || (
                    SELECT pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(f.opfname)
                    FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
                    WHERE f.oid = a.amopsortfamily) ELSE ''::text END
            FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_amop a ON d.classid = 'pg_catalog.pg_amop'::regclass AND a.oid = d.objid
            WHERE d.refclassid = \(catalogue.rawValue) AND d.deptype IN ('a', 'i') AND d.refobjid IN (\(home))
            UNION ALL
            SELECT d.refobjid, d.classid, d.objid, 2, p.amprocnum,
                'FUNCTION '::text || p.amprocnum::text || ' ('::text || pg_catalog.format_type(p.amproclefttype, NULL)
                || ', '::text || pg_catalog.format_type(p.amprocrighttype, NULL) || ') '::text || p.amproc::regprocedure::text
            FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_amproc p ON d.classid = 'pg_catalog.pg_amproc'::regclass AND p.oid = d.objid
            WHERE d.refclassid = \(catalogue.rawValue) AND d.deptype IN ('a', 'i') AND d.refobjid IN (\(home))
            ORDER BY 1, 4, 5, 6
            """)
        var result: [UInt32: [String]] = [:]
        for var fields in found {
            let owner = fields.oid()
            belongs(ObjectKey(catalogue: fields.oid(), oid: fields.oid()), to: ObjectKey(catalogue, owner))
            _ = fields.number()
            _ = fields.number()
            let text = fields.text()
            if result[owner]?.contains(text) != true { result[owner, default: []].append(text) }
        }
        return result
    }

    private static func quotedOperator(_ column: String) -> String {
        """
        (SELECT 'OPERATOR('::text || pg_catalog.quote_ident(n.nspname) || '.'::text || x.oprname::text || ')'::text
            FROM pg_catalog.pg_operator x JOIN pg_catalog.pg_namespace n ON n.oid = x.oprnamespace WHERE x.oid = \(column))
        """
    }
}
