// SPDX-License-Identifier: MIT

import PostgresKit
import SchemaDump
import TestSupport

/// Two clusters, and the ways from a schema in one to the same schema in the other.
enum DumpWorld {
    /// Where dumps come from.
    static var source: PostgresServer { get throws { try PostgresServer.shared } }
    /// Where they go: another cluster, which knows nothing of the first but the roles of the shapes.
    static var target: PostgresServer { get throws { try second.get() } }

    private static let second = Result { try PostgresServer() }

    /// The schema that ``shapes`` makes.
    static let schema = "My Shapes"

    /// A database of the source with every shape.
    static func shapes() throws -> PostgresDatabase {
        try roles.get()
        let database = try source.database()
        for file in shapeFiles { try database.load(file) }
        return database
    }

    /// An empty database of the target, with the extensions that the shapes need.
    static func emptyForShapes() throws -> PostgresDatabase {
        try roles.get()
        let database = try target.database()
        try database.load(shapeFiles[0])
        return database
    }

    private static let folder =
        #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 } + "/Shapes/"
    private static let shapeFiles = [
        "00-around", "01-types", "02-functions", "03-tables", "04-partitions", "05-constraints", "06-views", "07-rules",
        "08-privileges", "09-names", "10-values",
    ].map { folder + $0 + ".sql" }

    /// Roles are of a cluster: made once.
    private static let roles = Result {
        let names = ["dump_owner", "dump_reader", "dump_writer", "dump_admin", "\"Dump \"\"odd\"\" role\""]
        for server in [try source, try target] {
            try server.psql(names.map { "CREATE ROLE \($0);" }.joined(), database: "postgres")
        }
    }

    // MARK: Ways

    /// A connection to `database` in a transaction that reads under pinned settings.
    static func reader(_ database: PostgresDatabase, as user: String = "postgres") throws -> Connection {
        let connection = try Connection(ConnectionTarget(database.url(as: user)))
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try connection.execute(PinnedSettings.statements)
        return connection
    }

    /// The script of `schema`.
    static func script(
        _ database: PostgresDatabase, _ schema: String, excluding: (String, String) -> Bool = { _, _ in false }
    ) throws -> (bytes: [UInt8], inventory: SchemaInventory, summary: DumpSummary) {
        let connection = try reader(database)
        let inventory = try SchemaInventory(reading: schema, on: connection, excluding: excluding)
        var bytes: [UInt8] = []
        let summary = try DumpScript.write(
            inventory, on: connection, heading: ["schema \(schema)"],
            to: { (piece: UnsafeRawBufferPointer) throws(Never) in bytes += piece })
        return (bytes, inventory, summary)
    }

    /// Restores `script` with the stock shell alone.
    static func restore(_ script: [UInt8], into database: PostgresDatabase) throws {
        let folder = try TemporaryFolder()
        // The server's user has to be able to read it.
        try write(script, to: folder.file("dump.sql"))
        try database.load(folder.file("dump.sql"))
    }

    /// Restores `script` with our own reader, in one transaction, in pieces of `size` bytes.
    static func replay(
        _ script: [UInt8], into database: PostgresDatabase, making schema: String = schema, size: Int = 4096
    ) throws {
        let connection = try Connection(ConnectionTarget(database.url))
        try connection.execute("BEGIN")
        try replayer(script, size: size).run(on: connection, making: schema)
        try connection.execute("COMMIT")
    }

    /// A replay of `script`, which comes in pieces of `size` bytes.
    static func replayer(_ script: [UInt8], size: Int = 4096) -> DumpReplay<Never> {
        var rest = script[...]
        return DumpReplay { () throws(Never) in
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
    }

    /// Every table's sum, and where the sequences stand.
    static func content(_ database: PostgresDatabase, _ schema: String) throws -> (
        sums: [ExactText: TableSum], sequences: [SequenceValue]
    ) {
        let connection = try reader(database)
        let inventory = try SchemaInventory(reading: schema, on: connection)
        var sums: [ExactText: TableSum] = [:]
        for table in inventory.tables where !table.isPartitioned {
            sums[ExactText(table.name)] = try TableSum.read(
                schema: schema, table: table.name, columns: table.columns, on: connection)
        }
        return (sums, try SequenceValue.read(schema: schema, names: inventory.sequences, on: connection))
    }
}
