// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl diff`
struct DiffCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show how two states of a memory differ: tables, columns and rows.",
        discussion: """
            A state is a backup, 'live' for what the memory holds now, or a version such as 4 or 4.1: then the newest good backup of that \
            version. Rows are the same row by what tells them apart: session, label and version of contexts, else the primary key, else \
            their whole content.
            """)

    @Argument(help: ArgumentHelp("The state before.", valueName: "a"), completion: Completions.backups)
    var old: String
    @Argument(help: ArgumentHelp("The state after; live without it.", valueName: "b"), completion: Completions.backups)
    var new: String = StateChoice.live
    @Option(
        help: ArgumentHelp("The memory, where the states do not tell.", valueName: "store"),
        completion: Completions.stores)
    var store: String?
    @Flag(help: "Show the texts of contexts that changed line by line.")
    var text = false
    @Flag(help: "Show only how many rows differ.")
    var stat = false
    @Option(help: ArgumentHelp("At most this many rows of each table.", valueName: "count"))
    var limit = 100
    @Flag(help: "Exit with 3 when the states differ.")
    var exitCode = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number from 1 upwards.") }
    }

    /// The differences of two states, with rows unless only their numbers were asked for.
    struct Difference: Codable, Sendable {
        let from: MemoryState
        let to: MemoryState
        let differs: Bool
        let tables: [DiffForm.Table]
        /// The rows that differ, by table; nil with --stat.
        let rows: [DiffRowsForm]?
    }

    func run(in session: Session) async throws(GuardError) -> Status {
        let (from, to) = try await StateChoice(client: session.client).pair(old, new, of: store)
        let form = try await session.client.difference(from: from, to: to)
        var rows: [DiffRowsForm] = []
        if !stat {
            for table in form.tables where table.change == .changed && table.added + table.removed + table.changed > 0 {
                rows.append(try await differentRows(session, from, to, table.name))
            }
        }
        let difference = Difference(
            from: form.from, to: form.to, differs: form.differs, tables: form.tables, rows: stat ? nil : rows)
        try session.show("diff", difference) { ContentsText.difference(difference, showingText: text, $0) }
        return exitCode && form.differs ? .findings : .done
    }

    private func differentRows(
        _ session: Session, _ from: StateName, _ to: StateName, _ table: String
    ) async throws(GuardError) -> DiffRowsForm {
        let cut = session.console.isJSON || text ? nil : ContentsText.shownCharacters
        var question = RowQuestion(table: table, cut: cut)
        var items: [DiffRowsForm.Row] = []
        while true {
            question.page = Page(limit: min(limit - items.count, Page.limits.upperBound), after: question.page.after)
            let page = try await session.client.differentRows(from: from, to: to, question)
            items += page.items
            guard let next = page.next, items.count < limit else {
                return DiffRowsForm(table: table, items: items, next: page.next)
            }
            question.page = Page(after: next)
        }
    }
}
