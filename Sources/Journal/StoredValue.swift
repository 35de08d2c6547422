// SPDX-License-Identifier: MIT

internal import FoundationEssentials
internal import GuardCore
internal import SQLiteKit

/// A row holds something that we would never have written.
struct UnreadableValue: Error, CustomStringConvertible {
    let column: Int32
    let sql: String

    var description: String { "column \(column) cannot be read, in: \(sql)" }
}

/// Values as JSON text that is the same for the same value.
enum StoredJSON {
    static func text(_ value: some Encodable) throws -> Value {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return .text(Array(try encoder.encode(value)))
    }

    /// NULL for nil.
    static func optionalText(_ value: (some Encodable)?) throws -> Value {
        try value.map { try text($0) } ?? .null
    }
}

extension Value {
    static func time(_ time: Timestamp?) -> Value { .integer(time?.milliseconds) }

    static func word(_ word: (some RawRepresentable<String>)?) -> Value { .text(word?.rawValue) }

    static func name(_ name: (some CustomStringConvertible)?) -> Value { .text(name?.description) }
}

// Every reader has two forms: nil for NULL, and one that insists. Either throws when the value is there and makes no
// sense.
extension Statement {
    borrowing func optional<T>(_ column: Int32, _ transform: (String) -> T?) throws -> T? {
        guard let text = string(column) else { return nil }
        guard let value = transform(text) else { throw UnreadableValue(column: column, sql: sql) }
        return value
    }

    borrowing func required<T>(_ column: Int32, _ transform: (String) -> T?) throws -> T {
        guard let value = try optional(column, transform) else { throw UnreadableValue(column: column, sql: sql) }
        return value
    }

    borrowing func text(_ column: Int32) throws -> String { try required(column) { $0 } }

    borrowing func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: integer(column)) }

    borrowing func optionalInteger(_ column: Int32) -> Int64? {
        storageClass(column) == .null ? nil : integer(column)
    }

    borrowing func optionalTime(_ column: Int32) -> Timestamp? {
        optionalInteger(column).map(Timestamp.init(milliseconds:))
    }

    borrowing func optionalJSON<T: Decodable>(_ column: Int32, as type: T.Type = T.self) throws -> T? {
        guard storageClass(column) != .null else { return nil }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes(column)))
        } catch {
            throw UnreadableValue(column: column, sql: sql)
        }
    }

    borrowing func json<T: Decodable>(_ column: Int32, as type: T.Type = T.self) throws -> T {
        guard let value = try optionalJSON(column, as: type) else { throw UnreadableValue(column: column, sql: sql) }
        return value
    }
}

extension Connection {
    /// What `decode` makes of each row. Unlike `rows`, `decode` may throw.
    func decoding<T>(
        _ sql: String,
        _ parameters: [Value] = [],
        _ decode: (borrowing Statement) throws -> T
    ) throws -> [T] {
        let statement = try prepare(sql)
        try statement.bind(parameters)
        var values: [T] = []
        while try statement.step() { values.append(try decode(statement)) }
        return values
    }
}
