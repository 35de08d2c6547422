// SPDX-License-Identifier: MIT

import Testing

/// A test without an expectation passes whatever the code does.
@Suite("Expectations")
struct ExpectationTests {
    /// One function of the tests.
    private struct Function {
        let place: String
        let target: String
        let name: String
        let isTest: Bool
        let body: [String]
    }

    private static let shared: Set = ["Support", "ControlTestKit"]
    private static let expectations = ["#expect", "#require", "Issue.record", "confirmation("]

    @Test("Every test expects something, by itself or through a function that it calls")
    func expecting() throws {
        let functions = try SourceTree.files(in: ["Tests"]).flatMap { Self.functions(in: $0) }
        #expect(functions.count { $0.isTest } > 800)
        for name in Self.idle(functions) { Issue.record("\(name) expects nothing") }
    }

    @Test("A test without an expectation is found, and one that calls a helper is not")
    func sensitivity() {
        let file = SourceFile(
            path: "Tests/X.swift",
            lines: """
                    @Test("One")
                    func one() {
                        check()
                    }

                    @Test(
                        "Two", arguments: [1])
                    func two(_ number: Int) { print(number) }

                    func check() {
                        deeper()
                    }

                    func deeper() { #expect(true) }
                """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        #expect(Self.idle(Self.functions(in: file)) == ["Tests/X.swift:8 two"])
    }

    /// Tests that lead to no expectation.
    private static func idle(_ functions: [Function]) -> [String] {
        // The names of functions that expect something, by target: what the targets share counts for each of them.
        var expecting: [String: Set<String>] = [:]
        func note(_ function: Function) {
            let target = shared.contains(function.target) ? "" : function.target
            expecting[target, default: []].insert(function.name)
        }
        var waiting = functions.filter { function in
            let isDone = function.body.contains { line in expectations.contains { line.contains($0) } }
            if isDone { note(function) }
            return !isDone
        }
        // A round for each level of calls.
        var isGrowing = true
        while isGrowing {
            let before = waiting.count
            waiting.removeAll { function in
                let calls = Set(function.body.flatMap { $0.matches(of: /(\w+)\s*[({]/).map { String($0.1) } })
                let known = expecting["", default: []].union(expecting[function.target, default: []])
                guard !calls.subtracting([function.name]).isDisjoint(with: known) else { return false }
                note(function)
                return true
            }
            isGrowing = waiting.count < before
        }
        return waiting.filter(\.isTest).map { "\($0.place) \($0.name)" }
    }

    /// The functions of `file`: from `func` to the brace in the same column, as the formatter leaves them.
    private static func functions(in file: SourceFile) -> [Function] {
        var result: [Function] = []
        var isTest = false
        var (name, start, indent): (String, Int, Int) = ("", 0, 0)
        var body: [String]? = nil
        for line in file.code {
            let text = line.text
            if body == nil {
                if text.contains("@Test") { isTest = true }
                guard let head = text.firstMatch(of: /^( *)(?:[\w@()]+ )*func (\w+)/) else { continue }
                (name, start, indent) = (String(head.2), line.number, head.1.count)
                body = []
            }
            body?.append(text)
            let isOneLine = line.number == start && text.hasSuffix("}")
            if isOneLine || text == String(repeating: " ", count: indent) + "}" {
                result.append(
                    Function(
                        place: "\(file.path):\(start)", target: file.target, name: name, isTest: isTest,
                        body: body ?? []))
                (body, isTest) = (nil, false)
            }
        }
        return result
    }
}
