// SPDX-License-Identifier: MIT

internal import FoundationEssentials
public import GuardCore

/// How the forms are written and read: keys in order, so that equal answers are equal bytes.
public enum ControlJSON {
    /// `value` as one line of JSON, in which no control character stands raw: it may be shown on a terminal.
    public static func encode(_ value: some Encodable) throws(GuardError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return PrintableText.json([UInt8](try encoder.encode(value)))
        } catch {
            throw GuardError(.internalError, "An answer has no JSON form", causes: ["\(error)"])
        }
    }

    /// The value that `bytes` spell. Fields that are not known are ignored: a newer peer may send more.
    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: some Sequence<UInt8>
    ) throws(GuardError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw GuardError(
                .usage, "Not the JSON that was expected: \(sentence(error))", hint: "Correct it, and send it again.")
        } catch {
            throw GuardError(.usage, "That is not JSON", hint: "Correct it, and send it again.")
        }
    }

    /// The request that `bytes` spell. Fields that are not known are refused.
    public static func request<Form: RequestForm>(
        _ type: Form.Type, from bytes: some Sequence<UInt8>
    ) throws(GuardError) -> Form {
        try decode(Strict<Form>.self, from: bytes).form
    }

    /// The JSON path and the reason, without the decoder's own words.
    private static func sentence(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "the document" : "'\(path)'"
        }
        return switch error {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context): "\(place(context)) is of another type"
        case .valueNotFound(_, let context): "\(place(context)) is null"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: context.debugDescription
        case .dataCorrupted(let context): "\(place(context)) cannot be read: \(context.debugDescription)"
        @unknown default: "it cannot be read"
        }
    }
}

/// Reads a form only when every field is one of its own.
private struct Strict<Form: RequestForm>: Decodable {
    let form: Form

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        let unknown = container.allKeys.map(\.stringValue).filter { !Form.fields.contains($0) }.sorted()
        guard unknown.isEmpty else {
            let known = Form.fields.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "there is no field '\(unknown[0])' in it"
                        + (known.isEmpty ? "; it has none" : "; it has \(known)")))
        }
        form = try Form(from: decoder)
    }
}

/// The name of a member of an object that is not known beforehand.
struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
