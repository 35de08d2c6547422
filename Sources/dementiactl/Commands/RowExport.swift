// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// The forms in which a backup is handed out.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    /// The archive as it lies in the vault.
    case archive
    /// Statements that make the tables and their rows, for SQLite.
    case sql
    /// One JSON object for each row.
    case jsonl
    /// The rows of one table.
    case csv
    /// The contexts, for people.
    case markdown
}

/// Writes the rows of a backup to a file in a form that others read without this tool.
struct RowExport {
    let session: Session
    let backup: BackupForm
    let format: ExportFormat
    /// The only table that is wanted; nil for all, or for the contexts where a form holds one table.
    let table: String?

    /// Writes everything, a page after the other, and gives the number of rows.
    func write(to file: ExportFile) async throws(GuardError) -> Int {
        guard format != .sql || backup.engine == .sqlite else { throw ContentsText.isSQLAlready(backup.id) }
        let state = StateName.backup(backup.id)
        let all = try await session.client.tables(of: state)
        let oneTable = format == .csv || format == .markdown
        var wanted = table
        if oneTable, wanted == nil { wanted = try contexts(among: all) }
        let name = wanted
        let tables = all.filter { name == nil || $0.name == name }
        guard !tables.isEmpty else { throw ContentsText.noTable(name ?? "", all.map(\.name)) }
        try file.write(format.text.head(backup))
        var rows = 0
        for form in tables {
            try file.write(format.text.begin(form))
            var question = RowQuestion(table: form.name, page: Page(limit: 1000))
            while true {
                let page = try await session.client.rows(of: state, question)
                for row in page.items { try file.write(format.text.row(row, form)) }
                rows += page.items.count
                guard let next = page.next else { break }
                question.page = Page(limit: 1000, after: next)
            }
        }
        try file.write(format.text.tail)
        return rows
    }

    private func contexts(among tables: [ContentTableForm]) throws(GuardError) -> String {
        guard let table = tables.first(where: { $0.name == "context_locks" }) else {
            throw ContentsText.noTable("context_locks", tables.map(\.name))
        }
        return table.name
    }
}

extension ExportFormat {
    /// The writer of rows in this form.
    var text: any RowText.Type {
        switch self {
        case .archive, .jsonl: JSONLines.self
        case .sql: SQLRows.self
        case .csv: CSVRows.self
        case .markdown: MarkdownRows.self
        }
    }
}

extension ExportFile {
    fileprivate func write(_ text: String) throws(GuardError) {
        guard !text.isEmpty else { return }
        try write(Array(text.utf8))
    }
}
