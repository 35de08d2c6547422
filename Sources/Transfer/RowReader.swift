// SPDX-License-Identifier: MIT

internal import GuardCore
internal import SQLiteKit

/// Reads the rows of one table in the order that its rule asks for, one after the other.
///
/// By rowid it gets past what is damaged, and past rows with a value that is too long to be held: those are told by their rowid.
final class RowReader {
    enum Next: Equatable {
        /// A row that ``cells()`` gives.
        case row
        /// The row with this rowid has a value that is too long to be held.
        case large(Int64)
        case end
    }

    let file: SourceFile
    let table: SourceTable
    /// The place of the row that was read last, counted from 1.
    private(set) var ordinal: Int64 = 0
    /// What the row that was read last is called: its rowid, or the hash of its primary key.
    private(set) var identity: Int64 = 0
    /// What could not be read, as a sentence; nil when everything could.
    private(set) var damage: String?
    private var statement: Statement?
    /// How SQL names the rowid; nil where there is none.
    private let rowid: String?
    private let order: [String]
    private let filter: String?
    private var isAhead: Next?
    /// The last rowid that is behind us.
    private var last: Int64?

    /// - Parameters:
    ///   - order: columns to read by; the rowid comes last in any case
    ///   - filter: SQL that only the rows to be read fulfil
    init(_ file: SourceFile, _ table: SourceTable, order: [String] = [], where filter: String? = nil)
        throws(GuardError)
    {
        self.file = file
        self.table = table
        self.order = order
        self.filter = filter
        rowid = Self.rowid(of: table)
        // Only by rowid a row that was passed over can be found again, and its values be read piece by piece.
        let isSeekable = rowid != nil && order.isEmpty && table.kind == .table && file.isUTF8
        file.connection.limitLength(to: isSeekable ? SourceFile.longest : 1_000_000_000)
        do throws(SQLiteError) {
            statement = try file.connection.prepare(select())
        } catch {
            try pass(error)
        }
    }

    /// The name of the rowid that no column of the table takes away.
    static func rowid(of table: SourceTable) -> String? {
        guard !table.isWithoutRowid, table.kind != .view else { return nil }
        if let column = table.rowidColumn { return Connection.quoted(column) }
        let taken = Set(table.columns.map { $0.name.lowercasedASCII })
        return ["rowid", "_rowid_", "oid"].first { !taken.contains($0) }
    }

    private var isSeekable: Bool { rowid != nil && order.isEmpty && table.kind == .table }

    private func select(from start: (operator: String, rowid: Int64)? = nil) -> String {
        var terms = table.columns.map { Connection.quoted($0.name) }
        if let rowid { terms.insert(rowid, at: 0) }
        var conditions = filter.map { ["(\($0))"] } ?? []
        if let start, let rowid { conditions.append("\(rowid) \(start.operator) \(start.rowid)") }
        let places = order.map(Connection.quoted) + (rowid.map { [$0] } ?? table.primaryKey.map(Connection.quoted))
        return "SELECT \(terms.joined(separator: ", ")) FROM main.\(Connection.quoted(table.name))"
            + (table.kind == .table ? " NOT INDEXED" : "")
            + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "))
            + (places.isEmpty ? "" : " ORDER BY " + places.joined(separator: ", "))
    }

    /// What ``next()`` will give.
    func peek() throws(GuardError) -> Next {
        if let isAhead { return isAhead }
        let ahead = try step()
        isAhead = ahead
        return ahead
    }

    /// Goes to the next row.
    func next() throws(GuardError) -> Next {
        let next = try peek()
        isAhead = nil
        switch next {
        case .row:
            ordinal += 1
            identity = rowid == nil ? key() : statement?.integer(0) ?? 0
            last = identity
        case .large(let rowid):
            ordinal += 1
            identity = rowid
            last = rowid
            try resume(">", rowid)
        case .end: break
        }
        return next
    }

    /// The cells of the row that was read last.
    func cells() -> [Cell] {
        let first: Int32 = rowid == nil ? 0 : 1
        var cells: [Cell] = []
        cells.reserveCapacity(table.columns.count)
        for column in 0..<Int32(table.columns.count) { cells.append(cell(first + column)) }
        return cells
    }

    /// The row `rowid` with values that are too long to be held; nil when one of them cannot be read, and so the row is lost.
    func large(_ rowid: Int64) throws(GuardError) -> LargeRow? {
        do throws(SQLiteError) {
            let row = try LargeRow(file, table, rowid: rowid)
            // In the middle of a COPY it would be too late to find out.
            for value in row.large.values { try value.checkReadable() }
            return row
        } catch {
            guard error.code ~= .corrupt else {
                throw SourceFile.translate(error, file.path, "reading \(table.name)")
            }
            damage = damage ?? error.message
            return nil
        }
    }

    private func cell(_ column: Int32) -> Cell {
        // A statement is there whenever a row is.
        switch statement?.storageClass(column) ?? .null {
        case .null: .null
        case .integer: .integer(statement?.integer(column) ?? 0)
        case .real: .real(statement?.real(column) ?? 0)
        case .text: .text(statement?.bytes(column) ?? [])
        case .blob: .blob(statement?.bytes(column) ?? [])
        }
    }

    private func key() -> Int64 {
        RowSum.identity(of: table.primaryKey.compactMap { table.index(of: $0) }.map { cell(Int32($0)) })
    }

    // MARK: What cannot be read

    private func step() throws(GuardError) -> Next {
        while true {
            do throws(SQLiteError) {
                return try statement?.step() ?? false ? .row : .end
            } catch {
                if error.code ~= .tooBig, isSeekable {
                    guard let rowid = try following() else { return .end }
                    return .large(rowid)
                }
                try pass(error)
            }
        }
    }

    /// Gets past damage, or gives up on the table.
    private func pass(_ error: SQLiteError) throws(GuardError) {
        guard SourceFile.isUnreadable(error) else {
            throw SourceFile.translate(error, file.path, "reading \(table.name)")
        }
        damage = damage ?? error.message
        statement = nil
        guard isSeekable, error.code ~= .corrupt else { return }
        let damaged = last
        let lost: Int64?
        do throws(SQLiteError) {
            lost = try first(after: damaged)
        } catch {
            // The tree is broken here: what lies behind is read from its end.
            guard let next = try lowest(after: damaged) else { return }
            return try resume(">=", next)
        }
        // The row itself is there, and one of its values is not.
        guard let lost else { return }
        last = lost
        try resume(">", lost)
    }

    private func following() throws(GuardError) -> Int64? {
        do throws(SQLiteError) {
            return try first(after: last)
        } catch {
            throw SourceFile.translate(error, file.path, "reading \(table.name)")
        }
    }

    private func first(after place: Int64?) throws(SQLiteError) -> Int64? {
        guard let rowid else { return nil }
        return try file.connection.integer(
            "SELECT \(rowid) FROM main.\(Connection.quoted(table.name)) NOT INDEXED\(behind(place)) ORDER BY \(rowid) LIMIT 1"
        )
    }

    /// The lowest rowid behind `place` that can be reached from the table's end.
    private func lowest(after place: Int64?) throws(GuardError) -> Int64? {
        guard let rowid else { return nil }
        var lowest: Int64?
        do throws(SQLiteError) {
            try file.connection.forEachRow(
                "SELECT \(rowid) FROM main.\(Connection.quoted(table.name)) NOT INDEXED\(behind(place)) ORDER BY \(rowid) DESC"
            ) { lowest = $0.integer(0) }
        } catch {
            guard error.code ~= .corrupt else {
                throw SourceFile.translate(error, file.path, "reading \(table.name)")
            }
        }
        return lowest
    }

    private func behind(_ place: Int64?) -> String {
        let conditions = (filter.map { ["(\($0))"] } ?? []) + (place.map { ["\(rowid ?? "rowid") > \($0)"] } ?? [])
        return conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    }

    private func resume(_ comparison: String, _ place: Int64) throws(GuardError) {
        do throws(SQLiteError) {
            statement = try file.connection.prepare(select(from: (comparison, place)))
        } catch {
            throw SourceFile.translate(error, file.path, "reading \(table.name)")
        }
    }
}
