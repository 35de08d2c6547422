// SPDX-License-Identifier: MIT

import GuardCore
import PostgresKit
import SQLiteKit
import TestSupport
import Testing

@testable import Transfer

/// Nothing is lost: from what stands in the schema and what is kept beside it, the rows of the file can be made again, bit for bit.
@Suite(.enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct RebuildTests {
    @Test("rows of every storage class in columns of every type can be made again from the schema", arguments: 1...4)
    func random(_ seed: UInt64) throws {
        var values = Values(seed: seed)
        let world = try TransferWorld(
            sql: """
                CREATE TABLE workspace_x (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c REAL, d BLOB, e, f NUMERIC, g BOOLEAN,
                    h TIMESTAMP, i VARCHAR(3));
                CREATE TABLE leftover (a TEXT, b INTEGER, c REAL, d BLOB, e, f NUMERIC)
                """)
        do {
            let connection = try Connection(path: world.memory, access: .create)
            try connection.execute("BEGIN")
            for row in 0..<300 {
                try connection.run(
                    "INSERT INTO workspace_x VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [.integer(Int64(row) - 20)] + (0..<9).map { _ in values.next() })
                try connection.run("INSERT INTO leftover VALUES (?, ?, ?, ?, ?, ?)", (0..<6).map { _ in values.next() })
            }
            try connection.execute("COMMIT")
        }
        let report = try world.transfer()
        #expect(report.isComplete)
        #expect(report[table: "workspace_x"]?.loaded == 300 && report[table: "leftover"]?.kept == 300)
        for (table, rowid) in [("workspace_x", "id"), ("leftover", "dementia_rowid")] {
            try expectRebuilt(world, table, try #require(report[table: table]?.target), rowid)
        }
    }

    @Test(
        "every table of a known memory that moves under a name of its own, or is kept, can be made again",
        arguments: [Fixture.v0_2, .v0_3, .v4_0Real, .v4_4, .leanOnV4_4])
    func known(_ fixture: Fixture) throws {
        let world = try TransferWorld(fixture)
        let report = try world.transfer()
        let dump = try LogicalDump(world.memory)
        for line in report.tables {
            guard let target = line.target, target != "token_usage",
                target.hasPrefix("dementia_kept_") || target == line.source,
                dump.tables[line.source] != nil, target.hasPrefix("dementia_kept_") || target.hasPrefix("workspace_")
            else { continue }
            let columns = try world.ask(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'shop.\(target)'::regclass AND attname IN ('id', 'dementia_rowid')"
            )
            guard let rowid = columns.first else { continue }
            try expectRebuilt(world, line.source, target, rowid)
        }
    }

    @Test(
        "of rows in the application's tables every text is there as it was, or its original is kept", arguments: 1...4)
    func applicationTables(_ seed: UInt64) throws {
        var values = Values(seed: seed &+ 100)
        let world = try TransferWorld(.v4_4)
        do {
            let connection = try Connection(path: world.memory, access: .create)
            try connection.execute("PRAGMA ignore_check_constraints = ON; BEGIN")
            for row in 0..<200 {
                let id = Value.integer(Int64(1000 + row))
                try connection.run(
                    "INSERT INTO memory_entries (id, category, content, metadata, timestamp, session_id) VALUES (?, ?, ?, ?, ?, ?)",
                    [id] + (0..<3).map { _ in values.next().orText } + [values.next().orText, values.next()])
                try connection.run(
                    "INSERT OR IGNORE INTO file_tags (id, path, tag, comment, created_at) VALUES (?, ?, ?, ?, ?)",
                    [id, values.next().orText, values.next().orText, values.next(), values.next()])
                try connection.run(
                    """
                    INSERT OR IGNORE INTO context_locks (id, session_id, label, version, content, content_hash, locked_at, embedding,
                        access_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, [id] + (0..<5).map { _ in values.next().orText } + (0..<3).map { _ in values.next() })
            }
            try connection.execute("COMMIT")
        }
        let report = try world.transfer()
        let dump = try LogicalDump(world.memory)
        for (table, columns) in [
            ("memory_entries", ["category", "content", "metadata", "session_id"]),
            ("file_tags", ["path", "tag", "comment"]),
            ("context_locks", ["session_id", "label", "content", "content_hash"]),
        ] {
            let line = try #require(report[table: table])
            #expect(line.read == Int64(dump.tables[table]?.count ?? 0))
            try expectTexts(world, table, columns, try #require(dump.tables[table]), try #require(dump.columns[table]))
        }
    }

    private func expectTexts(
        _ world: TransferWorld, _ table: String, _ columns: [String], _ rows: [[Value]], _ names: [String]
    ) throws {
        let connection = try PostgresKit.Connection(ConnectionTarget(world.database.url))
        let kept = try kept(of: table, on: connection)
        var found: [String: [String?]] = [:]
        // Those that lost their key to another stand aside; nobody else's numbers are there.
        let aside = try connection.value("SELECT to_regclass('dementia_kept_\(table)')") != nil
        for place in [table] + (aside ? ["dementia_kept_\(table)"] : []) {
            _ = try connection.rows("SELECT id, \(columns.joined(separator: ", ")) FROM \(place)") { row in
                found[row.text(0)] = columns.indices.map { row.string($0 + 1) }
            }
        }
        for row in rows {
            guard case .integer(let id) = row[0] else { continue }
            for (place, column) in columns.enumerated() {
                let original = row[try #require(names.lastIndex(of: column))]
                if let kept = kept["\(id).\(column)"] {
                    #expect(Self.isSame(kept, original), "\(table).\(column) of \(id): \(kept) kept of \(original)")
                } else if let texts = found["\(id)"] {
                    #expect(
                        texts[place].map { Array($0.utf8) } == Self.text(original),
                        "\(table).\(column) of \(id): \(original)")
                } else {
                    #expect(original == .null, "\(table).\(column) of \(id) is nowhere: \(original)")
                }
            }
        }
    }

    private func kept(of table: String, on connection: PostgresKit.Connection) throws -> [String: Value] {
        try connection.execute("SET search_path = shop; SET extra_float_digits = 3; SET bytea_output = hex")
        var kept: [String: Value] = [:]
        _ = try connection.rows(
            """
            SELECT source_rowid || '.' || "column", storage_class, encode(bytes, 'hex') FROM dementia_kept_values
            WHERE source_table = $1 AND storage_class IS NOT NULL
            """, [table]
        ) { kept[$0.text(0)] = Self.value($0.text(1), $0.string(2)) }
        return kept
    }

    /// What a column of text has of `value`.
    private static func text(_ value: Value) -> [UInt8]? {
        switch value {
        case .null: nil
        case .integer(let integer): Array("\(integer)".utf8)
        case .real(let real): Cell.real(real).keptBytes
        case .text(let bytes), .blob(let bytes): bytes
        }
    }

    /// Makes the rows of `table` again and compares them with the file's.
    private func expectRebuilt(_ world: TransferWorld, _ table: String, _ target: String, _ rowid: String) throws {
        let connection = try PostgresKit.Connection(ConnectionTarget(world.database.url))
        let kept = try kept(of: table, on: connection)
        let dump = try LogicalDump(world.memory)
        let names = try #require(dump.columns[table])
        let types = try connection.rows(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
            ["shop.\(target)"]
        ) { ($0.text(0), $0.text(1)) }
        let columns = names.dropFirst()
        let list = columns.map { name in
            types.contains { $0 == (name, "bytea") }
                ? "encode(\(SQLText.identifier(name)), 'hex')" : SQLText.identifier(name)
        }
        let rows = try connection.rows(
            "SELECT \(SQLText.identifier(rowid)), \(list.joined(separator: ", ")) FROM \(SQLText.identifier(target)) ORDER BY 1"
        ) { row in
            [Value.integer(row.integer(0) ?? 0)]
                + columns.enumerated().map { place, name in
                    if let original = kept["\(row.text(0)).\(name)"] { return original }
                    guard let text = row.string(place + 1) else { return Value.null }
                    return switch types.first(where: { $0.0 == name })?.1 {
                    case "bigint", "integer": Value.integer(Int64(text) ?? 0)
                    case "double precision": Self.value("real", Self.hex(text))
                    case "bytea": Self.value("blob", text)
                    default: Value.text(text)
                    }
                }
        }
        let expected = try #require(dump.tables[table])
        #expect(rows.count == expected.count)
        for (found, row) in zip(rows, expected) {
            for (name, pair) in zip(names, zip(found, row)) {
                #expect(Self.isSame(pair.0, pair.1), "\(table).\(name) of \(row[0]): \(pair.0) instead of \(pair.1)")
            }
        }
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined()
    }

    private static func value(_ storage: String, _ hex: String?) -> Value {
        guard let hex else { return .null }
        let digits = Array(hex)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0..<$0 + 2]), radix: 16)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return switch storage {
        case "integer": .integer(Int64(text) ?? 0)
        case "real": .real(Double(text) ?? .nan)
        case "text": .text(bytes)
        case "blob": .blob(bytes)
        default: .null
        }
    }

    /// Equal to the bit: 0 and -0 are two.
    private static func isSame(_ left: Value, _ right: Value) -> Bool {
        if case .real(let left) = left, case .real(let right) = right { return left.bitPattern == right.bitPattern }
        return left == right
    }
}

/// Values of every storage class, the same for a seed.
private struct Values {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    private mutating func number(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }

    mutating func next() -> Value {
        switch number(12) {
        case 0: .null
        case 1: .integer([0, 1, -1, .max, .min, 1 << 31, 1 << 53 + 1, 1_757_235_600][number(8)])
        case 2: .integer(Int64(number(1_000_000)) - 500_000)
        case 3:
            .real(
                [0, -0.0, .infinity, -.infinity, 1e300, .leastNonzeroMagnitude, 1_757_235_600.123456, 9.3e18][number(8)]
            )
        case 4: .real(Double(bitPattern: UInt64(number(1 << 30)) << 33 | UInt64(number(1 << 30))).ifNumber)
        case 5:
            .text(
                ["", "42", " 42 ", "3.5", "true", "\\N", "a\tb\r\n\\.", "2025-09-07 09:00:00", "{\"a\": NaN}"][
                    number(9)])
        case 6: .text(["\0", "a\0b", "日本語 🧠 e\u{301} \u{FFFE}", "[0.5, 1]"][number(4)])
        case 7, 8: .text((0..<number(40)).map { _ in UInt8(number(256)) })
        case 9: .text((0..<number(400)).map { _ in UInt8(97 + number(26)) })
        case 10: .blob([])
        default: .blob((0..<number(60)).map { _ in UInt8(number(256)) })
        }
    }
}

extension Value {
    /// Not NULL, for columns that refuse it.
    fileprivate var orText: Value { self == .null ? .text("was null") : self }
}

extension Double {
    fileprivate var ifNumber: Double { isNaN ? 0.1 : self }
}
