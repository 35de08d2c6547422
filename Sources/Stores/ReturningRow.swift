// SPDX-License-Identifier: MIT

public import GuardCore
public import SQLiteKit

/// One row that is put into a memory, and nothing else of it: a new row, or other values of one that is there.
public struct ReturningRow: Sendable, Equatable {
    /// A value and the column that it is for.
    public struct Cell: Sendable, Equatable {
        public let column: SQLiteName
        public let value: Value

        public init(column: SQLiteName, value: Value) {
            self.column = column
            self.value = value
        }
    }

    public let table: SQLiteName
    /// The values that the row gets. Columns that are not named keep their value, or get their default.
    public let cells: [Cell]
    /// The cells that identify the row that gets other values; empty for a new row.
    public let key: [Cell]

    public init(table: SQLiteName, cells: [Cell], key: [Cell] = []) {
        self.table = table
        self.cells = cells
        self.key = key
    }
}

extension ReturningRow {
    /// Why the store at `location` takes no single rows.
    public static func refusal(of location: StoreLocation) -> GuardError {
        GuardError(
            .usage, "single rows cannot be put back into \(location.name): only memories in SQLite files take them",
            store: location.id,
            hint: "Nothing was changed. Print the row: dementiactl backup get ID LABEL. "
                + "Or restore the whole beside it: --to URL#SCHEMA")
    }
}

extension Store {
    /// Not possible yet for this engine.
    public func rehearseReturn(of rows: [ReturningRow], on copy: String) async throws(GuardError) -> StoreDigest {
        throw ReturningRow.refusal(of: location)
    }

    /// Not possible yet for this engine.
    public func bringBack(
        _ rows: [ReturningRow], expecting content: StoreDigest, replacing kept: Snapshot
    ) async throws(GuardError) {
        throw ReturningRow.refusal(of: location)
    }
}
