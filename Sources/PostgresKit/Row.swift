// SPDX-License-Identifier: MIT

internal import CLibpq

/// One row of a result. Columns count from 0.
public struct Row {
    let result: QueryResult
    let index: Int32

    /// The number of columns.
    public var count: Int { Int(PQnfields(result.pointer)) }

    /// Whether the value is NULL.
    public func isNull(_ column: Int) -> Bool { PQgetisnull(result.pointer, index, Int32(column)) == 1 }

    /// The value as the server writes it, or nil for NULL.
    public func string(_ column: Int) -> String? {
        guard !isNull(column), let start = PQgetvalue(result.pointer, index, Int32(column)) else { return nil }
        let length = Int(PQgetlength(result.pointer, index, Int32(column)))
        return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }

    /// The value, or "" for NULL: for columns that cannot be NULL.
    public func text(_ column: Int) -> String { string(column) ?? "" }

    /// The value as a number, or nil when it is none.
    public func integer(_ column: Int) -> Int64? { string(column).flatMap { Int64($0) } }

    /// Whether the value is true. NULL is not.
    public func bool(_ column: Int) -> Bool { string(column) == "t" }
}
