// SPDX-License-Identifier: MIT

internal import PostgresKit

/// Who may do what with one object, and what would hold if nobody had ever said.
struct Privileges {
    struct Entry: Hashable {
        let grantor: ExactText
        /// Empty for PUBLIC.
        let grantee: ExactText
        let privilege: String
        let isGrantable: Bool
    }

    let key: ObjectKey
    /// The column, or 0.
    let column: Int
    let owner: ExactText
    var usual: [Entry] = []
    var actual: [Entry] = []

    /// What makes `usual` to `actual`, as statements inside a block that name roles only where they exist.
    ///
    /// - Parameters:
    ///   - object: as GRANT names it
    ///   - columns: in parentheses behind each privilege, or ""
    ///   - prefix: what ALTER DEFAULT PRIVILEGES has before its GRANT
    func statements(_ object: String, columns: String = "", prefix: String = "") -> [String] {
        var result: [String] = []
        let before = Dictionary(grouping: usual, by: \.grantee)
        let after = Dictionary(grouping: actual.filter { $0.grantor == owner }, by: \.grantee)
        var unchanged: Set<ExactText> = []
        let needed = prefix.isEmpty ? [] : [owner]
        for grantee in Self.inOrder(usual) {
            if Set(before[grantee] ?? []) == Set(after[grantee] ?? []) {
                unchanged.insert(grantee)
                continue
            }
            let statement =
                "\(prefix)REVOKE ALL\(columns.isEmpty ? "" : " \(columns)") ON \(object) FROM \(Self.named(grantee));"
            result.append(GuardedSQL.whenRolesExist(Self.roles(grantee) + needed, statement))
        }
        // In the order of the list, one statement per run of equal partners.
        var rest = actual.filter { !($0.grantor == owner && unchanged.contains($0.grantee)) }[...]
        while let first = rest.first {
            let run = rest.prefix {
                ($0.grantor, $0.grantee, $0.isGrantable) == (first.grantor, first.grantee, first.isGrantable)
            }
            rest = rest.dropFirst(run.count)
            let list = run.map { $0.privilege + (columns.isEmpty ? "" : " \(columns)") }.joined(separator: ", ")
            var statement = "\(prefix)GRANT \(list) ON \(object) TO \(Self.named(first.grantee))"
            statement += first.isGrantable ? " WITH GRANT OPTION;" : ";"
            if first.grantor != owner {
                // A grant remembers who gave it.
                statement = """
                    PERFORM pg_catalog.set_config('role', \(SQLText.literal(first.grantor.text)), true);
                    \(statement)
                    PERFORM pg_catalog.set_config('role', was, true);
                    """
            }
            // Where the owner is missing the object belongs to whoever restores, who grants in his place.
            let others = first.grantor == owner ? Self.roles(first.grantee) : Self.roles(first.grantee, first.grantor)
            result.append(GuardedSQL.whenRolesExist(others + needed, statement))
        }
        return result
    }

    var namesGrantors: Bool { actual.contains { $0.grantor != owner } }

    private static func roles(_ names: ExactText...) -> [ExactText] {
        var seen: Set<ExactText> = []
        return names.filter { !$0.text.isEmpty && seen.insert($0).inserted }
    }

    private static func inOrder(_ entries: [Entry]) -> [ExactText] {
        var seen: Set<ExactText> = []
        return entries.map(\.grantee).filter { seen.insert($0).inserted }
    }

    private static func named(_ grantee: ExactText) -> String {
        grantee.text.isEmpty ? "PUBLIC" : SQLText.identifier(grantee.text)
    }
}

/// Reads who may do what with objects that are known.
struct PrivilegeReader {
    /// What was read so far, with every object.
    private(set) var reader: CatalogueReader

    init(_ reader: CatalogueReader) {
        self.reader = reader
    }

    mutating func readAll() throws(PostgresError) {
        try readPrivileges()
        try readGlobalDefaults()
    }

    private mutating func readPrivileges() throws(PostgresError) {
        // Of the schema `public` the database has a list from birth, and that is what it is compared with.
        let found = try reader.rows(
            """
            WITH object(class, oid, sub, owner, acl, usual) AS (
                SELECT 2615, oid, 0, nspowner, nspacl, coalesce((
                    SELECT i.initprivs FROM pg_catalog.pg_init_privs i
                    WHERE i.classoid = 'pg_catalog.pg_namespace'::regclass AND i.objoid = pg_namespace.oid AND i.objsubid = 0
                ), pg_catalog.acldefault('n', nspowner)) FROM pg_catalog.pg_namespace
                WHERE oid = $1 AND nspacl IS NOT NULL
                UNION ALL SELECT 1259, oid, 0, relowner, relacl,
                    pg_catalog.acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)
                FROM pg_catalog.pg_class WHERE relnamespace = $1 AND relacl IS NOT NULL
                UNION ALL SELECT 1259, c.oid, a.attnum, c.relowner, a.attacl, NULL
                FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                WHERE c.relnamespace = $1 AND a.attacl IS NOT NULL AND NOT a.attisdropped
                UNION ALL SELECT 1255, oid, 0, proowner, proacl, pg_catalog.acldefault('f', proowner)
                FROM pg_catalog.pg_proc WHERE pronamespace = $1 AND proacl IS NOT NULL
                UNION ALL SELECT 1247, oid, 0, typowner, typacl, pg_catalog.acldefault('T', typowner)
                FROM pg_catalog.pg_type WHERE typnamespace = $1 AND typacl IS NOT NULL
                UNION ALL SELECT 826, oid, CASE defaclobjtype WHEN 'r' THEN 1 WHEN 'S' THEN 2 WHEN 'f' THEN 3 ELSE 4 END,
                    defaclrole, defaclacl, NULL
                FROM pg_catalog.pg_default_acl WHERE defaclnamespace = $1
            )
            SELECT o.class, o.oid, o.sub, pg_catalog.pg_get_userbyid(o.owner), e.side,
                CASE WHEN e.grantor = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(e.grantor) END,
                CASE WHEN e.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(e.grantee) END, e.privilege, e.grantable
            FROM object o LEFT JOIN LATERAL (
                SELECT 2 AS side, x.* FROM pg_catalog.aclexplode(o.acl) WITH ORDINALITY AS x(grantor, grantee, privilege, grantable, place)
                UNION ALL
                SELECT 1, x.* FROM pg_catalog.aclexplode(o.usual)
                    WITH ORDINALITY AS x(grantor, grantee, privilege, grantable, place)
            ) e ON true
            -- The schema's first: who grants in another's name has to see it.
            ORDER BY o.class <> 2615, o.class, o.oid, o.sub, e.side, e.place
            """)
        for var fields in found {
            let key = ObjectKey(catalogue: fields.oid(), oid: fields.oid())
            let column = fields.number()
            let owner = ExactText(fields.text())
            reader.keys.insert(key)
            if reader.privileges.last?.key != key || reader.privileges.last?.column != column {
                reader.privileges.append(Privileges(key: key, column: column, owner: owner))
            }
            let side = fields.number()
            let entry = Privileges.Entry(
                grantor: ExactText(fields.text()), grantee: ExactText(fields.text()), privilege: fields.text(),
                isGrantable: fields.bool())
            // Nothing at all is left when everything was revoked from a column: no row has a side then.
            if side == 1 { reader.privileges[reader.privileges.count - 1].usual.append(entry) }
            if side == 2 { reader.privileges[reader.privileges.count - 1].actual.append(entry) }
        }
    }

    /// Default privileges without a schema work on what a restore makes, as on everything new.
    private mutating func readGlobalDefaults() throws(PostgresError) {
        let found = try reader.connection.rows(
            """
            SELECT DISTINCT pg_catalog.pg_get_userbyid(d.defaclrole) FROM pg_catalog.pg_default_acl d
            WHERE d.defaclnamespace = 0 ORDER BY 1
            """
        ) { row throws(PostgresError) in Fields(row) }
        for var fields in found {
            let role = SQLText.identifier(fields.text())
            reader.notes.append(
                "default privileges of \(role) for the whole database are not carried, and work on what a restore makes"
            )
        }
    }
}

extension InventoryBuilder {
    /// The statements of one list of privileges, or nil when it says only what goes without saying.
    mutating func privilegeItem(_ list: Privileges) -> DumpItem? {
        let statements: [String]
        let name: String
        var table: String?
        if list.key.catalogue == SystemCatalogue.defaultACL.rawValue {
            let kind = ["TABLES", "SEQUENCES", "FUNCTIONS", "TYPES"][min(max(list.column, 1), 4) - 1]
            let prefix =
                "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLText.identifier(list.owner.text)) IN SCHEMA \(SQLText.identifier(reader.schema)) "
            statements = list.statements(kind, prefix: prefix)
            name = "DEFAULT PRIVILEGES FOR \(kind)"
        } else {
            guard let subject = reader.subjects[list.key], let object = subject.grant else { return nil }
            name = subject.name
            table = subject.table
            if list.column == 0 {
                statements = list.statements(object)
            } else {
                guard let column = subject.columns[list.column] else { return nil }
                statements = list.statements(object, columns: "(\(SQLText.identifier(column)))")
            }
        }
        guard !statements.isEmpty else { return nil }
        for entry in list.actual { reader.roles.formUnion([entry.grantor, entry.grantee].filter { !$0.text.isEmpty }) }
        var body = statements.joined(separator: "\n")
        if list.namesGrantors {
            body = "DECLARE was text := pg_catalog.current_setting('role');\nBEGIN\n\(body)\nEND;"
        }
        let word = list.key.catalogue == SystemCatalogue.defaultACL.rawValue ? "DEFAULT ACL" : "ACL"
        return DumpItem(kind: word, name: name, table: table, sql: GuardedSQL.block(body))
    }
}
