// SPDX-License-Identifier: MIT

import Testing

@testable import GuardConfiguration

@Suite("Suggestions")
struct SuggestionTests {
    @Test(
        "A slip finds its word",
        arguments: [
            ("rots", "roots"), ("max_depth", "maxDepth"), ("MAXDEPTH", "maxDepth"), ("ignroe", "ignore"),
            ("rescan-every", "rescanEvery"),
        ])
    func near(_ word: String, _ meant: String) {
        #expect(Suggestion.nearest(to: word, among: ["roots", "ignore", "maxDepth", "rescanEvery"]) == meant)
    }

    @Test("What is far from everything finds nothing", arguments: ["", "x", "version", "depth", "checkout"])
    func far(_ word: String) {
        #expect(Suggestion.nearest(to: word, among: ["roots", "ignore", "maxDepth", "rescanEvery", "at"]) == nil)
    }

    @Test("Adding, losing, changing and swapping letters count one each")
    func distance() {
        func distance(_ left: String, _ right: String) -> Int { Suggestion.distance(Array(left), Array(right)) }
        #expect(distance("", "") == 0)
        #expect(distance("", "abc") == 3)
        #expect(distance("abc", "") == 3)
        #expect(distance("mode", "moed") == 1)
        #expect(distance("kitten", "sitting") == 3)
    }
}
