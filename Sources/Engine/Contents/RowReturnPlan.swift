// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import HashKit
internal import SQLiteKit
internal import Stores

/// Which rows of a backup are put into the present state of a memory, and what becomes of rows that have their names.
///
/// Pure but for reading the two states: the same states and the same wish give the same plan.
struct RowReturnPlan {
    /// The most rows that come back by themselves. More of a backup is restored as a whole.
    static let mostRows = 10_000
    /// The most bytes that they have.
    static let mostBytes = 64 << 20

    /// The changes that run, in order.
    private(set) var changes: [ReturningRow] = []
    /// The lines of the plan: one for each row that was asked for, or that belongs to one.
    private(set) var rows: [PlanForm.Row] = []
    private(set) var notes: [String] = []

    /// Whether a conflict rule is needed for rows that have the same name.
    var hasConflict: Bool { rows.contains { $0.action == .conflict } }

    /// The same for plans that do the same.
    var digest: SHA256Digest {
        var hash = SHA256()
        func add(_ bytes: [UInt8]) {
            hash.update(littleEndian: UInt64(bytes.count))
            hash.update(bytes)
        }
        for change in changes {
            add(change.table.bytes)
            for (mark, cells) in [("=", change.cells), ("?", change.key)] {
                for cell in cells {
                    add(Array(mark.utf8))
                    add(cell.column.bytes)
                    add(cell.value.tagged)
                }
            }
        }
        return hash.finish()
    }

    private let backup: ContentState
    private let present: ContentState
    private let rule: ConflictRule?
    private var bytes = 0
    /// The rows that get other values, and the new ones, by table and identity: a row that is named twice comes back once.
    private var seen: Set<[UInt8]> = []
    /// How many rows the memory still has that count for rows of the backup, by table and content, where only the content names a row.
    private var alike: [[UInt8]: Int] = [:]
    /// The tables that were asked for as a whole.
    private var wholeTables: Set<[UInt8]> = []
    private var count = 0

    /// - Parameters:
    ///   - backup: the state that the rows come from
    ///   - present: what the memory holds now
    init(_ wish: RowWish, from backup: ContentState, into present: ContentState) throws {
        (self.backup, self.present, rule) = (backup, present, wish.onConflict)
        if let context = wish.context { try addContexts(context) }
        for name in wish.only { try add(only: name) }
    }

    // MARK: What was asked for

    private mutating func addContexts(_ text: String) throws {
        guard let table = try backup.table(named: ContentTable.contexts.text), table.holdsContexts else {
            throw Self.missing("context '\(text)'")
        }
        // A label may end in what looks like a version: the label as it stands goes first.
        let name = ContextName(text)
        var found = try contexts(text, nil, in: table)
        if found.isEmpty { found = try contexts(name.label, name.version, in: table) }
        guard let first = found.first else { throw Self.missing("context '\(text)'") }
        // Without a version it is the one that was locked last; a version may stand in several sessions.
        let all = name.version != nil && found.count > 1 ? found : [first]
        for row in all { try add(row, of: table) }
    }

    private func contexts(_ label: String, _ version: String?, in table: ContentTable) throws -> [[Value]] {
        var rows: [[Value]] = []
        try backup.forEachContext(labelled: label, version: version, in: table) { row in
            rows.append((0..<row.columnCount).map { row.value($0) })
            return rows.count < Self.mostRows
        }
        return rows
    }

    private mutating func add(only text: String) throws {
        if let table = try table(text) {
            guard wholeTables.insert(table.name.bytes).inserted else { return }
            guard try backup.count(table) <= Self.mostRows else { throw Self.tooMany }
            for row in try backup.rows(of: table, matching: [], atMost: Self.mostRows) { try add(row, of: table) }
            return
        }
        guard let mark = text.firstIndex(of: ":"), let table = try table(String(text[..<mark])) else {
            throw Self.missing("table '\(text)'")
        }
        let key = text[text.index(after: mark)...].split(separator: ",", omittingEmptySubsequences: false).map(
            String.init)
        guard !table.primaryKey.isEmpty, key.count == table.primaryKey.count else {
            throw GuardError(
                .usage,
                "'\(text)' names no row: \(table.name.text) has \(table.primaryKey.count) columns in its primary key",
                hint: table.primaryKey.isEmpty
                    ? "Name the whole table: --only \(table.name.text)"
                    : "Give them in this order: \(table.primaryKey.map(\.text).joined(separator: ","))")
        }
        let rows = try backup.rows(of: table, keyed: key)
        guard !rows.isEmpty else { throw Self.missing("row '\(text)'") }
        for row in rows { try add(row, of: table) }
    }

    private func table(_ name: String) throws -> ContentTable? {
        guard
            let table = try backup.table(named: name)
                ?? ContentTable.knownNames[name].flatMap({ try backup.table(named: $0) })
        else { return nil }
        guard !table.isLedger else {
            throw GuardError(
                .usage, "the ledger of migrations does not come back by rows", hint: "Restore the whole backup.")
        }
        return table
    }

    // MARK: One row

    private mutating func add(_ values: [Value], of table: ContentTable) throws {
        guard let target = try present.table(named: table.name.text) else {
            throw GuardError(
                .restoreRefused, "the memory has no table \(table.name.text) any more",
                hint: "Nothing was changed. Restore the whole backup, or print the row: dementiactl backup get ID LABEL"
            )
        }
        let row = Row(values, of: table, in: target)
        let name = row.name
        let mark = Array(target.name.bytes) + [0] + row.identityBytes
        guard !row.isNamed || seen.insert(mark).inserted else { return }
        count += 1
        bytes += values.reduce(0) { $0 + $1.size }
        guard count <= Self.mostRows, bytes <= Self.mostBytes else { throw Self.tooMany }
        let lost = row.lost.isEmpty ? nil : "the memory has no column for \(row.lost.joined(separator: ", "))"
        guard row.isNamed else { return try addUnnamed(row, mark, note: lost) }
        let there = try present.rows(of: target, matching: row.identity.map { ($0.column, $0.value) }, atMost: 2)
        guard let found = there.first else {
            try bringSession(of: row)
            changes.append(try insertion(row))
            rows.append(.init(table: target.name.text, name: name, action: .insert, note: lost))
            return
        }
        if row.isSame(as: found) {
            rows.append(.init(table: target.name.text, name: name, action: .same))
            return
        }
        switch rule {
        case nil: rows.append(.init(table: target.name.text, name: name, action: .conflict))
        case .keep: rows.append(.init(table: target.name.text, name: name, action: .keep))
        case .replace:
            guard there.count == 1 else {
                throw GuardError(
                    .restoreRefused, "several rows of \(target.name.text) are named \(name)",
                    hint: "Nothing was changed. Bring it back beside them: --on-conflict copy")
            }
            changes.append(row.update)
            rows.append(.init(table: target.name.text, name: name, action: .replace, note: lost))
        case .copy:
            let (change, copyName) = try copy(row)
            changes.append(change)
            rows.append(.init(table: target.name.text, name: name, action: .copy, note: "as \(copyName)"))
        }
    }

    /// Adds a row that only its content names: as many equal rows come back as the backup has more than the memory.
    private mutating func addUnnamed(_ row: Row, _ mark: [UInt8], note: String?) throws {
        let there =
            try alike[mark]
            ?? present.rows(
                of: row.target, matching: row.identity.map { ($0.column, $0.value) }, atMost: Self.mostRows
            ).count
        alike[mark] = max(there - 1, 0)
        guard there == 0 else {
            rows.append(.init(table: row.target.name.text, name: row.name, action: .same))
            return
        }
        try bringSession(of: row)
        changes.append(try insertion(row))
        rows.append(.init(table: row.target.name.text, name: row.name, action: .insert, note: note))
    }

    /// The new row. A number that another row has taken meanwhile is left to the table, which gives a new one.
    private func insertion(_ row: Row) throws -> ReturningRow {
        var cells = row.cells + summary(of: row)
        if let key = row.key, try isTaken(key, in: row.target) {
            guard key.allSatisfy({ row.isNumber($0) }) else {
                throw GuardError(
                    .restoreRefused, "another row of \(row.target.name.text) has the key of \(row.name)",
                    hint: "Nothing was changed. Bring it back beside it: --on-conflict copy")
            }
            cells.removeAll { cell in key.contains { $0.column == cell.column } }
        }
        let own = cells
        let varying = row.target.columns.first { column in
            column.hasVaryingDefault && !own.contains { $0.column == column.name }
        }
        if let varying {
            // What the row makes of the memory is found out on a copy first: it has to be the same a moment later.
            throw GuardError(
                .restoreRefused,
                "\(row.name) has no \(varying.name.text), which \(row.target.name.text) makes of the moment",
                hint: "Nothing was changed. Print the row: dementiactl backup get ID LABEL")
        }
        return ReturningRow(table: row.target.name, cells: cells)
    }

    private func isTaken(_ key: [ReturningRow.Cell], in table: ContentTable) throws -> Bool {
        let isPlanned = changes.contains { change in
            change.table == table.name && key.allSatisfy { cell in change.cells.contains(cell) }
        }
        return try isPlanned || !present.rows(of: table, matching: key.map { ($0.column, $0.value) }, atMost: 1).isEmpty
    }

    /// The row under a name that no other has: of a context the next version that is free, of any other row a new number.
    private func copy(_ row: Row) throws -> (ReturningRow, String) {
        if row.target.holdsContexts, let version = row.target.column("version"),
            row.identity.contains(where: { $0.column == version })
        {
            for number in 1..<10_000 {
                let free = ContextName.version(after: row.text(version), by: number)
                let identity = row.identity.map { cell in
                    cell.column == version ? ReturningRow.Cell(column: version, value: .text(free)) : cell
                }
                guard try !isTaken(identity, in: row.target) else { continue }
                var copy = try insertion(row)
                copy = ReturningRow(
                    table: copy.table,
                    cells: copy.cells.map { $0.column == version ? .init(column: version, value: .text(free)) : $0 })
                return (copy, "\(row.text(row.target.column("label")))@\(free)")
            }
        }
        guard let key = row.key, key.allSatisfy({ row.isNumber($0) }) else {
            throw GuardError(
                .restoreRefused, "\(row.name) of \(row.target.name.text) cannot be there twice",
                hint: "Nothing was changed. Choose one: --on-conflict keep, or --on-conflict replace")
        }
        let cells = (row.cells + summary(of: row)).filter { cell in !key.contains { $0.column == cell.column } }
        return (ReturningRow(table: row.target.name, cells: cells), "a new row")
    }

    /// A context whose session is gone brings its session.
    private mutating func bringSession(of row: Row) throws {
        guard let column = row.target.column("session_id"), let cell = row.cells.first(where: { $0.column == column }),
            cell.value != .null, let sessions = try backup.table(named: "sessions"),
            let target = try present.table(named: "sessions"), let id = sessions.column("id"),
            let own = target.column("id")
        else { return }
        guard try present.rows(of: target, matching: [(own, cell.value)], atMost: 1).isEmpty,
            let values = try backup.rows(of: sessions, matching: [(id, cell.value)], atMost: 1).first
        else { return }
        let session = Row(values, of: sessions, in: target)
        guard seen.insert(Array(target.name.bytes) + [0] + session.identityBytes).inserted else { return }
        changes.append(ReturningRow(table: target.name, cells: session.cells))
        rows.append(
            .init(table: target.name.text, name: session.name, action: .bring, note: "the session of \(row.name)"))
    }

    /// What the application makes of a context's text, where the backup is from before it did: as the migration does it.
    private func summary(of row: Row) -> [ReturningRow.Cell] {
        guard row.target.holdsContexts, let preview = row.target.column("preview"),
            !row.cells.contains(where: { $0.column == preview }), case .text(let content)? = row.value("content")
        else { return [] }
        var metadata: [UInt8]?
        if case .text(let bytes)? = row.value("metadata") { metadata = bytes }
        let summary = try? ContextSummary(content: content.span, metadata: metadata?.span)
        guard let summary else { return [] }
        var cells = [ReturningRow.Cell(column: preview, value: .text(summary.preview))]
        if let concepts = row.target.column("key_concepts"), !row.cells.contains(where: { $0.column == concepts }) {
            cells.append(.init(column: concepts, value: .text(summary.keyConcepts)))
        }
        return cells
    }

    // MARK: Failures

    private static func missing(_ what: String) -> GuardError {
        GuardError(
            .notFound, "there is no \(what) in that backup",
            hint: "See what is in it: dementiactl backup contents ID. Search all: dementiactl search WORDS")
    }

    private static let tooMany = GuardError(
        .usage, "that are more than \(mostRows) rows or \(mostBytes) bytes", hint: "Restore the whole backup.")
}

extension ContextName {
    /// `1.3` is the version after `1.2`, and a text that is no version gets a number.
    static func version(after version: String, by number: Int) -> String {
        let parts = version.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, Int(parts[0]) != nil, let minor = Int(parts[1]), minor < Int.max - number else {
            return "\(version).\(number)"
        }
        return "\(parts[0]).\(minor + number)"
    }
}
