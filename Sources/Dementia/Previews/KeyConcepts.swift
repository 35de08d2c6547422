// SPDX-License-Identifier: MIT

/// One member of the set of key concepts: whatever JSON value can be a member of a Python set.
struct Concept: Sendable, Equatable {
    /// The member as `json.dumps` writes it.
    let json: String
    /// Equal exactly when Python's `==` says so: for it, `1`, `1.0` and `true` are one value.
    private let identity: String

    static func == (one: Concept, other: Concept) -> Bool { one.identity == other.identity }

    static let null = Concept(json: "null", identity: "null")

    static func boolean(_ value: Bool) -> Concept {
        Concept(json: value ? "true" : "false", identity: value ? "1" : "0")
    }

    /// A Python `str`, by its code points; lone surrogates may be among them.
    static func string(_ codePoints: some Sequence<UInt32>) -> Concept {
        let json = PythonJSON.string(codePoints)
        return Concept(json: json, identity: json)
    }

    /// A Python `int`, by its digits.
    static func integer(_ digits: String) -> Concept {
        let value = digits == "-0" ? "0" : digits
        return Concept(json: value, identity: value)
    }

    /// A Python `float`. A NaN equals itself here, as the one object that `json.loads` makes of every `NaN` does.
    static func float(_ value: Double) -> Concept {
        let json = PythonJSON.float(value)
        return Concept(json: json, identity: PythonJSON.integerDigits(of: value) ?? json)
    }
}

/// The key concepts of one content: the first ten that differ.
struct ConceptList: Sendable, Equatable {
    private var members: [Concept] = []

    /// Upstream's `list(set)[:10]`, but the first ten instead of any ten.
    static let limit = 10

    mutating func insert(_ concept: Concept) {
        guard members.count < Self.limit, !members.contains(concept) else { return }
        members.append(concept)
    }

    /// The text for column `key_concepts`.
    var json: [UInt8] { Array("[\(members.map(\.json).joined(separator: ", "))]".utf8) }
}
