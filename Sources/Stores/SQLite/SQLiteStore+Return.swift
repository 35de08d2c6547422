// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    public func rehearseReturn(of rows: [ReturningRow], on copy: String) async throws(GuardError) -> StoreDigest {
        do throws(SQLiteError) {
            let connection = try Connection(path: copy, access: .readWrite)
            try connection.distrustSchema()
            try connection.execute("PRAGMA foreign_keys = 0; PRAGMA synchronous = OFF")
            try connection.disableTriggers()
            try connection.execute("BEGIN IMMEDIATE")
            try Self.put(rows, into: connection)
            try connection.execute("COMMIT")
            connection.acceptMissingCollations()
            let check = try IntegrityCheck(connection)
            guard check.isWhole else { throw SQLiteError(code: .corrupt, message: check.summary) }
            return try SQLiteSchema(connection).content()
        } catch {
            throw refusal(error)
        }
    }

    /// The write lock is held for the rows alone: what they make of the state was found out on a copy of exactly this state, and the state
    /// is proved to be this one after the lock was taken.
    public func bringBack(
        _ rows: [ReturningRow], expecting content: StoreDigest, replacing kept: Snapshot
    ) async throws(GuardError) {
        let session = try open()
        let connection = session.connection
        guard let state = kept.token.sqlite, state.session == session.id else {
            throw failure.moved("it was closed since, and nobody watched it")
        }
        do throws(GuardError) {
            try lock(connection)
            let now = try translating("reading its version") { () throws(SQLiteError) in try token(session) }
            guard .sqlite(now) == kept.token else { throw failure.moved("a program wrote to it") }
            try checkSameFile(session)
            do throws(SQLiteError) {
                try Self.put(rows, into: connection)
            } catch {
                throw refusal(error)
            }
            try checkSameFile(session)
            try commit(connection)
        } catch {
            // After some errors (a full disk) SQLite has rolled back by itself; then nothing is left to end.
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            close()
            throw error
        }
        do throws(GuardError) {
            // Right after COMMIT and without a look at the file: no other program's commit can be in it.
            try verifyRestored(content, try? connection.pagerDataVersion(), session)
        } catch {
            close()
            throw error
        }
    }

    /// Runs a statement for each row, and fails unless each of them concerned exactly one.
    private static func put(_ rows: [ReturningRow], into connection: Connection) throws(SQLiteError) {
        for row in rows {
            let columns = row.cells.map(\.column)
            let statement: SQL
            if row.key.isEmpty {
                let marks = columns.map { _ in "?" as SQL }.joined(separator: ", ")
                let names = columns.map { "\($0)" as SQL }.joined(separator: ", ")
                statement = "INSERT INTO main.\(row.table) (\(names)) VALUES (\(marks))"
            } else {
                let sets = columns.map { "\($0) = ?" as SQL }.joined(separator: ", ")
                let conditions = row.key.map { "\($0.column) IS ? COLLATE BINARY" as SQL }.joined(separator: " AND ")
                statement = "UPDATE main.\(row.table) SET \(sets) WHERE \(conditions)"
            }
            try connection.run(statement, row.cells.map(\.value) + row.key.map(\.value))
            guard connection.changes == 1 else {
                throw SQLiteError(
                    code: .constraint, message: "a row of \(row.table.text) names \(connection.changes) rows")
            }
        }
    }

    /// What SQLite said of rows that it did not take, before anything was committed.
    private func refusal(_ error: SQLiteError) -> GuardError {
        switch error.code {
        case .busy, .locked, .full, .inputOutput, .corrupt, .readOnly, .notADatabase, .cannotOpen:
            return failure.translate(error, "putting rows back")
        default:
            return GuardError(
                .restoreRefused, "\(path) does not take the rows: \(error.message)", store: location.id,
                hint: "Nothing was changed. Print the row: dementiactl backup get ID LABEL",
                causes: [error.description])
        }
    }
}
