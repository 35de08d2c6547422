// SPDX-License-Identifier: MIT

/// A value ready for `COPY … (FORMAT binary)`.
public enum TargetValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int32)
    case bigint(Int64)
    case double(Double)
    /// Valid UTF-8 without a NUL.
    case text([UInt8])
    case bytea([UInt8])
    case timestamptz(microsecondsSince2000: Int64)
    /// JSON text that the server accepts.
    case jsonb([UInt8])
    /// JSON text that the server accepts.
    case json([UInt8])

    /// How many bytes its field takes in a row of COPY, the length included.
    public var fieldSize: Int {
        switch self {
        case .null: 4
        case .boolean: 5
        case .integer: 8
        case .bigint, .double, .timestamptz: 12
        case .text(let bytes), .bytea(let bytes), .json(let bytes): 4 + bytes.count
        case .jsonb(let bytes): 5 + bytes.count
        }
    }

    /// Appends its field as a row of `COPY … (FORMAT binary)` holds it: a length of 32 bits and the bytes, in network order; -1 for NULL.
    ///
    /// The server sends back the same bytes for every type but `jsonb`, so the digest of a row is that of its fields.
    public func appendBinaryField(to buffer: inout [UInt8]) {
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.bigEndian) { buffer.append(contentsOf: $0) }
        }
        switch self {
        case .null: append(Int32(-1))
        case .boolean(let value):
            append(Int32(1))
            buffer.append(value ? 1 : 0)
        case .integer(let value):
            append(Int32(4))
            append(value)
        case .bigint(let value), .timestamptz(let value):
            append(Int32(8))
            append(value)
        case .double(let value):
            append(Int32(8))
            append(value.bitPattern)
        case .text(let bytes), .bytea(let bytes), .json(let bytes):
            append(Int32(truncatingIfNeeded: bytes.count))
            buffer.append(contentsOf: bytes)
        case .jsonb(let bytes):
            append(Int32(truncatingIfNeeded: bytes.count + 1))
            // The version of the binary form.
            buffer.append(1)
            buffer.append(contentsOf: bytes)
        }
    }
}
