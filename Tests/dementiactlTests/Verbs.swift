// SPDX-License-Identifier: MIT

import ArgumentParser

@testable import dementiactl

/// Every verb and every group of them, as they are typed.
struct Verb {
    /// `backup show`; empty for the program itself.
    let words: String
    let command: any ParsableCommand.Type
    var isGroup: Bool { !command.configuration.subcommands.isEmpty }

    static let all = verbs(of: Dementiactl.self, after: [])

    private static func verbs(of command: any ParsableCommand.Type, after words: [String]) -> [Verb] {
        let subcommands = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        return [Verb(words: words.joined(separator: " "), command: command)]
            + subcommands.flatMap { verbs(of: $0, after: words + [$0._commandName]) }
    }
}
