// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl search`
struct SearchCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find contexts by words, in every backup and in what the memories hold now.",
        discussion: """
            The words are one phrase, in labels and texts, whatever their case. A context with one text is one line, with the states in \
            which it stood. The backups are looked up in an index, which the first search makes.
            """)

    @Argument(help: "The words; several are one phrase.")
    var words: [String]
    @Option(help: ArgumentHelp("Only in this memory.", valueName: "store"), completion: Completions.stores)
    var store: String?
    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Where to look: live, backups or all; all without it.", valueName: "scope"),
        completion: .list(SearchScope.allCases.map(\.rawValue)), transform: OptionWord.value)
    var scope = SearchScope.all
    @Option(
        help: ArgumentHelp(
            "Only contexts that stood in a state since then, such as 7d or 2026-01-31T18:00:00Z.", valueName: "time"))
    var since: String?
    @Option(help: ArgumentHelp("At most this many.", valueName: "count"))
    var limit = 50
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard Page.limits.contains(limit) else {
            throw ValidationError("--limit is a number from \(Page.limits.lowerBound) to \(Page.limits.upperBound).")
        }
    }

    func run(in session: Session) async throws(GuardError) -> Status {
        var id: StoreID?
        if let store { id = try await Selection(client: session.client).store(store).id }
        let moment = try since.map { text throws(GuardError) in try Self.moment(text, before: session.console.style.now)
        }
        let question = SearchQuestion(
            words: words.joined(separator: " "), store: id, scope: scope, since: moment, limit: limit)
        let found = try await session.client.search(question)
        try session.show("search", found) { ContentsText.search(found, $0) }
        return .done
    }

    /// The moment that `text` means: a time ago, or one that is spelt.
    static func moment(_ text: String, before now: Timestamp) throws(GuardError) -> Timestamp {
        if let time = Duration(text: text) {
            return Timestamp(milliseconds: now.milliseconds - time.components.seconds * 1000)
        }
        guard let moment = Timestamp(text) ?? Timestamp(rfc3339: text) else { throw CommandText.badMoment(text) }
        return moment
    }
}

/// `dementiactl log`
struct LogCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show every state of a memory, or of one context in it, newest first.",
        discussion: """
            Each state is a backup, or what the memory holds now, with what led to it: an operation, or the programs that use the memory. \
            With a label: what became of the contexts of that label.
            """)

    @Argument(help: "The memory: its id, the beginning of one, or its path.", completion: Completions.stores)
    var store: String
    @Argument(help: "The label of a context.")
    var label: String?
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let id = try await Selection(client: session.client).store(store).id
        let line = try await session.client.states(of: id, label: label)
        try session.show("log", line) { ContentsText.timeline(line, label: label, $0) }
        return .done
    }
}
