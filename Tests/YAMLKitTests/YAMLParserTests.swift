// SPDX-License-Identifier: MIT

import Testing

@testable import YAMLKit

/// The events of libyaml, as ``YAMLParser`` hands them on.
@Suite struct YAMLParserTests {
    private func events(_ text: String) throws -> [YAMLEvent] {
        let parser = try YAMLParser(text)
        var events: [YAMLEvent] = []
        repeat { events.append(try parser.next()) } while events.last?.kind != .streamEnd
        return events
    }

    @Test("A mapping is its keys and values, with their positions")
    func mapping() throws {
        let events = try events("größe: [1, \"x\\0y\"]\n")
        #expect(
            events.map(\.kind) == [
                .streamStart, .documentStart, .mappingStart, .scalar("größe", isPlain: true), .sequenceStart,
                .scalar("1", isPlain: true), .scalar("x\0y", isPlain: false), .sequenceEnd, .mappingEnd, .documentEnd,
                .streamEnd,
            ])
        #expect(events[5].mark == YAMLMark(line: 1, column: 9))
    }

    @Test("Anchors, aliases and tags are told")
    func marks() throws {
        let events = try events("- &a x\n- *a\n- !!str y\n- ! z\n- &b {}\n- &c []\n")
        #expect(events.filter(\.hasAnchor).count == 3)
        #expect(events.filter { $0.kind == .alias }.map(\.mark) == [YAMLMark(line: 2, column: 3)])
        #expect(events.filter(\.hasTag).map(\.mark) == [3, 4].map { YAMLMark(line: $0, column: 3) })
    }

    @Test("The end of the stream comes as often as it is asked for")
    func end() throws {
        let parser = try YAMLParser("")
        #expect(try parser.next().kind == .streamStart)
        #expect(try parser.next().kind == .streamEnd)
        #expect(try parser.next().kind == .streamEnd)
    }

    @Test("A fault has libyaml's words and a position")
    func fault() {
        let error = #expect(throws: YAMLError.self) { try events("log: [\n") }
        #expect(
            error
                == YAMLError(
                    problem: "did not find expected node content", context: "while parsing a flow node",
                    mark: YAMLMark(line: 2, column: 1)))
    }

    @Test("Nesting without end is an error")
    func nesting() {
        let error = #expect(throws: YAMLError.self) { try events(String(repeating: "[", count: 100_000)) }
        #expect(error?.mark == YAMLMark(line: 1, column: YAMLParser.deepest + 1))
    }
}
