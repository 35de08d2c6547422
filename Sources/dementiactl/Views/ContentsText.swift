// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

/// The texts that show people the tables and rows of a state, its differences from another one, and the results of a search.
enum ContentsText {
    /// The most characters of a value that a line shows.
    static let shownCharacters = 200

    // MARK: Failures

    static func whichLive(_ locations: [String]) -> GuardError {
        GuardError(
            .usage, locations.isEmpty ? "No memory is known" : "'live' could be each of \(locations.count) memories",
            hint: "Name it: --store STORE. See which there are: dementiactl stores list",
            causes: Array(locations.prefix(5)))
    }

    static func noContext(_ name: String, _ state: String) -> GuardError {
        GuardError(
            .notFound,
            "There is no context '\(name)' in \(state == StateChoice.live ? "the memory" : "backup \(state)")",
            hint:
                "See which there are: dementiactl backup contents \(state) contexts. Search all: dementiactl search WORDS"
        )
    }

    static func noTable(_ name: String, _ known: [String]) -> GuardError {
        GuardError(
            .notFound, "There is no table '\(name)' in that backup",
            hint: known.isEmpty ? "It has none." : "It has: \(known.joined(separator: ", "))")
    }

    static func isSQLAlready(_ id: BackupID) -> GuardError {
        GuardError(
            .usage, "Backup \(id) is of a PostgreSQL schema, and its archive is SQL already",
            hint: "Write it: dementiactl backup export \(id) -o FILE, and then: zstd -d FILE")
    }

    static func noContent(_ name: String) -> GuardError {
        GuardError(
            .inputOutput, "The context '\(name)' holds no text",
            hint: "See all of its columns: dementiactl backup get ID LABEL --json")
    }

    static func notText(_ name: String) -> GuardError {
        GuardError(
            .inputOutput, "The context '\(name)' is not UTF-8, and was not printed",
            hint: "Write its bytes to a file: --output FILE")
    }

    static func noBackup(ofVersion version: String, of store: StoreID, _ known: [Int]) -> GuardError {
        let versions = Set(known).sorted().map(String.init).joined(separator: ", ")
        return GuardError(
            .notFound, "There is no good backup of version \(version) of \(store)",
            hint: versions.isEmpty
                ? "See which there are: dementiactl backup list \(store)"
                : "There are backups of the versions \(versions).")
    }

    // MARK: Results

    static func state(_ state: MemoryState, _ style: Style) -> String {
        let name = state.backup.map { "backup \($0)" } ?? "live"
        return "\(name), \(style.age(state.at)), version \(CommandText.version(state.schemaVersion))"
    }

    static func tables(_ tables: [ContentTableForm], _ style: Style) -> String {
        guard !tables.isEmpty else { return "There is no table." }
        var table = Table(["TABLE", "ROWS", "COLUMNS"], flexible: 2)
        for form in tables {
            table.add([
                .init(form.name), .init(String(form.rows)), .init(form.columns.map(\.name).joined(separator: ", ")),
            ])
        }
        return table.text(style)
    }

    static func rows(_ rows: ContentRowsForm, _ style: Style) -> String {
        let head = "\(PrintableText.line(rows.table)) of \(state(rows.state, style))"
        guard !rows.items.isEmpty else { return "\(head): no row" }
        let columns = RowColumn.columns(of: rows)
        // What is longest gives way when the terminal is narrow.
        var table = Table(columns.map(\.heading), flexible: columns.count - 1)
        for row in rows.items { table.add(columns.map { .init($0.text(of: row, style)) }) }
        let more = rows.next == nil ? "" : "\nThere are more rows: --limit COUNT"
        return "\(head)\n\(table.text(style))\(more)"
    }

    /// The actions of a restore of single rows, one for each row.
    static func rows(_ plan: PlanForm) -> [String] {
        (plan.rows ?? []).map { row in
            let name = PrintableText.line("\(row.table): \(row.name)")
            let what =
                switch row.action {
                case .insert: "comes back"
                case .bring: "comes back, too"
                case .replace: "gets the values of the backup"
                case .copy: "comes back beside the one that is there"
                case .keep: "stays as it is, and the one of the backup does not come back"
                case .same: "is there as it was"
                case .conflict: "is there with other values"
                }
            return "\(name) \(what)" + (row.note.map { ": \(PrintableText.line($0))" } ?? "")
        }
    }

    static func written(_ found: BackupCommand.Get.Found, _ bytes: Int) -> String {
        "\(PrintableText.line(found.path ?? ""))  \(Style.size(Int64(bytes)))"
    }

    static func others(_ found: BackupCommand.Get.Found) -> String {
        let version = found.values["version"]?.shown ?? ""
        let others = Phrases.count(found.others, "other context has", "other contexts have")
        return
            "This is version \(version); \(others) that label. Name one: LABEL@VERSION, or see all: dementiactl backup contents ID contexts"
    }
}

/// One column of a list of rows, as a person wants it.
struct RowColumn {
    /// What is made of the value.
    enum Kind {
        case text, time, size
    }

    let heading: String
    /// The names of the columns of which the first one with a value is shown.
    let names: [String]
    let kind: Kind

    init(_ heading: String, _ names: String..., kind: Kind = .text) {
        (self.heading, self.names, self.kind) = (heading, names, kind)
    }

    /// The chosen columns of Dementia's tables; of every other table all columns.
    static func columns(of rows: ContentRowsForm) -> [RowColumn] {
        let wanted = known[rows.table] ?? []
        let found = wanted.filter { column in column.names.contains { rows.columns.contains($0) } }
        return found.isEmpty ? rows.columns.map { RowColumn($0) } : found
    }

    func text(of row: ContentRowForm, _ style: Style) -> String {
        let value = names.lazy.map { row[$0] }.first { $0 != .null && $0 != .text("") } ?? .null
        switch kind {
        // A text of several lines stands on one.
        case .text: return value.shown.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        case .size: return value.length.map { Style.size($0) } ?? ""
        case .time:
            guard let number = value.number else { return value.shown }
            // Versions of Dementia wrote seconds; a larger number are milliseconds.
            let milliseconds = abs(number) > 1e11 ? number : number * 1000
            guard abs(milliseconds) < 1e15 else { return value.shown }
            return style.age(Timestamp(milliseconds: Int64(milliseconds)))
        }
    }

    private static let known: [String: [RowColumn]] = [
        "context_locks": [
            RowColumn("LABEL", "label"), RowColumn("VERSION", "version"), RowColumn("SIZE", "content", kind: .size),
            RowColumn("LOCKED", "locked_at", kind: .time), RowColumn("SESSION", "session_id"),
            RowColumn("PREVIEW", "preview", "content"),
        ],
        "context_archives": [
            RowColumn("LABEL", "label"), RowColumn("VERSION", "version"), RowColumn("SIZE", "content", kind: .size),
            RowColumn("DELETED", "deleted_at", kind: .time), RowColumn("REASON", "delete_reason"),
            RowColumn("PREVIEW", "preview", "content"),
        ],
        "sessions": [
            RowColumn("SESSION", "id"), RowColumn("STARTED", "started_at", kind: .time),
            RowColumn("LAST ACTIVE", "last_active", kind: .time), RowColumn("PROJECT", "project_name"),
            RowColumn("SUMMARY", "summary"),
        ],
        "memory_entries": [
            RowColumn("ID", "id"), RowColumn("CATEGORY", "category"), RowColumn("TIME", "timestamp", kind: .time),
            RowColumn("CONTENT", "content"),
        ],
        "todos": [
            RowColumn("ID", "id"), RowColumn("STATUS", "status"), RowColumn("CREATED", "created_at", kind: .time),
            RowColumn("CONTENT", "content"),
        ],
        "decisions": [
            RowColumn("ID", "id"), RowColumn("STATUS", "status"), RowColumn("TIME", "timestamp", kind: .time),
            RowColumn("QUESTION", "question"), RowColumn("DECISION", "decision"),
        ],
    ]
}
