// SPDX-License-Identifier: MIT

internal import PostgresKit

/// Reads one schema from the system catalogues, with a few queries over all its objects and none per object.
///
/// Each `read…` method of an extension reads one kind of object; what becomes of it is a ``Node``.
struct CatalogueReader {
    let schema: String
    let connection: Connection
    var schemaOID: UInt32 = 0

    var nodes: [Node] = []
    /// Everything in the schema, also what is no statement of its own.
    var keys: Set<ObjectKey> = []
    /// Which object's statement makes an object that has none of its own: a row type, a default inside CREATE TABLE.
    var parts: [ObjectKey: ObjectKey] = [:]
    var subjects: [ObjectKey: Subject] = [:]
    var extensionMembers: Set<ObjectKey> = []
    var tables: [UInt32: Relation] = [:]
    /// The names of domains by number, which their constraints are named with.
    var domains: [UInt32: String] = [:]
    /// Sequences of identity columns, with their tables.
    var identitySequences: [UInt32: UInt32] = [:]
    /// Sequences that a column owns: that the server counts as a dependency on the table is not one for the order.
    var ownedSequences: Set<ObjectKey> = []
    /// The rules that make views views.
    var viewRules: [UInt32: ObjectKey] = [:]
    /// Indices that a constraint brings along.
    var constraintIndexes: Set<UInt32> = []
    var dependencies: [Dependency] = []
    var privileges: [Privileges] = []
    var comments: [Comment] = []
    var roles: Set<ExactText> = []
    var notes: [String] = []
    var facts = SchemaInventory.Facts()
    var schemaItems: [DumpItem] = []

    init(schema: String, connection: Connection) {
        self.schema = schema
        self.connection = connection
    }

    mutating func readAll() throws(PostgresError) {
        try readSchema()
        try readExtensionMembers()
        try readTypes()
        try readFunctions()
        try readOperators()
        try readRareKinds()
        try readTextSearch()
        try readRelations()
        try readConstraints()
        var parts = TablePartReader(self)
        try parts.readAll()
        var dependencies = DependencyReader(parts.reader)
        try dependencies.readAll()
        var privileges = PrivilegeReader(dependencies.reader)
        try privileges.readAll()
        // Last, since whatever is known by then is no part of the surroundings, default privileges included.
        var surroundings = DependencyReader(privileges.reader)
        try surroundings.readSurroundings()
        self = surroundings.reader
    }

    // MARK: For the extensions

    /// The rows of `sql`, whose `$1` is the schema's number.
    func rows(_ sql: String) throws(PostgresError) -> [Fields] {
        try connection.rows(sql, [String(schemaOID)]) { row throws(PostgresError) in Fields(row) }
    }

    /// `expression` where the server knows it, else `other`.
    func since(_ version: Int, _ expression: String, else other: String) -> String {
        connection.serverVersion >= version * 10_000 ? expression : other
    }

    /// `name` in this schema, quoted.
    func qualified(_ name: String) -> String { SQLText.identifier(schema, name) }

    /// Whether an object belongs to this schema's dump and not to an extension. Remembers it either way.
    mutating func isOurs(_ key: ObjectKey) -> Bool {
        keys.insert(key)
        return !extensionMembers.contains(key)
    }

    /// An object of the kind that has an owner and stands by itself.
    mutating func add(
        _ kind: Kind, _ word: String, _ key: ObjectKey, name: String, identity: String, owner: String?,
        grant: String? = nil,
        signature: String = "", sql: String
    ) {
        var text = sql
        if let owner {
            roles.insert(ExactText(owner))
            text += "\n" + GuardedSQL.owner("\(word) \(identity)", owner)
        }
        subjects[key] = Subject(comment: "\(word) \(identity)", grant: grant, name: name)
        nodes.append(
            Node(kind: kind, word: word, key: key, name: name, signature: signature, sql: text, subjects: [key]))
    }

    // MARK: The schema itself

    private mutating func readSchema() throws(PostgresError) {
        let found = try connection.rows(
            """
            SELECT n.oid, pg_catalog.pg_get_userbyid(n.nspowner), n.nspowner = 10
                OR pg_catalog.pg_get_userbyid(n.nspowner) = 'pg_database_owner'
            FROM pg_catalog.pg_namespace n WHERE n.nspname = $1
            """, [schema]
        ) { row throws(PostgresError) in Fields(row) }
        guard var fields = found.first else {
            throw PostgresError(sqlState: .undefinedSchema, message: "schema \"\(schema)\" does not exist")
        }
        schemaOID = fields.oid()
        let owner = fields.text()
        let isStockOwner = fields.bool()
        let identity = SQLText.identifier(schema)
        let key = ObjectKey(.namespace, schemaOID)
        keys.insert(key)
        subjects[key] = Subject(comment: "SCHEMA \(identity)", grant: "SCHEMA \(identity)", name: schema)
        var sql = "CREATE SCHEMA \(identity);"
        if schema == "public" {
            // Every database has it from birth. Without the look, whoever may not create schemas could not go on.
            sql = GuardedSQL.block(
                """
                IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') THEN
                CREATE SCHEMA public;
                END IF;
                """)
        }
        if schema != "public" || !isStockOwner {
            roles.insert(ExactText(owner))
            sql += "\n" + GuardedSQL.owner("SCHEMA \(identity)", owner)
        }
        schemaItems.append(DumpItem(kind: "SCHEMA", name: schema, table: nil, sql: sql))
    }

    /// Of the whole database: an extension's objects may be in any schema.
    private mutating func readExtensionMembers() throws(PostgresError) {
        let members = try connection.rows(
            "SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'"
        ) { row throws(PostgresError) in Fields(row) }
        for var member in members {
            extensionMembers.insert(ObjectKey(catalogue: member.oid(), oid: member.oid()))
        }
    }
}
