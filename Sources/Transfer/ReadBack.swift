// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit
internal import Stores

/// Reads a table back from the server and compares it with what was sent.
struct ReadBack {
    private let work: SchemaWork
    private let table: String
    private let columns: [TargetColumn]

    init(_ work: SchemaWork, _ table: String, _ columns: [TargetColumn]) {
        self.work = work
        self.table = table
        self.columns = columns
    }

    /// Fails when the table does not hold exactly what `sent` tells.
    func compare(with sent: TableSums) throws(GuardError) {
        var found = TableSums(columns)
        let exact = columns.filter(\.type.isByteExact)
        do throws(CopyFailure<Never>) {
            if sent.large.rows == 0, exact.count == columns.count {
                // Straight from the table: no query stands between.
                try read("\(SQLText.identifier(work.schema, table)) (\(CopyForm.list(columns.map(\.name))))") {
                    found.noteReadBack($0)
                }
            } else {
                let list = exact.map { SQLText.identifier($0.name) }.joined(separator: ", ")
                try read("(SELECT \(list) FROM ONLY \(place) WHERE NOT (\(isLarge)))") { found.noteReadBack($0) }
                try read("(SELECT \(reduced(exact)) FROM ONLY \(place) WHERE \(isLarge))") { found.noteReduced($0) }
            }
        } catch {
            if case .server(let error) = error { throw work.error(error, "reading \(table) back") }
        }
        guard found == sent else {
            throw GuardError(
                .transferFailed,
                "\(work.location.name): \(table) does not hold what was sent: \(found.rows) rows instead of \(sent.rows), or other values",
                store: work.location.id, hint: "Nothing was changed. Look for triggers and rules on the table.")
        }
    }

    private var place: String { SQLText.identifier(work.schema, table) }

    private func read(_ what: String, _ take: (UnsafeRawBufferPointer) -> Void) throws(CopyFailure<Never>) {
        var rows = CopyRows()
        try work.connection.copyOut("COPY \(what) TO STDOUT (FORMAT binary)") { rows.take($0, take) }
    }

    /// The columns that may hold a value that is long.
    private var long: [TargetColumn] { columns.filter { [.text, .bytea, .json].contains($0.type) } }

    /// How long a value is the server knows without reading it.
    private var isLarge: String {
        let terms = long.filter(\.type.isByteExact).map { "coalesce(\(Self.length($0)) > \(TableSums.longest), false)" }
        return terms.isEmpty ? "false" : terms.joined(separator: " OR ")
    }

    private static func length(_ column: TargetColumn) -> String {
        let name = SQLText.identifier(column.name)
        return "pg_catalog.octet_length(\(column.type == .json ? "\(name)::text" : name))"
    }

    /// Large values as the SHA-256 of their bytes; of everything else the bytes.
    private func reduced(_ columns: [TargetColumn]) -> String {
        columns.map { column in
            let name = SQLText.identifier(column.name)
            guard long.contains(column) else { return name }
            let bytes = column.type == .bytea ? name : "pg_catalog.convert_to(\(name)::text, 'UTF8')"
            return """
                CASE WHEN \(Self.length(column)) > \(TableSums.longest) THEN pg_catalog.sha256(\(bytes)) ELSE \(bytes) END
                """
        }.joined(separator: ", ")
    }
}
