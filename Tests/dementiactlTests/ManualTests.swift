// SPDX-License-Identifier: MIT

import ArgumentParser
import LinuxKit
import Testing

@testable import dementiactl

@Suite("The manual page")
struct ManualTests {
    /// Every verb, as it is typed.
    private static func verbs(of command: any ParsableCommand.Type, after words: [String] = []) -> [String] {
        let subcommands = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        guard !subcommands.isEmpty else { return [words.joined(separator: " ")] }
        return subcommands.flatMap { verbs(of: $0, after: words + [$0._commandName]) }
    }

    @Test("has a line for every verb")
    func verbs() throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let page = String(decoding: try OpenFile.content(of: root + "/man/dementiactl.1"), as: UTF8.self)
        let lines = page.split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }
            .flatMap { $0.dropFirst(7).split(separator: " , ") }
        for verb in Self.verbs(of: Dementiactl.self) {
            #expect(lines.contains { ($0 + " ").hasPrefix(verb + " ") }, "\(verb)")
        }
    }
}
