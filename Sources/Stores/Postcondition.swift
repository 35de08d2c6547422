// SPDX-License-Identifier: MIT

internal import Dementia
internal import SQLiteKit

/// Asks a migration's postcondition of a SQLite file.
struct Postcondition {
    private let migration: Migration

    init(_ migration: Migration) {
        self.migration = migration
    }

    /// One sentence for each thing that is not as it must be.
    ///
    /// A question that cannot be asked is not met: before its migration, a postcondition may speak of a table that is not there yet.
    func problems(on connection: Connection) throws(SQLiteError) -> [String] {
        var problems: [String] = []
        for select in migration.verify {
            do throws(SQLiteError) {
                problems += try connection.asking { () throws(SQLiteError) in
                    try connection.rows(select) { $0.string(0) ?? "its postcondition is not met" }
                }
            } catch {
                guard error.code ~= .error || error.code ~= .authorization else { throw error }
                problems.append("its postcondition cannot be asked: \(error.message)")
            }
        }
        return try problems + taken(on: connection)
    }

    /// One sentence for each thing that has a name of the migration's and is another thing: the user's own.
    func taken(on connection: Connection) throws(SQLiteError) -> [String] {
        try MadeObjectsCheck(connection).problems(of: migration.makes)
    }
}
