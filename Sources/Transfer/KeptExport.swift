// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import PostgresKit
internal import Stores

/// Writes what a transfer kept of values and rows to a file, one JSON object a line.
struct KeptExport {
    private let work: SchemaWork

    init(_ work: SchemaWork) {
        self.work = work
    }

    /// Writes what the transfer `run` kept to the new file at `path`, which only its owner may read: it holds what memories hold.
    func write(run: OperationID, onlyRejected: Bool, to path: String) throws(GuardError) {
        let condition = onlyRejected ? " AND row_fate = 'rejected'" : ""
        // The server makes the lines; text format would escape them once more, binary format does not.
        let lines = """
            SELECT pg_catalog.convert_to(pg_catalog.json_build_object('table', source_table, 'rowid', source_rowid,
                'column', "column", 'storageClass', storage_class, 'rowFate', row_fate, 'reason', reason,
                'detail', detail, 'bytes', pg_catalog.encode(bytes, 'hex'))::text || E'\\n', 'UTF8')
            FROM \(SQLText.identifier(work.schema, KeptWriter.table))
            WHERE run_id = \(SQLText.literal(run.value))\(condition)
            """
        do throws(CopyFailure<SystemCallError>) {
            let file = try Lines(path)
            var rows = CopyRows()
            try work.connection.copyOut("COPY (\(lines)) TO STDOUT (FORMAT binary)") {
                (chunk) throws(SystemCallError) in
                try rows.take(chunk) { (fields) throws(SystemCallError) in
                    var walk = FieldWalk(fields)
                    if let line = walk.next()?.bytes { try file.write(line) }
                }
            }
        } catch {
            switch error {
            case .server(let error): throw work.error(error, "exporting what was kept")
            case .caller(let error):
                throw GuardError(
                    error.isNoSpace ? .noSpace : .inputOutput, "what was kept could not be written to \(path)",
                    store: work.location.id, hint: "Look at the room under the state directory.",
                    causes: [error.description])
            }
        }
    }

    /// The file that is written. A class, since a function of its own writes it.
    private final class Lines {
        private let file: OpenFile

        init(_ path: String) throws(CopyFailure<SystemCallError>) {
            do throws(SystemCallError) {
                file = try OpenFile.creating(path)
            } catch {
                throw .caller(error)
            }
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
            try file.write(bytes)
        }
    }
}
