// SPDX-License-Identifier: MIT

/// Reads the tags out of a context's metadata, as `set(json.loads(metadata).get('tags', []) or [])` would.
enum MetadataTags {
    /// The tags as key concepts. Empty when there are none, or when `metadata` is not JSON at all.
    ///
    /// - Parameter metadata: valid UTF-8.
    static func read(_ metadata: Span<UInt8>) throws(ContextSummary.Problem) -> ConceptList {
        var document = Document(reader: PythonJSONReader(metadata))
        do {
            try document.read()
        } catch {
            switch error {
            case .notJSON: return ConceptList()
            case .tooDeep: throw .metadataTooDeep
            case .numberTooLong: throw .metadataNumberTooLong
            }
        }
        guard document.isObject else { throw .metadataNotAnObject }
        switch document.tags {
        case .hashable(let tags): return tags
        case .unhashable: throw .tagsUnhashable
        case .notIterable: throw .tagsNotIterable
        }
    }
}

/// What Python makes of the value of `tags`. An error among the tags counts only when the rest of the document parses.
private enum Tags {
    case hashable(ConceptList)
    case unhashable
    case notIterable
}

private struct Document {
    var reader: PythonJSONReader
    private(set) var isObject = false
    private(set) var tags = Tags.hashable(ConceptList())

    init(reader: PythonJSONReader) {
        self.reader = reader
    }

    mutating func read() throws(PythonJSONReader.Fault) {
        if try reader.nextValue() == .object {
            isObject = true
            let name = Array("tags".unicodeScalars.map(\.value))
            try reader.open()
            while let key = try reader.nextKey() {
                // A name may come twice: the last one counts.
                if key == name { tags = try readTags() } else { try reader.skipValue() }
            }
        } else {
            try reader.skipValue()
        }
        try reader.end()
    }

    private mutating func readTags() throws(PythonJSONReader.Fault) -> Tags {
        var concepts = ConceptList()
        switch try reader.nextValue() {
        case .object:
            // A set of a dict is the set of its keys.
            try reader.open()
            while let key = try reader.nextKey() {
                concepts.insert(.string(key))
                try reader.skipValue()
            }
        case .list:
            var isHashable = true
            try reader.open()
            while try reader.hasElement() {
                switch try reader.nextValue() {
                case .object, .list:
                    isHashable = false
                    try reader.skipValue()
                case .string, .literal:
                    concepts.insert(try reader.scalar().concept)
                }
            }
            if !isHashable { return .unhashable }
        case .string, .literal:
            let value = try reader.scalar()
            if case .string(let characters) = value {
                for character in characters { concepts.insert(.string(CollectionOfOne(character))) }
            } else if value.isTruthy {
                return .notIterable
            }
        }
        return .hashable(concepts)
    }
}

extension PythonJSONReader.Scalar {
    /// The value as a member of a set.
    fileprivate var concept: Concept {
        switch self {
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .integer(let digits): .integer(digits)
        case .float(let value): .float(value)
        case .string(let codePoints): .string(codePoints)
        }
    }

    /// Python's `bool(value)`.
    fileprivate var isTruthy: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .integer(let digits): digits != "0" && digits != "-0"
        case .float(let value): value != 0
        case .string(let codePoints): !codePoints.isEmpty
        }
    }
}
