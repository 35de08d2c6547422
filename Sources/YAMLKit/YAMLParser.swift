// SPDX-License-Identifier: MIT

internal import CYAML

/// A position in a YAML text. Lines and columns count from 1, columns in Unicode scalars.
public struct YAMLMark: Sendable, Hashable {
    public let line: Int
    public let column: Int
}

/// One event of a YAML text, in libyaml's terms.
public struct YAMLEvent: Sendable {
    /// The part of the text that an event stands for.
    public enum Kind: Sendable, Hashable {
        case streamStart, streamEnd, documentStart, documentEnd, alias
        /// A scalar's text, and whether it stands without quotes.
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    public let kind: Kind
    /// The position of its first character.
    public let mark: YAMLMark
    /// Whether the node names itself for aliases (`&name`).
    public let hasAnchor: Bool
    /// Whether the node says its type (`!!str`).
    public let hasTag: Bool
}

/// A text that is not YAML. The words are libyaml's constant texts and never the file's.
public struct YAMLError: Error, Sendable, Hashable {
    public let problem: String
    /// The construct that was being read, as in "while parsing a flow node".
    public let context: String?
    /// The position of the fault; nil where libyaml gives none.
    public let mark: YAMLMark?

    /// Describes a fault that the reader of the events found.
    public init(problem: String, context: String?, mark: YAMLMark?) {
        self.problem = problem
        self.context = context
        self.mark = mark
    }
}

/// Reads the events of one YAML text with libyaml, which knows no types: a scalar is text.
///
/// Nesting deeper than ``deepest`` is an error: libyaml itself has no limit, and its time grows with the square of the depth.
public final class YAMLParser {
    /// The most lists and mappings that may stand inside one another.
    public static let deepest = 100

    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    // libyaml reads from it until the parser is deleted.
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var depth = 0

    /// Begins to read `text`.
    ///
    /// - Throws: ``YAMLError`` when there is no memory for a parser
    public init(_ text: String) throws(YAMLError) {
        input = .allocate(capacity: text.utf8.count)
        _ = input.initialize(from: text.utf8)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            input.deallocate()
            throw YAMLError(problem: "no memory for a parser", context: nil, mark: nil)
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// Returns the next event. The event after ``YAMLEvent/Kind/streamEnd`` is `streamEnd` again.
    public func next() throws(YAMLError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
        defer { yaml_event_delete(&event) }
        let data = event.data
        switch event.type {
        case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT: depth += 1
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: depth -= 1
        default: break
        }
        guard depth <= Self.deepest else {
            throw YAMLError(
                problem: "nested deeper than \(Self.deepest) levels", context: nil, mark: Self.mark(event.start_mark))
        }
        func made(_ kind: YAMLEvent.Kind, anchor: Bool = false, tag: Bool = false) -> YAMLEvent {
            YAMLEvent(kind: kind, mark: Self.mark(event.start_mark), hasAnchor: anchor, hasTag: tag)
        }
        switch event.type {
        case YAML_STREAM_START_EVENT: return made(.streamStart)
        case YAML_DOCUMENT_START_EVENT: return made(.documentStart)
        case YAML_DOCUMENT_END_EVENT: return made(.documentEnd)
        case YAML_ALIAS_EVENT: return made(.alias)
        case YAML_SCALAR_EVENT:
            let scalar = data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let kind = YAMLEvent.Kind.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            return made(kind, anchor: scalar.anchor != nil, tag: scalar.tag != nil)
        case YAML_SEQUENCE_START_EVENT:
            let start = data.sequence_start
            return made(.sequenceStart, anchor: start.anchor != nil, tag: start.tag != nil)
        case YAML_SEQUENCE_END_EVENT: return made(.sequenceEnd)
        case YAML_MAPPING_START_EVENT:
            let start = data.mapping_start
            return made(.mappingStart, anchor: start.anchor != nil, tag: start.tag != nil)
        case YAML_MAPPING_END_EVENT: return made(.mappingEnd)
        // libyaml gives an empty event behind the end of the stream.
        default: return made(.streamEnd)
        }
    }

    private var failure: YAMLError {
        let state = parser.pointee
        switch state.error {
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            return YAMLError(
                problem: state.problem.map { String(cString: $0) } ?? "a fault without a name",
                context: state.context.map { String(cString: $0) }, mark: Self.mark(state.problem_mark))
        case YAML_MEMORY_ERROR:
            return YAMLError(problem: "no memory to read it", context: nil, mark: nil)
        default:
            return YAMLError(
                problem: state.problem.map { String(cString: $0) } ?? "a fault without a name", context: nil, mark: nil)
        }
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
