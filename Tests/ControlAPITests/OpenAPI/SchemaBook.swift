// SPDX-License-Identifier: MIT

import GuardCore

@testable import ControlAPI

/// The schemas of the forms, found out from the forms' own coding: what the compiler made of a type is what a client has to do with,
/// and no second description can differ from it.
///
/// A form is decoded from nothing by a decoder that only takes notes (``SchemaDecoder``): each question names a field, its type and
/// whether it may be missing. The values that come out are real ones. The least of them, in which nothing is there that need not be, is
/// encoded again, and shows whether the daemon writes what is not known as null or leaves it out.
///
/// Not `Sendable`: it is made, asked and thrown away by one caller.
final class SchemaBook {
    /// Which side of the wire a form is on.
    enum Direction {
        /// The daemon takes it: every field is known, and one that may be missing may be null too.
        case request
        /// The daemon sends it: a newer one may send more.
        case answer
    }

    /// The schemas that have a name, as `components/schemas` of the document.
    private(set) var components: [String: JSONTree] = [:]
    private var names: [ObjectIdentifier: String] = [:]
    private(set) var direction = Direction.answer

    /// How `type` is referred to; its schema, and those of everything in it, are in ``components`` after it.
    ///
    /// - Throws: `internalError` for a type whose coding cannot be followed, such as one with a hand-written `init(from:)`. A test asks
    ///   for every form of the route table
    func reference(to type: any (Codable & Sendable).Type, _ direction: Direction) throws(GuardError) -> JSONTree {
        self.direction = direction
        do {
            return try schema(of: type)
        } catch {
            throw GuardError(.internalError, "\(type) has no schema", causes: ["\(error)"])
        }
    }

    /// The schema of `type`, or a reference to it when it has a name.
    func schema(of type: any Decodable.Type) throws -> JSONTree {
        if let described = type as? any SchemaDescribed.Type { return try described.schema(in: self) }
        let name = Self.name(of: type)
        if let known = names[ObjectIdentifier(type)] { return Self.reference(known) }
        guard components[name] == nil else { throw SchemaError.ambiguous(name) }
        names[ObjectIdentifier(type)] = name
        components[name] = if let words = Self.words(of: type) { words } else { try fields(of: type) }
        return Self.reference(name)
    }

    /// A value of `type`; the least one has nothing in it that need not be there.
    func value<Value: Decodable>(_ type: Value.Type, isLeast: Bool) throws -> Value {
        if let described = type as? any SchemaDescribed.Type, let sample = described.sample as? Value { return sample }
        if let cases = type as? any CaseIterable.Type, let first = Self.first(of: cases) as? Value { return first }
        return try Value(from: SchemaDecoder(self, isLeast: isLeast))
    }

    // MARK: Kinds of types

    private func fields(of type: any Decodable.Type) throws -> JSONTree {
        let decoder = SchemaDecoder(self, isLeast: false)
        do {
            _ = try type.init(from: decoder)
        } catch SchemaError.customCoding {
            throw SchemaError.undescribed("\(type)")
        }
        let written: Set<String>
        if direction == .answer, let least = try type.init(from: SchemaDecoder(self, isLeast: true)) as? any Encodable {
            written = try ControlJSON.decode(KeysOnly.self, from: ControlJSON.encode(least)).keys
        } else {
            written = []
        }
        var properties: [String: JSONTree] = [:]
        var required: [String] = []
        for (name, field) in decoder.notes.fields {
            // A field that may be missing and is written all the same is written as null; and who may leave a field out may say so.
            let isNullable = field.isOptional && (direction == .request || written.contains(name))
            if !field.isOptional || written.contains(name) { required.append(name) }
            properties[name] = isNullable ? Self.nullable(field.schema) : field.schema
        }
        var schema: JSONTree = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema = schema.with(["required": .list(required.sorted().map { .text($0) })]) }
        return direction == .request ? schema.with(["additionalProperties": false]) : schema
    }

    private static func words(of type: any Decodable.Type) -> JSONTree? {
        guard let type = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
        let words = rawValues(of: type)
        return words.isEmpty ? nil : ["type": "string", "enum": .list(words.map { .text($0) })]
    }

    private static func rawValues<Words: CaseIterable & RawRepresentable>(of type: Words.Type) -> [String] {
        type.allCases.compactMap { $0.rawValue as? String }
    }

    private static func first<Words: CaseIterable>(of type: Words.Type) -> Any? { type.allCases.first }

    private static func nullable(_ schema: JSONTree) -> JSONTree {
        if case .text(let type) = schema["type"], schema["enum"] == nil {
            return schema.with(["type": [.text(type), "null"]])
        }
        return ["anyOf": [schema, ["type": "null"]]]
    }

    private static func reference(_ name: String) -> JSONTree { ["$ref": .text("#/components/schemas/\(name)")] }

    /// `StatusForm.Stores.Item` is `StatusStoresItem`, and a list of `StoreForm` is `StoreList`.
    private static func name(of type: any Decodable.Type) -> String {
        func short(_ name: Substring) -> String {
            name.split(separator: ".").dropFirst().map { $0.hasSuffix("Form") ? $0.dropLast(4) : $0 }.joined()
        }
        let parts = String(reflecting: type).split(whereSeparator: { "<>".contains($0) })
        guard parts.count == 2, parts[0].hasSuffix(".ItemList") else { return short(parts[0]) }
        return short(parts[1]) + "List"
    }
}

/// Why a type has no schema.
enum SchemaError: Error {
    /// Two types would have this name.
    case ambiguous(String)
    /// Its decoding asks for something else than named fields.
    case customCoding
    /// That is what this type's does.
    case undescribed(String)
}

/// The names of an object's members, whatever they are.
private struct KeysOnly: Decodable {
    let keys: Set<String>

    init(from decoder: any Decoder) throws {
        keys = Set(try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue))
    }
}
