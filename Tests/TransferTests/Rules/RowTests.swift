// SPDX-License-Identifier: MIT

import Testing

@testable public import Transfer

@Suite("Rows of the application's tables")
struct RowTests {
    private let context: [String: Cell] = [
        "id": .integer(18), "session_id": "ghost", "label": "api", "version": "1.10", "content": "text",
        "content_hash": "0123456789abcdef", "locked_at": .real(1757235600.5), "lock_source": "user",
        "is_persistent": .integer(0), "access_count": .integer(3),
    ]

    @Test("A context arrives column by column; what has no column is kept, and NULL is kept nowhere")
    func contexts() throws {
        let row = try RowConverter(Shapes.contexts).convert(context)
        #expect(row["id"] == .integer(18))
        #expect(row["version"] == .text("1.10"))
        #expect(row["locked_at"] == .double(1757235600.5))
        #expect(row["access_count"] == .integer(3))
        #expect(row["preview"] == .null)
        // No source: its default.
        #expect(row["tags"] == nil)
        #expect(row.kept == ["lock_source unmappedColumn", "is_persistent unmappedColumn"])
        #expect(row.outcome.coerced == 0 && row.outcome.normalized == 0)
        #expect(row.rule.sessionColumns.map { row.rule.columns[$0].name } == ["session_id"])
        #expect(row.rule.timeColumns.map { row.rule.columns[$0].name } == ["locked_at", "last_accessed"])
        #expect(row.rule.serialColumn == row.rule.place(of: "id"))
    }

    @Test("Cells that change are counted, and their originals kept")
    func changes() throws {
        let cells = context.merging(
            [
                "content": .text([0x61, 0]), "locked_at": "2025-09-07 09:00:00", "last_accessed": "",
                "access_count": .integer(2_147_483_648), "metadata": .text([0xFF]),
            ], uniquingKeysWith: { $1 })
        let row = try RowConverter(Shapes.contexts).convert(cells)
        #expect(row["content"] == .text("a"))
        #expect(row["locked_at"] == .double(1_757_235_600))
        #expect(row["access_count"] == .null)
        #expect(row.outcome.coerced == 1)
        #expect(row.outcome.normalized == 4)
        #expect(
            row.kept.sorted() == [
                "access_count integerOutOfRange", "content nulRemoved", "is_persistent unmappedColumn",
                "last_accessed notATime",
                "lock_source unmappedColumn", "metadata invalidUTF8",
            ])
        #expect(row.outcome.kept.first { $0.column == "content" }?.cell == .text([0x61, 0]))
    }

    @Test("Case 10: a row without a value where one must be is rejected, and kept whole")
    func rejected() throws {
        var cells = context
        cells["label"] = nil
        let row = try RowConverter(Shapes.contexts).convert(cells)
        #expect(row.outcome.rejection == .init(Reason(.missingValue), column: "label"))
        #expect(row.outcome.values.isEmpty)
        #expect(row.outcome.kept.count == cells.count)
        #expect(Set(row.outcome.kept.map(\.reason.code)) == [.missingValue])
        #expect(row.outcome.coerced == 0 && row.outcome.normalized == 0)
    }

    @Test("Case 10: a context that names no session belongs to one of the project, and that is told")
    func noSession() throws {
        var cells = context
        cells["session_id"] = .null
        let row = try RowConverter(Shapes.contexts).convert(cells)
        #expect(row["session_id"] == .text("latest"))
        #expect(row.outcome.normalized == 1)
        #expect(row.kept.contains("session_id sessionAssigned"))
        // Where NULL may stand it stays.
        let memory = try RowConverter(Shapes.memories).convert(["id": .integer(1), "content": "x"])
        #expect(memory["session_id"] == .null)
        #expect(memory.outcome.normalized == 0)
    }

    @Test(
        "Case 16 and 54: a key that 32 bits do not hold rejects the row with a hint; a negative one is a number like any other"
    )
    func keys() throws {
        let converter = try RowConverter(Shapes.contexts)
        let large = try converter.convert(context.merging(["id": .integer(2_147_483_648)], uniquingKeysWith: { $1 }))
        #expect(large.outcome.rejection?.reason.code == .integerOutOfRange)
        #expect(large.outcome.rejection?.reason.hint != nil)
        let negative = try converter.convert(context.merging(["id": .integer(-3)], uniquingKeysWith: { $1 }))
        #expect(negative["id"] == .integer(-3))
        #expect(
            try converter.convert(context.merging(["id": .integer(0)], uniquingKeysWith: { $1 }))["id"] == .integer(0))
    }

    @Test("Case 36: an embedding of another length than its model's is told")
    func dimension() throws {
        let converter = try RowConverter(Shapes.contexts)
        let short: Cell = .blob([UInt8](repeating: 0, count: 12))
        let row = try converter.convert(
            context.merging(["embedding": short, "embedding_model": "nomic-embed-text"], uniquingKeysWith: { $1 }))
        #expect(row["embedding"] == .bytea([UInt8](repeating: 0, count: 12)))
        #expect(row.outcome.notices.map(\.reason.code) == [.embeddingDimension])
        let right: Cell = .text("[" + repeatElement("0.5", count: 768).joined(separator: ", ") + "]")
        let json = try converter.convert(
            context.merging(["embedding": right, "embedding_model": "nomic-embed-text"], uniquingKeysWith: { $1 }))
        #expect(json.outcome.notices.isEmpty)
        #expect(json["embedding"]?.fieldSize == 4 + 3072)
        #expect(json.kept.contains("embedding embeddingReencoded"))
        let pickled: Cell = .blob([0x80, 4, 0x2E])
        let unknown = try converter.convert(
            context.merging(["embedding": pickled, "embedding_model": "nomic-embed-text"], uniquingKeysWith: { $1 }))
        #expect(unknown.outcome.notices.map(\.reason.code) == [.embeddingPickled])
    }

    @Test("Case 44: a row that the server could not form is rejected before it is sent")
    func tooLarge() throws {
        let converter = try RowConverter(Shapes.contexts, policy: TransferPolicy(rowLimit: 1000))
        let long: Cell = .text(String(repeating: "x", count: 480))
        let row = try converter.convert(context.merging(["content": long, "preview": long], uniquingKeysWith: { $1 }))
        #expect(row.outcome.rejection?.reason.code == .rowTooLarge)
        #expect(row.kept.contains("content rowTooLarge"))
        #expect(
            try converter.convert(context.merging(["content": long], uniquingKeysWith: { $1 })).outcome.rejection == nil
        )
    }

    @Test("Case 45: what may not fit an index is foreseen")
    func indexed() throws {
        let converter = try RowConverter(Shapes.contexts)
        let long = try converter.convert(
            context.merging(["label": .text(String(repeating: "x", count: 2700))], uniquingKeysWith: { $1 }))
        #expect(long.rule.mayOverfillIndex(long.outcome.values))
        let short = try converter.convert(
            context.merging(["content": .text(String(repeating: "x", count: 50_000))], uniquingKeysWith: { $1 }))
        #expect(!short.rule.mayOverfillIndex(short.outcome.values))
    }

    @Test("Case 22: tasks get numbers in the order of their making; their old ids stand in their metadata")
    func tasks() throws {
        let converter = try RowConverter(Shapes.todos)
        #expect(converter.plan.rule?.order == ["created_at"])
        let row = try converter.convert(
            [
                "id": "a1b2c3d4", "content": "Do it", "status": "pending", "created_at": .real(1_757_235_600),
                "priority": .integer(2),
            ],
            ordinal: 3)
        #expect(row["id"] == .integer(3))
        #expect(row["metadata"] == .text(#"{"legacy_id": "a1b2c3d4"}"#))
        #expect(row["active_form"] == .text("Do it"))
        #expect(row["session_id"] == .text("latest"))
        #expect(row["priority"] == .text("2"))
        #expect(row["created_at"] == .double(1_757_235_600))
        #expect(row["updated_at"] == .double(1_757_235_600))
        #expect(row["completed_at"] == .null)
        #expect(row.outcome.coerced == 1 && row.outcome.normalized == 0 && row.outcome.kept.isEmpty)
        #expect(row.rule.serialColumn == row.rule.place(of: "id"))
    }

    @Test(
        "Case 22: a status that the application does not know is mapped, and stands in the metadata",
        arguments: [
            (Cell.text("Done"), nil, "completed"), (.text("in progress"), nil, "in_progress"),
            (.text("blocked"), nil, "pending"),
            (.text("blocked"), 5.0, "completed"), (.integer(1), nil, "pending"), (.null, nil, "pending"),
            (.text([0xFF]), nil, "pending"),
        ] as [(Cell, Double?, String)])
    func statuses(status: Cell, completed: Double?, expected: String) throws {
        let row = try RowConverter(Shapes.todos).convert([
            "id": .integer(3), "content": "x", "status": status, "created_at": .real(4),
            "completed_at": completed.map { .real($0) } ?? .null,
        ])
        #expect(row["status"] == .text(expected))
        #expect(row.outcome.normalized == 1)
        #expect(row.kept == ["status statusMapped"])
        #expect(row.outcome.kept[0].cell == status)
        #expect(row["updated_at"] == .double(completed ?? 4))
        guard case .text(let json) = row["metadata"] else { throw RowConverter.Missing() }
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.hasPrefix(#"{"legacy_id": 3"#))
        #expect(text.contains("legacy_status") == !status.isNull)
    }

    @Test("Case 22: the metadata is JSON whatever the id was")
    func oddIdentifiers() throws {
        let converter = try RowConverter(Shapes.todos)
        for id in [Cell.text("a\"b\\c\n\u{1}é"), .text([0x61, 0]), .text([0xFF]), .real(.infinity), .blob([1])] {
            let row = try converter.convert(["id": id, "content": "x", "status": "pending", "created_at": .real(1)])
            guard case .text(let json) = row["metadata"] else { throw RowConverter.Missing() }
            #expect(JSONCheck.verdict(on: json, isBinary: false) == .valid, "\(id)")
        }
    }

    @Test("A task without a time has one of its session, and that is told")
    func timeless() throws {
        let row = try RowConverter(Shapes.todos).convert(["id": "1", "content": "x", "status": "pending"])
        #expect(row["created_at"] == .double(1000))
        #expect(row["updated_at"] == .double(1000))
        #expect(row.kept == ["created_at timeAssumed"])
        #expect(row.outcome.normalized == 1)
    }

    @Test("Decisions belong to a session of the project, and keep their numbers")
    func decisions() throws {
        let converter = try RowConverter(Shapes.decisions)
        let row = try converter.convert([
            "id": .integer(4), "timestamp": .real(5), "question": "Why?", "status": "OPEN",
        ])
        #expect(row["session_id"] == .text("latest"))
        #expect(row["id"] == .integer(4))
        #expect(row.outcome.kept.isEmpty)
        let undated = try converter.convert(["id": .integer(4), "timestamp": "soon", "question": "Why?"])
        #expect(undated.outcome.rejection == .init(Reason(.notATime), column: "timestamp"))
    }

    @Test("A cached result goes to columns of other names; what it has more is kept")
    func cache() throws {
        let row = try RowConverter(Shapes.cache).convert([
            "query_id": "0123456789ab", "query_params": "{}", "result_data": "[1]", "total_results": .integer(1),
            "session_id": "s", "created_at": .real(1), "expires_at": .real(2),
        ])
        #expect(row["params"] == .text("{}"))
        #expect(row["results"] == .text("[1]"))
        #expect(row.kept == ["total_results unmappedColumn", "session_id unmappedColumn"])
        #expect(row.rule.sessionColumns.isEmpty)
    }

    @Test("Case 23: is_standard stays a number")
    func standard() throws {
        let row = try RowConverter(Shapes.files).convert([
            "id": .integer(1), "session_id": "s", "file_path": "a", "is_standard": .integer(1),
            "file_size": .integer(3_000_000_000),
        ])
        #expect(row["is_standard"] == .integer(1))
        #expect(row["file_size"] == .null)
        #expect(row.kept == ["file_size integerOutOfRange"])
    }

    @Test("Case 49: a key of NULL is made one that names its row")
    func nullKey() throws {
        let row = try RowConverter(Shapes.sessions).convert(["started_at": .real(1)], rowid: 12)
        #expect(row["id"] == .text("dementia_rowid_12"))
        #expect(row.kept == ["id nullKey"])
        #expect(row.outcome.kept[0].cell == .null)
        #expect(row.outcome.normalized == 1)
    }

    @Test("Case 55: a generated column is never sent to; one of the source is a value like any other")
    func generated() throws {
        let target = TargetTable(
            name: "memory_entries",
            columns: Head.named("memory_entries").columns + [
                TargetColumn(name: "length", type: .integer, isGenerated: true)
            ], primaryKey: ["id"])
        let source = SourceTable(
            name: "memory_entries",
            columns: Shapes.memories.columns + [
                SourceColumn(name: "length", declaredType: "INTEGER", isGenerated: true),
                SourceColumn(name: "summary", declaredType: "TEXT", isGenerated: true),
            ])
        let rule = try #require(TransferRules.plan(for: [source], into: [target])[0].rule)
        #expect(rule.place(of: "length") == nil)
        let row = rule.convert(
            SourceRow(
                identity: 1, ordinal: 1, cells: [.integer(1), .null, "x", .null, .real(1), .null, .integer(1), "y"]),
            in: RowContext(session: [], time: 0))
        #expect(row.kept.map(\.column) == ["length", "summary"])
        let workspace = SourceTable(name: "workspace_w", columns: source.columns)
        #expect(
            TransferRules.plan(for: [workspace], into: [])[0].rule?.columns.map(\.name).suffix(2) == [
                "length", "summary",
            ])
    }

    @Test("A row that is shorter than its table is no reason to stop")
    func short() throws {
        let rule = try #require(try RowConverter(Shapes.contexts).plan.rule)
        let row = SourceRow(identity: 1, ordinal: 1, cells: [.integer(1)])
        #expect(rule.convert(row, in: RowContext(session: [], time: 0)).rejection?.reason.code == .missingValue)
    }

    @Test("Rows of random cells have an outcome that adds up", arguments: 0..<4 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var generator = Seeded(state: seed &+ 99)
        for plan in TransferRules.plan(for: Shapes.known, into: Head.tables) {
            let rule = try #require(plan.rule)
            for ordinal in 1...100 as ClosedRange<Int64> {
                let cells = plan.source.columns.map { _ in Cell.random(&generator) }
                let row = rule.convert(
                    SourceRow(identity: ordinal, ordinal: ordinal, cells: cells),
                    in: RowContext(session: Array("s".utf8), time: 1))
                if row.rejection != nil {
                    #expect(row.values.isEmpty && row.kept.count == cells.count { !$0.isNull })
                    continue
                }
                #expect(row.values.count == rule.columns.count)
                // Every cell that lost something is kept, and so is every one without a place.
                #expect(row.kept.count >= row.normalized)
                for index in rule.unmapped where !cells[index].isNull {
                    #expect(row.kept.contains { $0.column == plan.source.columns[index].name })
                }
                for (value, column) in zip(row.values, rule.columns) where value == .null { #expect(column.isNullable) }
            }
        }
    }
}

extension Cell: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .text(Array(value.utf8)) }
}
