// SPDX-License-Identifier: MIT

internal import ArgumentParser

/// A word in the place of a verb that is none, with the verb that is spelled much the same.
struct UnknownVerb {
    /// The words as they were typed, such as `stores lst`.
    let verb: String
    /// The words that may have been meant; nil when no verb is near.
    let suggestion: String?

    /// nil when `arguments` begin with a verb.
    init?(_ arguments: [String]) {
        guard let word = arguments.first, !word.hasPrefix("-"), word != "help" else { return nil }
        let verbs = Self.names(in: Dementiactl.self)
        guard verbs.contains(word) else {
            self.init(verb: word, suggestion: Self.nearest(to: word, among: verbs))
            return
        }
        guard let group = Dementiactl.configuration.subcommands.first(where: { Self.name(of: $0) == word }),
            !group.configuration.subcommands.isEmpty, let next = arguments.dropFirst().first, !next.hasPrefix("-"),
            next != "help", !Self.names(in: group).contains(next)
        else { return nil }
        // Where the verb may be left out, the word can be the argument of the default one.
        if let verb = group.configuration.defaultSubcommand, Self.takesArgument(verb) { return nil }
        let nearest = Self.nearest(to: next, among: Self.names(in: group))
        self.init(verb: "\(word) \(next)", suggestion: nearest.map { "\(word) \($0)" })
    }

    private init(verb: String, suggestion: String?) {
        self.verb = verb
        self.suggestion = suggestion
    }

    private static func names(in command: any ParsableCommand.Type) -> [String] {
        command.configuration.subcommands.map(name)
    }

    private static func name(of command: any ParsableCommand.Type) -> String { command._commandName }

    private static func takesArgument(_ command: any ParsableCommand.Type) -> Bool {
        Dementiactl.helpMessage(for: command).contains("\nARGUMENTS:")
    }

    /// The one of `names` that needs the fewest changes of letters, at most two, or that begins with `word`.
    static func nearest(to word: String, among names: [String]) -> String? {
        let begun = names.filter { word.count > 1 && $0.hasPrefix(word) }
        if begun.count == 1 { return begun[0] }
        let near = names.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        return near.flatMap { $0.distance <= (word.count > 3 ? 2 : 1) ? $0.name : nil }
    }

    /// The number of letters to insert, delete or replace (Levenshtein).
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var next = [index + 1]
            for column in right.indices {
                next.append(min(row[column] + (letter == right[column] ? 0 : 1), row[column + 1] + 1, next[column] + 1))
            }
            row = next
        }
        return row[right.count]
    }
}
