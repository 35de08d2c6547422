// SPDX-License-Identifier: MIT

internal import PostgresKit

/// The frame of `COPY … (FORMAT binary)` around its rows.
/// See <https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format".
enum CopyForm {
    /// The signature, no flags, no extension.
    static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xff, UInt8(ascii: "\r"), UInt8(ascii: "\n"), 0] + [0, 0, 0, 0, 0, 0, 0, 0]
    /// A row of -1 fields.
    static let trailer: [UInt8] = [0xff, 0xff]
    /// The longest field, and about the longest row, that the server takes: its memory comes in pieces of less than a gibibyte.
    static let longestField = 0x3fff_ffff - 64
    /// The number of fields before those of each row.
    static let countSize = 2

    /// Appends the row of `values`.
    static func append(_ values: [TargetValue], to row: inout [UInt8]) {
        withUnsafeBytes(of: Int16(truncatingIfNeeded: values.count).bigEndian) { row.append(contentsOf: $0) }
        for value in values { value.appendBinaryField(to: &row) }
    }

    /// The statement that loads `columns` of `table`.
    static func load(_ schema: String, _ table: String, _ columns: [String]) -> String {
        "COPY \(SQLText.identifier(schema, table)) (\(list(columns))) FROM STDIN (FORMAT binary)"
    }

    /// `columns`, each quoted.
    static func list(_ columns: [String]) -> String {
        columns.map(SQLText.identifier).joined(separator: ", ")
    }
}

/// Gives the rows of a COPY out one by one, each as the bytes of its fields. A chunk of the connection is a whole row.
struct CopyRows {
    private var isBegun = false

    /// Calls `take` with the fields of the row in `chunk`, if there is one in it.
    mutating func take<Failure: Error>(
        _ chunk: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var rest = chunk[...]
        if !isBegun {
            // The header comes with the first row, or alone.
            rest = rest.dropFirst(CopyForm.header.count)
            isBegun = true
        }
        guard rest.count > CopyForm.countSize else { return }
        try take(UnsafeRawBufferPointer(rebasing: rest.dropFirst(CopyForm.countSize)))
    }
}

/// Walks over the fields of one row.
struct FieldWalk {
    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ fields: UnsafeRawBufferPointer) {
        rest = fields[...]
    }

    /// The next field with its length before it, and its bytes alone; nil for NULL. Nothing behind the last one, or what is no field.
    mutating func next() -> (whole: UnsafeRawBufferPointer, bytes: UnsafeRawBufferPointer?)? {
        guard rest.count >= 4 else { return nil }
        let field = UnsafeRawBufferPointer(rebasing: rest)
        let length = Int(Int32(bigEndian: field.loadUnaligned(as: Int32.self)))
        guard length <= rest.count - 4 else { return nil }
        rest = rest.dropFirst(4 + max(length, 0))
        let whole = UnsafeRawBufferPointer(rebasing: field[..<(4 + max(length, 0))])
        return (whole, length < 0 ? nil : UnsafeRawBufferPointer(rebasing: whole[4...]))
    }
}
