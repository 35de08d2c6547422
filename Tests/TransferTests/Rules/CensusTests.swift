// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Keys and sessions")
struct CensusTests {
    private func losers(_ rows: [(session: Cell, path: Cell, scanned: Cell)]) throws -> [Int64: Int64] {
        let converter = try RowConverter(Shapes.files)
        let rule = try #require(converter.plan.rule)
        var census = KeyCensus(rule)
        for (offset, row) in rows.enumerated() {
            let ordinal = Int64(offset + 1)
            let converted = try converter.convert(
                [
                    "id": .integer(ordinal), "session_id": row.session, "file_path": row.path,
                    "last_scanned": row.scanned,
                ])
            census.note(converted.outcome.values, ordinal: ordinal)
        }
        return census.losers
    }

    @Test("Case 46: of duplicates the one stays that was scanned last, the later one of equals")
    func newest() throws {
        #expect(
            try losers([
                ("s", "a", .real(5)), ("s", "a", .real(9)), ("s", "a", .real(7)), ("s", "b", .real(1)),
                ("t", "a", .real(1)),
            ]) == [1: 2, 3: 2])
        #expect(try losers([("s", "a", .real(5)), ("s", "a", .real(5))]) == [1: 2])
        #expect(try losers([("s", "a", .null), ("s", "a", .real(-1)), ("s", "a", .null)]) == [1: 2, 3: 2])
        #expect(
            try losers([("s", "a", .real(3)), ("s", "a", .real(1)), ("s", "a", .real(2)), ("s", "a", .real(4))]) == [
                1: 4, 2: 4, 3: 4,
            ])
    }

    @Test("Case 48: keys with NULL in them are never duplicates")
    func nulls() throws {
        #expect(
            try losers([(.null, "a", .real(5)), (.null, "a", .real(9)), ("s", .null, .real(9)), ("s", .null, .real(9))])
                == [:])
    }

    @Test("Keys that are equal only once a NUL is gone are duplicates; the first stays where no time decides")
    func collided() throws {
        let converter = try RowConverter(Shapes.tags)
        let rule = try #require(converter.plan.rule)
        var census = KeyCensus(rule)
        for (ordinal, tag) in [(1, Cell.text("x")), (2, .text([0x78, 0])), (3, .text("X")), (4, .text("x "))]
            as [(Int64, Cell)]
        {
            let row = try converter.convert(["id": .integer(ordinal), "path": "p", "tag": tag])
            census.note(row.outcome.values, ordinal: ordinal)
        }
        #expect(census.losers == [2: 1])
        #expect(converter.plan.losers?.name == "dementia_kept_file_tags")
        #expect(converter.plan.losers?.columns.suffix(2).map(\.name) == ["kept_at", "kept_because"])
    }

    @Test("Case 51: a session that nobody recorded is made up once, with the times of its rows")
    func placeholders() {
        var census = SessionCensus()
        census.noteSession(id: Array("known".utf8), startedAt: 5, lastActive: nil)
        census.noteReference(to: Array("known".utf8), times: [1])
        census.noteReference(to: Array("ghost".utf8), times: [7, 9])
        census.noteReference(to: Array("ghost".utf8), times: [3])
        census.noteReference(to: Array("absent".utf8), times: [.nan])
        #expect(census.placeholders.map { String(decoding: $0.id, as: UTF8.self) } == ["absent", "ghost"])
        #expect(census.placeholders[1].startedAt == 3 && census.placeholders[1].lastActive == 9)
        #expect(census.placeholders[0].startedAt == nil)
        #expect(census.placeholders[0].summary.contains("never recorded"))
    }

    @Test("The session of the project is the most recent one, or one that is made up")
    func projectSession() {
        var census = SessionCensus()
        #expect(census.projectSession == Array("migrated".utf8))
        census.noteReference(to: census.projectSession, times: [4])
        #expect(census.placeholders.count == 1)
        census = SessionCensus()
        census.noteSession(id: Array("a".utf8), startedAt: 10, lastActive: 20)
        census.noteSession(id: Array("b".utf8), startedAt: 30, lastActive: nil)
        census.noteSession(id: Array("c".utf8), startedAt: nil, lastActive: nil)
        census.noteSession(id: Array("d".utf8), startedAt: 1, lastActive: 2)
        #expect(census.projectSession == Array("b".utf8))
        #expect(census.projectTime == 30)
    }

    @Test("A table's sum tells values apart, and not the order of rows")
    func sums() {
        func sum(_ rows: [[TargetValue]]) -> RowSum {
            var sum = RowSum()
            for row in rows {
                var bytes: [UInt8] = []
                for value in row { value.appendBinaryField(to: &bytes) }
                bytes.withUnsafeBytes { sum.note($0) }
            }
            return sum
        }
        let (a, b): ([TargetValue], [TargetValue]) = ([.text("a"), .null], [.text("b"), .integer(1)])
        #expect(sum([a, b]) == sum([b, a]))
        #expect(sum([a, b]) != sum([a, a]))
        #expect(sum([a, a]) != sum([b, b]))
        #expect(sum([[.text(""), .null]]) != sum([[.null, .text("")]]))
        #expect(sum([]).rows == 0)
        var merged = sum([a])
        merged.merge(sum([b]))
        #expect(merged == sum([a, b]))
    }
}
