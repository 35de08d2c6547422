// SPDX-License-Identifier: MIT

/// What migration 2 of line `sqlite-4` computes for one row of `context_locks`: its preview and its key concepts.
///
/// The rules are those of upstream's `migrate_v4_1_rlm.py` (8c1c576), a Python script, so they speak of Python's `str`,
/// `re` and `json`: lengths count Unicode code points, a word is what `\w` matches, and JSON is what `json.loads`
/// accepts. Upstream picks and orders key concepts by Python's hash, which is random for each process; here they stand
/// in the order of finding, so one input has one result.
public struct ContextSummary: Sendable, Equatable {
    /// For column `preview`: at most 500 code points of valid UTF-8. It may be empty, and it may hold a NUL.
    public let preview: [UInt8]

    /// For column `key_concepts`: the ASCII text of a JSON array with at most 10 members, as `json.dumps` writes it.
    public let keyConcepts: [UInt8]

    /// Summarises one row. Reads `content` where it lies; nothing of it is copied but what goes into the result.
    ///
    /// - Parameters:
    ///   - content: the bytes of the TEXT value in column `content`; empty for NULL.
    ///   - metadata: the bytes of the TEXT value in column `metadata`; nil for NULL, and for a number, which upstream
    ///     treats alike. Text that is not JSON means "no tags".
    /// - Throws: why this row has no summary. Upstream leaves NULL in both columns of such a row and goes on.
    public init(content: Span<UInt8>, metadata: Span<UInt8>?) throws(Problem) {
        guard PythonText.isValid(content) else { throw .invalidUTF8Content }
        var concepts = ConceptList()
        if let metadata {
            guard PythonText.isValid(metadata) else { throw .invalidUTF8Metadata }
            concepts = try MetadataTags.read(metadata)
        }
        var words = WordScanner()
        words.scan(content)
        for finding in words.findings {
            concepts.insert(.string(PythonText.codePoints(of: content, in: finding)))
        }
        preview = Preview.text(of: content, rules: words.ruleLines)
        keyConcepts = concepts.json
    }

    /// Why a row has no summary. The raw value is a stable word for scripts.
    public enum Problem: String, Error, Sendable, CaseIterable, CustomStringConvertible {
        /// For upstream this ends the whole migration; here it costs the row its summary only.
        case invalidUTF8Content
        /// As for the content.
        case invalidUTF8Metadata
        /// Never thrown here: only the reader of the row sees its storage class. It stands here with its sentence.
        case contentNotText
        /// The metadata is JSON, but a list, a string, a number, a boolean or null.
        case metadataNotAnObject
        /// The metadata nests deeper than Python's recursion limit.
        case metadataTooDeep
        /// The metadata holds an integer of more than 4300 digits, which Python refuses since 3.10.7.
        case metadataNumberTooLong
        /// `tags` is `true` or a number other than zero, which Python cannot iterate over.
        case tagsNotIterable
        /// A list or an object stands among the `tags`, which cannot be a member of a Python set.
        case tagsUnhashable

        /// One sentence for a finding or a log.
        public var description: String {
            switch self {
            case .invalidUTF8Content: "The content is not valid UTF-8."
            case .invalidUTF8Metadata: "The metadata is not valid UTF-8."
            case .contentNotText: "The content is a BLOB, not text."
            case .metadataNotAnObject: "The metadata is JSON, but not an object."
            case .metadataTooDeep: "The metadata nests more than \(PythonJSONReader.maximumDepth) levels deep."
            case .metadataNumberTooLong:
                "The metadata holds an integer of more than \(PythonJSONReader.maximumDigits) digits."
            case .tagsNotIterable: "The tags are neither a list nor text."
            case .tagsUnhashable: "A list or an object stands among the tags."
            }
        }
    }
}
