// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

// What is in a backup, or in the memory as it is now.
extension BackupCommand {
    struct Contents: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look inside a backup: its tables, or the rows of one.",
            discussion: """
                With 'live' in place of the id: what the memory holds now.

                Known tables also by the words that people have for them: contexts, sessions, todos, decisions, entries. With --json \
                every column is there, and nothing is cut.
                """)

        @Argument(
            help: "The backup: its id, the beginning of one, or its number. Or: live.", completion: Completions.backups)
        var id: String
        @Argument(help: "The table. Without it: which tables there are.")
        var table: String?
        @Option(
            help: ArgumentHelp("The memory, where 'live' could mean several.", valueName: "store"),
            completion: Completions.stores)
        var store: String?
        @Option(help: ArgumentHelp("At most this many rows.", valueName: "count"))
        var limit = 50
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit is a number from 1 upwards.") }
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            let state = try await StateChoice(client: session.client).state(id, of: store)
            guard let table else {
                let tables = try await session.client.tables(of: state)
                try session.show("tables", ItemList(tables)) { ContentsText.tables(tables, $0) }
                return .done
            }
            let cut = session.console.isJSON ? nil : ContentsText.shownCharacters
            let rows = try await session.rows(
                of: state, RowQuestion(table: table, cut: cut), atMost: limit)
            try session.show("rows", rows) { ContentsText.rows(rows, $0) }
            return .done
        }
    }

    struct Get: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print one context out of a backup, whole.",
            discussion: """
                With 'live' in place of the id: out of the memory as it is now. Without a version it is the one that was locked last.

                Into a file or a pipe the text goes byte for byte; on a terminal whatever would steer it is escaped.
                """)

        @Argument(
            help: "The backup: its id, the beginning of one, or its number. Or: live.", completion: Completions.backups)
        var id: String
        @Argument(help: ArgumentHelp("The context.", valueName: "label[@version]"))
        var context: String
        @Option(
            help: ArgumentHelp("The memory, where 'live' could mean several.", valueName: "store"),
            completion: Completions.stores)
        var store: String?
        @Option(
            name: [.short, .long],
            help: ArgumentHelp("Write it to this file, which must not be there.", valueName: "file"),
            completion: .file())
        var output: String?
        @OptionGroup var global: GlobalOptions

        /// A context with every column.
        struct Found: Codable, Sendable {
            let state: MemoryState
            let values: [String: CellForm]
            /// How many other contexts have that name: other versions, or other sessions.
            let others: Int
            /// The file that it was written to.
            let path: String?
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            let state = try await StateChoice(client: session.client).state(id, of: store)
            let name = ContextName(context)
            var rows = try await session.rows(
                of: state, RowQuestion(label: name.label, version: name.version), atMost: 1000)
            if rows.items.isEmpty, name.version != nil {
                // A label may end in what looks like a version.
                rows = try await session.rows(of: state, RowQuestion(label: context), atMost: 1000)
            }
            guard let row = rows.items.first else { throw ContentsText.noContext(context, id) }
            guard let bytes = row["content"].wholeBytes else { throw ContentsText.noContent(context) }
            if let output {
                let file = try ExportFile(Selection.resolved(output))
                try file.write(bytes)
                try file.finish()
            }
            let found = Found(
                state: rows.state, values: row.values, others: rows.items.count - 1,
                path: output.map { Selection.resolved($0) })
            if session.console.isJSON {
                try session.console.document("context", found)
            } else if output == nil {
                guard let text = String(validating: bytes, as: UTF8.self) else { throw ContentsText.notText(context) }
                session.console.give(text)
            } else {
                session.console.say(ContentsText.written(found, bytes.count))
            }
            if found.others > 0, !session.console.isJSON, !session.console.isQuiet {
                session.console.complain(ContentsText.others(found))
            }
            return .done
        }
    }
}

extension Session {
    /// The rows that `question` asks for, page by page, up to `count`.
    func rows(
        of state: StateName, _ question: RowQuestion, atMost count: Int
    ) async throws(GuardError) -> ContentRowsForm {
        var question = question
        var items: [ContentRowForm] = []
        while true {
            question.page = Page(
                limit: min(count - items.count, Page.limits.upperBound), after: question.page.after)
            let page = try await client.rows(of: state, question)
            items += page.items
            guard let next = page.next, items.count < count else {
                return ContentRowsForm(
                    state: page.state, table: page.table, columns: page.columns, items: items, next: page.next)
            }
            question.page = Page(after: next)
        }
    }
}
