// SPDX-License-Identifier: MIT

public import PostgresKit

/// Where a sequence stands.
public struct SequenceValue: Sendable, Hashable {
    public let name: String
    public let lastValue: Int64
    /// Whether the next value is the one after ``lastValue`` and not that one itself.
    public let isCalled: Bool

    public init(name: String, lastValue: Int64, isCalled: Bool) {
        self.name = name
        self.lastValue = lastValue
        self.isCalled = isCalled
    }

    /// Reads the sequences `names` of `schema`, in that order.
    public static func read(
        schema: String, names: [String], on connection: Connection
    ) throws(PostgresError) -> [SequenceValue] {
        guard !names.isEmpty else { return [] }
        let parts = names.enumerated().map { number, name in
            "SELECT \(number), last_value, is_called FROM \(SQLText.identifier(schema, name))"
        }
        return try connection.rows(parts.joined(separator: " UNION ALL ") + " ORDER BY 1") { row in
            let index = Int(row.integer(0) ?? 0)
            return SequenceValue(name: names[index], lastValue: row.integer(1) ?? 0, isCalled: row.bool(2))
        }
    }
}

/// What a written dump holds.
public struct DumpSummary: Sendable, Hashable {
    /// The length of the script.
    public var bytes: Int64 = 0
    /// The rows of each table by its name, as COPY counted them.
    public var rows: [ExactText: Int64] = [:]
    /// As they stand in the script: read after the rows, so never behind them.
    public var sequences: [SequenceValue] = []
}

/// How far a dump is.
public struct DumpProgress: Sendable, Hashable {
    public let bytes: Int64
    public let rows: Int64
}

/// A schema as one SQL script that stock `psql` runs on an empty database, in one transaction of its own.
///
/// Each section stands below a line `-- @N kind bytes`, with its number, what it is and the length of its text; the rows of a table
/// follow their COPY up to the line `\.`. So ``DumpReplay`` needs to know nothing of SQL.
public enum DumpScript {
    /// Stands before the last section. A script without it has been cut off.
    static let completeLine = "-- dementiad: complete"

    /// Writes the script of `inventory` with the rows that `connection`'s transaction sees.
    ///
    /// - Parameters:
    ///   - heading: what the script says about itself, a line each
    ///   - sink: takes the next bytes, in pieces of about 256 KiB
    ///   - progress: is told now and then how far it is
    /// - Throws: the server's answer, or what `sink` throws; the transaction has failed then
    public static func write<Failure: Error>(
        _ inventory: SchemaInventory, on connection: Connection, heading: [String],
        to sink: (UnsafeRawBufferPointer) throws(Failure) -> Void, progress: (DumpProgress) -> Void = { _ in }
    ) throws(CopyFailure<Failure>) -> DumpSummary {
        var writer = ScriptWriter<Failure>(connection: connection)
        try writer.write(inventory, heading: heading) { (bytes, summary, rows) throws(Failure) in
            try sink(bytes)
            progress(DumpProgress(bytes: summary, rows: rows))
        }
        return writer.summary
    }
}
