// SPDX-License-Identifier: MIT

internal import PostgresKit

/// One line of `pg_depend` whose first object is in the schema.
struct Dependency {
    let object: ObjectKey
    let reference: ObjectKey
    /// The column of the referenced object, or 0.
    let column: Int
    let type: String
}

/// What COMMENT has to say.
struct Comment {
    let key: ObjectKey
    let column: Int
    let text: String
}

/// Reads what the catalogues tell of objects that are known: dependencies, comments, and the surroundings of the schema.
struct DependencyReader {
    /// What was read so far, with every object.
    private(set) var reader: CatalogueReader

    init(_ reader: CatalogueReader) {
        self.reader = reader
    }

    mutating func readAll() throws(PostgresError) {
        try readDependencies()
        try readComments()
    }

    private mutating func readDependencies() throws(PostgresError) {
        let found = try keyedRows(
            """
            SELECT d.classid, d.objid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
            FROM k JOIN pg_catalog.pg_depend d ON d.classid = k.c AND d.objid = k.o WHERE d.deptype <> 'e'
            """, reader.keys)
        for var fields in found {
            reader.dependencies.append(
                Dependency(
                    object: ObjectKey(catalogue: fields.oid(), oid: fields.oid()),
                    reference: ObjectKey(catalogue: fields.oid(), oid: fields.oid()), column: fields.number(),
                    type: fields.letter()))
        }
    }

    private mutating func readComments() throws(PostgresError) {
        let found = try keyedRows(
            """
            SELECT d.classoid, d.objoid, d.objsubid, d.description
            FROM k JOIN pg_catalog.pg_description d ON d.classoid = k.c AND d.objoid = k.o ORDER BY 1, 2, 3
            """, Set(reader.subjects.keys))
        for var fields in found {
            reader.comments.append(
                Comment(
                    key: ObjectKey(catalogue: fields.oid(), oid: fields.oid()), column: fields.number(),
                    text: fields.text()))
        }
    }

    /// Reads what the caller wants to know beside the statements: extensions, and objects elsewhere that depend on those that are known.
    mutating func readSurroundings() throws(PostgresError) {
        let ours = reader.keys.subtracting(reader.extensionMembers)
        // Array types are no members themselves; their elements are.
        let required = try keyedRows(
            """
            , used(c, o) AS (
                SELECT d.refclassid, d.refobjid FROM k JOIN pg_catalog.pg_depend d ON d.classid = k.c AND d.objid = k.o
            ), named(c, o) AS (
                SELECT c, o FROM used
                UNION SELECT u.c, t.typelem FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.o
                WHERE u.c = 'pg_catalog.pg_type'::regclass AND t.typelem <> 0
            )
            SELECT DISTINCT e.extname, e.extversion, n.nspname
            FROM named JOIN pg_catalog.pg_depend d ON d.classid = named.c AND d.objid = named.o AND d.deptype = 'e'
            JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
            ORDER BY 1
            """, ours)
        for var fields in required {
            reader.facts.requiredExtensions.append(
                RequiredExtension(name: fields.text(), version: fields.text(), schema: fields.text()))
        }
        // What depends internally is made and dropped with the object: the triggers of a foreign key on a table elsewhere.
        let outside = try keyedRows(
            """
            SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0)
            FROM k JOIN pg_catalog.pg_depend d ON d.refclassid = k.c AND d.refobjid = k.o
            WHERE d.deptype NOT IN ('e', 'i', 'x') AND d.classid <> 'pg_catalog.pg_extension'::regclass
            AND NOT EXISTS (SELECT FROM k AS inside WHERE inside.c = d.classid AND inside.o = d.objid)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_class t WHERE d.classid = 'pg_catalog.pg_class'::regclass AND t.oid = d.objid
                AND t.relnamespace = 'pg_toast'::regnamespace)
            ORDER BY 1
            """, reader.keys)
        for var fields in outside { reader.facts.outsideDependants.append(fields.text()) }
        let members = try keyedRows(
            """
            SELECT pg_catalog.pg_describe_object(k.c, k.o, 0) FROM k
            UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_extension'::regclass, e.oid, 0)
            FROM pg_catalog.pg_extension e WHERE e.extnamespace = \(reader.schemaOID) ORDER BY 1
            """, reader.keys.intersection(reader.extensionMembers))
        for var fields in members { reader.facts.extensionMembers.append(fields.text()) }
        try readSecurityLabels()
    }

    private mutating func readSecurityLabels() throws(PostgresError) {
        let count = try keyedRows(
            """
            SELECT pg_catalog.count(*) FROM k JOIN pg_catalog.pg_seclabel l ON l.classoid = k.c AND l.objoid = k.o
            """, reader.keys)
        guard var fields = count.first, fields.number() > 0 else { return }
        reader.notes.append("security labels are not carried")
    }

    /// The rows of `query`, which reads a table `k` of `keys` with the columns `c`, the catalogue, and `o`, the number.
    private func keyedRows(_ query: String, _ keys: Set<ObjectKey>) throws(PostgresError) -> [Fields] {
        let list = keys.sorted { ($0.catalogue, $0.oid) < ($1.catalogue, $1.oid) }
        let catalogues = "{\(list.map { String($0.catalogue) }.joined(separator: ","))}"
        let numbers = "{\(list.map { String($0.oid) }.joined(separator: ","))}"
        let sql =
            "WITH k(c, o) AS MATERIALIZED (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[]))) "
            + query
        return try reader.connection.rows(sql, [catalogues, numbers]) { row throws(PostgresError) in Fields(row) }
    }
}
