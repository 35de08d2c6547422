// SPDX-License-Identifier: MIT

internal import CSQLite

/// A prepared statement: bind, step, read, reset.
///
/// Columns count from 0 and parameters from 1, as in SQLite. What a `with…` closure is given is only valid inside it and until the
/// next step.
public struct Statement: ~Copyable {
    private let handle: OpaquePointer
    private let connection: OpaquePointer

    init(handle: OpaquePointer, connection: OpaquePointer) {
        self.handle = handle
        self.connection = connection
    }

    deinit {
        // Its result repeats the error of the last step, which was thrown there.
        _ = sqlite3_finalize(handle)
    }

    /// The SQL it was made from.
    public var sql: String { sqlite3_sql(handle).map { String(cString: $0) } ?? "" }

    /// How many columns a row has.
    public var columnCount: Int32 { sqlite3_column_count(handle) }

    /// The name of `column` in the result.
    public func columnName(_ column: Int32) -> String {
        sqlite3_column_name(handle, column).map { String(cString: $0) } ?? ""
    }

    /// Goes to the next row. False when there is none.
    public borrowing func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result: throw SQLiteError(result, on: connection, sql: sql)
        }
    }

    /// Steps to the end and makes the statement ready to run again.
    public borrowing func run() throws(SQLiteError) {
        while try step() {}
        reset()
    }

    /// Makes the statement ready to run again. Bound values stay.
    public borrowing func reset() {
        // Its result repeats the error of the last step, which was thrown there.
        _ = sqlite3_reset(handle)
    }

    // MARK: Parameters

    /// Binds `value` to parameter `index`.
    public borrowing func bind(_ value: Value, to index: Int32) throws(SQLiteError) {
        let transient = dementiad_sqlite3_transient()
        let result: Int32 =
            switch value {
            case .null: sqlite3_bind_null(handle, index)
            case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
            case .real(let real): sqlite3_bind_double(handle, index, real)
            case .text(let bytes):
                bytes.withUnsafeBytes { buffer in
                    // A nil pointer would bind NULL, and an empty array may have one.
                    let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                    return withUnsafePointer(to: CChar(0)) { empty in
                        sqlite3_bind_text64(
                            handle, index, base ?? empty, UInt64(buffer.count), transient, UInt8(SQLITE_UTF8))
                    }
                }
            case .blob(let bytes):
                bytes.isEmpty
                    ? sqlite3_bind_zeroblob(handle, index, 0)
                    : bytes.withUnsafeBytes {
                        sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), transient)
                    }
            }
        guard result == SQLITE_OK else { throw SQLiteError(result, on: connection, sql: sql) }
    }

    /// Binds `values` to parameters 1, 2, ….
    public borrowing func bind(_ values: [Value]) throws(SQLiteError) {
        for (offset, value) in values.enumerated() { try bind(value, to: Int32(offset + 1)) }
    }

    // MARK: Columns

    /// The storage class of the value in `column`.
    public borrowing func storageClass(_ column: Int32) -> StorageClass {
        StorageClass(rawValue: UInt8(truncatingIfNeeded: sqlite3_column_type(handle, column))) ?? .null
    }

    /// The value in `column` as an integer; SQLite converts where it is something else.
    public borrowing func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The value in `column` as a real; SQLite converts where it is something else.
    public borrowing func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    /// The bytes of the text or blob in `column`, by length and not up to a NUL.
    public borrowing func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // The order is the manual's: the pointer first, then its length. As text, because as a blob the text of a UTF-16 database
        // would come in UTF-16; bytes that are not UTF-8 come as they are.
        let base =
            sqlite3_column_type(handle, column) == SQLITE_TEXT
            ? UnsafeRawPointer(sqlite3_column_text(handle, column)) : sqlite3_column_blob(handle, column)
        let count = sqlite3_column_bytes(handle, column)
        return body(UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : Int(count)))
    }

    /// The bytes of the text or blob in `column`.
    public borrowing func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

    /// The name in `column`, of a table or another object.
    public borrowing func name(_ column: Int32) -> SQLiteName { SQLiteName(bytes(column)) }

    /// The text in `column`, or nil for NULL. Bytes that are not UTF-8 are replaced: for names and our own tables, not for user data.
    public borrowing func string(_ column: Int32) -> String? {
        storageClass(column) == .null ? nil : String(decoding: bytes(column), as: UTF8.self)
    }

    /// The value in `column` with its storage class.
    public borrowing func value(_ column: Int32) -> Value {
        switch storageClass(column) {
        case .null: .null
        case .integer: .integer(integer(column))
        case .real: .real(real(column))
        case .text: .text(bytes(column))
        case .blob: .blob(bytes(column))
        }
    }
}
