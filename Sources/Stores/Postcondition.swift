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
    func problems(on connection: Connection) throws(SQLiteError) -> [String] {
        var problems: [String] = []
        for select in migration.verify {
            problems += try connection.rows(select) { $0.string(0) ?? "its postcondition is not met" }
        }
        return problems
    }
}
