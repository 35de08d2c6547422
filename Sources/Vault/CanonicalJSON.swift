// SPDX-License-Identifier: MIT

internal import FoundationEssentials

/// The one spelling of a value: sorted keys, indented for a reader without tools, one newline at the end.
enum CanonicalJSON {
    static func bytes(of value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
        } catch {
            // Only a number that is not finite cannot be spelled, and our values hold none.
            preconditionFailure("a value of ours has no JSON: \(error)")
        }
    }

    static func value<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
