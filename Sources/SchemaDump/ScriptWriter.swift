// SPDX-License-Identifier: MIT

internal import PostgresKit

/// What libpq's rows are gathered to before anybody works on them.
private let pieceSize = 256 * 1024

/// Puts a script together and hands it on in large pieces.
struct ScriptWriter<Failure: Error> {
    /// Takes a piece, and how many bytes and rows there were so far.
    typealias Sink = (UnsafeRawBufferPointer, _ bytes: Int64, _ rows: Int64) throws(Failure) -> Void

    let connection: Connection
    private(set) var summary = DumpSummary()
    private(set) var rows: Int64 = 0
    private var section = 0
    private let buffer = ByteQueue(capacity: pieceSize * 2)

    init(connection: Connection) {
        self.connection = connection
    }

    mutating func write(
        _ inventory: SchemaInventory, heading: [String], to sink: Sink
    ) throws(CopyFailure<Failure>) {
        try line("-- A schema as SQL. Into an empty database: psql -X -d DATABASE, with this as its input.", sink)
        for text in heading { try line("-- \(Self.comment(text))", sink) }
        try line("\n\\set ON_ERROR_STOP on\n", sink)
        try add("BEGIN", "BEGIN;", sink)
        try add("SETTINGS", PinnedSettings.script(for: inventory.schema), sink)
        try addExtensions(inventory, sink)
        for item in inventory.preData { try add(item, sink) }
        let encoding = try asServer { () throws(PostgresError) in
            try connection.value("SELECT pg_catalog.getdatabaseencoding()::text")
        }
        for table in inventory.tables where !table.isPartitioned {
            try addRows(of: table, in: inventory.schema, as: encoding ?? "UTF8", sink)
        }
        // Sequences know no snapshots: read after the rows they are never behind them.
        let sequences = try asServer { () throws(PostgresError) in
            try SequenceValue.read(schema: inventory.schema, names: inventory.sequences, on: connection)
        }
        summary.sequences = sequences
        for sequence in sequences {
            let name = SQLText.literal(SQLText.identifier(inventory.schema, sequence.name))
            try add(
                "SEQUENCE SET", "SELECT pg_catalog.setval(\(name), \(sequence.lastValue), \(sequence.isCalled));", sink)
        }
        for item in inventory.postData { try add(item, sink) }
        try line("\(DumpScript.completeLine)\n", sink)
        try add("COMMIT", "COMMIT;", sink)
        try flush(sink)
    }

    // MARK: Sections

    /// The first thing that runs: what is missing is said before anything is made.
    private mutating func addExtensions(_ inventory: SchemaInventory, _ sink: Sink) throws(CopyFailure<Failure>) {
        let elsewhere = inventory.requiredExtensions.filter { $0.schema != inventory.schema }
        guard !elsewhere.isEmpty else { return }
        let checks = elsewhere.map { required in
            let name = SQLText.literal(required.name)
            let schema = SQLText.literal(required.schema)
            return """
                IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
                    WHERE e.extname = \(name) AND n.nspname = \(schema)) THEN
                RAISE EXCEPTION USING ERRCODE = 'undefined_object',
                    MESSAGE = pg_catalog.format('this dump needs the extension %s in the schema %I', \(name), \(schema)),
                    HINT = pg_catalog.format('CREATE EXTENSION %I WITH SCHEMA %I; the dump was made with version %s',
                        \(name), \(schema), \(SQLText.literal(required.version)));
                END IF;
                """
        }
        try add("EXTENSION CHECK", GuardedSQL.block(checks.joined(separator: "\n")), sink)
    }

    private mutating func addRows(
        of table: DumpTable, in schema: String, as encoding: String, _ sink: Sink
    ) throws(CopyFailure<Failure>) {
        let columns = table.columns.map(SQLText.identifier).joined(separator: ", ")
        let name = SQLText.identifier(schema, table.name)
        // COPY wants a list or nothing; of a table without columns of its own it reads empty lines.
        let target = columns.isEmpty ? name : "\(name) (\(columns))"
        // The bytes of a database that is not in UTF-8 go as they are: it may hold some that are no character.
        let own = encoding == "UTF8" ? "" : " (ENCODING \(SQLText.literal(encoding)))"
        try add("copy", "COPY \(target) FROM stdin\(own);", sink)
        let count = try connection.copyOut("COPY \(target) TO STDOUT\(own)") { row throws(Failure) in
            rows += 1
            try put(row, sink)
        }
        summary.rows[ExactText(table.name)] = Int64(count)
        try line("\\.\n", sink)
    }

    private mutating func add(_ item: DumpItem, _ sink: Sink) throws(CopyFailure<Failure>) {
        try add(item.kind, item.sql, sink)
    }

    private mutating func add(_ kind: String, _ sql: String, _ sink: Sink) throws(CopyFailure<Failure>) {
        section += 1
        // Rows follow their COPY at once, so only there no empty line.
        let end = kind == "copy" ? "" : "\n"
        try line("-- @\(section) \(kind) \(sql.utf8.count)\n\(sql)\(end)", sink)
    }

    // MARK: Bytes

    private mutating func line(_ text: String, _ sink: Sink) throws(CopyFailure<Failure>) {
        var text = text + "\n"
        do throws(Failure) {
            // A string of our own making is always one piece of UTF-8.
            let bytes = text.withUTF8 { Array($0) }
            try put(bytes, sink)
        } catch {
            throw .caller(error)
        }
    }

    private mutating func put(_ bytes: [UInt8], _ sink: Sink) throws(Failure) {
        bytes.withUnsafeBytes { buffer.append($0) }
        try sendFull(bytes.count, sink)
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer, _ sink: Sink) throws(Failure) {
        buffer.append(bytes)
        try sendFull(bytes.count, sink)
    }

    private mutating func sendFull(_ added: Int, _ sink: Sink) throws(Failure) {
        summary.bytes += Int64(added)
        guard buffer.count >= pieceSize else { return }
        try sink(buffer.bytes, summary.bytes, rows)
        buffer.removeFirst(buffer.count)
    }

    private mutating func flush(_ sink: Sink) throws(CopyFailure<Failure>) {
        guard buffer.count > 0 else { return }
        do throws(Failure) {
            try sink(buffer.bytes, summary.bytes, rows)
        } catch {
            throw .caller(error)
        }
        buffer.removeFirst(buffer.count)
    }

    private func asServer<Result>(
        _ body: () throws(PostgresError) -> Result
    ) throws(CopyFailure<Failure>) -> Result {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw .server(error)
        }
    }

    /// `text` on one line: a line break would end the comment, and what follows it would be run.
    static func comment(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
