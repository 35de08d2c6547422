// SPDX-License-Identifier: MIT

public import PostgresKit

/// One statement of a dump, or a few that belong together.
public struct DumpItem: Sendable, Hashable {
    /// What it makes, in pg_dump's words: `TABLE`, `INDEX`, `FK CONSTRAINT`, `SEQUENCE OWNED BY`, `ACL`, `COMMENT`, …
    public let kind: String
    /// The name of the object that it makes or is about, without its schema and without quotation marks.
    public let name: String
    /// The table that it belongs to, or that it is.
    public let table: String?
    /// Ends in a semicolon.
    public let sql: String
}

/// A table whose rows a dump carries.
public struct DumpTable: Sendable, Hashable {
    public let name: String
    /// What COPY carries, in the table's order: no generated columns.
    public let columns: [String]
    /// Whether it has no rows of its own. Its partitions are listed beside it.
    public let isPartitioned: Bool
    /// What the server estimates; -1 when it was never analysed.
    public let estimatedRows: Int64
}

/// An extension that objects of a schema are built on.
public struct RequiredExtension: Sendable, Hashable {
    public let name: String
    public let version: String
    /// Where its objects are. Definitions name it, so they need it in the same place.
    public let schema: String
}

/// Everything of one schema but the rows, as statements that make it anew.
public struct SchemaInventory: Sendable {
    public let schema: String
    /// What stands before the rows, in an order in which it can be made.
    public let preData: [DumpItem]
    /// What stands after the rows.
    public let postData: [DumpItem]
    /// The tables whose rows COPY carries, in an order in which they can be loaded, and partitioned tables.
    public let tables: [DumpTable]
    /// The sequences, by name. Those of identity columns are among them.
    public let sequences: [String]
    public let requiredExtensions: [RequiredExtension]
    /// Owners, grantors, grantees, and roles that policies name.
    public let roles: [String]
    /// What stands outside of the schema and depends on something in it, as the server describes it.
    public let outsideDependants: [String]
    /// What stands in the schema and belongs to an extension, as the server describes it. It is not dumped.
    public let extensionMembers: [String]
    /// What the dump does not carry, a sentence each.
    public let notes: [String]

    /// Reads the schema `schema`.
    ///
    /// The caller has pinned ``PinnedSettings`` and holds locks that keep definitions as they are: catalogue functions read the newest
    /// catalogue, not the transaction's snapshot.
    ///
    /// - Parameter isExcluded: says by kind and name what stays out of the dump; what belongs to an excluded table stays out with it
    /// - Throws: there is no such schema (``SQLState/undefinedSchema``), or the server's answer
    public init(
        reading schema: String, on connection: Connection,
        excluding isExcluded: (_ kind: String, _ name: String) -> Bool = { _, _ in false }
    ) throws(PostgresError) {
        var reader = CatalogueReader(schema: schema, connection: connection)
        try reader.readAll()
        self = reader.inventory(excluding: isExcluded)
    }

    init(schema: String, content: Content, facts: Facts) {
        self.schema = schema
        preData = content.preData
        postData = content.postData
        tables = content.tables
        sequences = content.sequences
        requiredExtensions = facts.requiredExtensions
        roles = facts.roles
        outsideDependants = facts.outsideDependants
        extensionMembers = facts.extensionMembers
        notes = facts.notes
    }

    /// What goes into the script.
    struct Content {
        var preData: [DumpItem] = []
        var postData: [DumpItem] = []
        var tables: [DumpTable] = []
        var sequences: [String] = []
    }

    /// What a caller wants to know beside it.
    struct Facts {
        var requiredExtensions: [RequiredExtension] = []
        var roles: [String] = []
        var outsideDependants: [String] = []
        var extensionMembers: [String] = []
        var notes: [String] = []
    }
}
