// SPDX-License-Identifier: MIT

import ControlAPI

/// Decodes a form from nothing, and notes what the form asks for.
struct SchemaDecoder: Decoder {
    /// What a form asked for.
    final class Notes {
        /// One of its fields.
        struct Field {
            let schema: JSONTree
            /// It was asked first whether it is there.
            let isOptional: Bool
        }

        var fields: [String: Field] = [:]
        /// The fields that may be missing.
        var optional: Set<String> = []
    }

    let book: SchemaBook
    /// Whether every field that may be missing is.
    let isLeast: Bool
    let notes = Notes()
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(_ book: SchemaBook, isLeast: Bool) {
        self.book = book
        self.isLeast = isLeast
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Fields<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw SchemaError.customCoding }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw SchemaError.customCoding }
}

/// The fields of a form: every one is there, or none that need not be.
private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: SchemaDecoder
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    func contains(_ key: Key) -> Bool { true }

    /// Asked only of a field that may be missing.
    func decodeNil(forKey key: Key) throws -> Bool {
        decoder.notes.optional.insert(key.stringValue)
        return decoder.isLeast
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        if !decoder.isLeast {
            decoder.notes.fields[key.stringValue] = .init(
                schema: try decoder.book.schema(of: type),
                isOptional: decoder.notes.optional.contains(key.stringValue))
        }
        return try decoder.book.value(type, isLeast: decoder.isLeast)
    }

    // The protocol asks for each of these by name, and the compiler's coding calls them. Types that no form has end in an error of
    // `schema(of:)`: they ask for a single value.
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try field(key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try field(key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try field(key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try field(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try field(key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try field(key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try field(key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try field(key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try field(key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try field(key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try field(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try field(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try field(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try field(key) }

    /// The generic way, for a type that also has its own.
    private func field<Value: Decodable>(_ key: Key) throws -> Value {
        try decode(Value.self as Value.Type, forKey: key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw SchemaError.customCoding }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaError.customCoding
    }

    func superDecoder() throws -> any Decoder { throw SchemaError.customCoding }

    func superDecoder(forKey key: Key) throws -> any Decoder { throw SchemaError.customCoding }
}
