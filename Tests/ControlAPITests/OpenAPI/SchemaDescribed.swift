// SPDX-License-Identifier: MIT

import GuardCore

@testable import ControlAPI

/// A type whose JSON is not an object of named fields, and that therefore says itself what it is.
protocol SchemaDescribed: Decodable {
    /// What its JSON is.
    static func schema(in book: SchemaBook) throws -> JSONTree
    /// One of its values.
    static var sample: Self { get }
}

extension Bool: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "boolean"] }
    static var sample: Bool { false }
}

extension String: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "string"] }
    static var sample: String { "" }
}

extension Double: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "number", "format": "double"] }
    static var sample: Double { 0 }
}

extension Int: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "integer", "format": "int64"] }
    static var sample: Int { 0 }
}

extension Int64: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "integer", "format": "int64"] }
    static var sample: Int64 { 0 }
}

extension UInt32: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "integer", "minimum": 0, "maximum": 4_294_967_295] }
    static var sample: UInt32 { 0 }
}

extension Array: SchemaDescribed where Element: Decodable {
    static func schema(in book: SchemaBook) throws -> JSONTree {
        ["type": "array", "items": try book.schema(of: Element.self)]
    }
    static var sample: [Element] { [] }
}

extension Dictionary: SchemaDescribed where Key == String, Value: Decodable {
    static func schema(in book: SchemaBook) throws -> JSONTree {
        ["type": "object", "additionalProperties": try book.schema(of: Value.self)]
    }
    static var sample: [String: Value] { [:] }
}

extension Timestamp: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "string", "format": "date-time"] }
    static var sample: Timestamp { Timestamp(milliseconds: 0) }
}

extension StoreID: SchemaDescribed {
    /// As it is spelt.
    static let pattern = "^[0-9a-f]{12}$"
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "string", "pattern": .text(pattern)] }
    static var sample: StoreID { StoreLocation(engine: .sqlite, name: "").id }
}

extension OperationID: SchemaDescribed {
    /// As it is spelt.
    static let pattern = "^op_[0-9A-HJKMNP-TV-Z]{26}$"
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "string", "pattern": .text(pattern)] }
    static var sample: OperationID {
        var zero = NoRandomness()
        return OperationID(milliseconds: 0, using: &zero)
    }
}

extension BackupID: SchemaDescribed {
    /// As it is spelt: six digits, or more when it needs them.
    static let pattern = "^([0-9]{6}|[1-9][0-9]{6,18})_[0-9a-f]{12}$"
    static func schema(in book: SchemaBook) -> JSONTree { ["type": "string", "pattern": .text(pattern)] }
    static var sample: BackupID { BackupID(sequence: 0, root: "000000000000") }
}

extension OperationTarget: SchemaDescribed {
    static func schema(in book: SchemaBook) -> JSONTree {
        [
            "oneOf": [
                ["type": "integer", "minimum": 0, "maximum": .integer(Int64(versions.upperBound))], ["type": "string"],
            ]
        ]
    }
    static var sample: OperationTarget { .version(0) }
}

extension CellForm: SchemaDescribed {
    static func schema(in book: SchemaBook) throws -> JSONTree {
        [
            "anyOf": [
                ["type": "null"], ["type": "number"], ["type": "string"], try book.schema(of: CellForm.Other.self),
            ]
        ]
    }
    static var sample: CellForm { .null }
}

/// Zeros only.
private struct NoRandomness: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
}

extension Duration {
    /// What ``init(text:)`` understands.
    static let textPattern = "^[0-9]{1,9}(ms|s|m|h|d)?$"
}
