// SPDX-License-Identifier: MIT

internal import YAMLKit

/// Reads a YAML text as ``ConfigNode``.
///
/// A configuration is sections, lists and scalars. Everything else that YAML has (anchors, aliases, tags, several documents,
/// keys that are not plain names) is refused by name, because each of these can make a file mean something that a reader
/// does not see. A scalar has no type here: its key decides it, so that `mode: off` stays a word.
struct YAMLFile {
    /// The file's name, for places.
    private let name: String
    private let parser: YAMLParser
    private var problems: [ConfigurationProblem] = []

    /// Reads `text`; nil content means that nothing was written, or nothing that could be read.
    static func read(_ text: String, name: String) -> (content: ConfigNode?, problems: [ConfigurationProblem]) {
        let scalars = text.unicodeScalars
        if let problem = forbiddenCharacter(in: scalars, of: name) { return (nil, [problem]) }
        do throws(YAMLError) {
            var file = YAMLFile(name: name, parser: try YAMLParser(String(scalars)))
            do throws(YAMLError) {
                return (try file.document(), file.problems)
            } catch {
                return (nil, file.problems + [syntaxProblem(error, in: scalars, of: name)])
            }
        } catch {
            return (nil, [syntaxProblem(error, in: scalars, of: name)])
        }
    }

    private init(name: String, parser: YAMLParser) {
        self.name = name
        self.parser = parser
    }

    /// The first character that YAML does not allow, and line ends other than LF and CR LF.
    ///
    /// libyaml tells only roughly where a forbidden character stands, and counts more kinds of lines than editors do.
    private static func forbiddenCharacter(
        in scalars: String.UnicodeScalarView, of name: String
    ) -> ConfigurationProblem? {
        var (line, column) = (1, 1)
        var rest = scalars[...]
        while let scalar = rest.popFirst() {
            switch scalar.value {
            case 0x0A: (line, column) = (line + 1, 1)
            case 0x0D where rest.first == "\n": break
            case 0x09, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: column += 1
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                return ConfigurationProblem(
                    .position(file: name, line: line, column: column),
                    "the character U+\(code) is not allowed in a YAML file")
            }
        }
        return nil
    }

    private static func syntaxProblem(
        _ error: YAMLError, in scalars: String.UnicodeScalarView, of name: String
    ) -> ConfigurationProblem {
        let message = "not valid YAML: " + (error.context.map { "\(error.problem), \($0)" } ?? error.problem)
        guard let mark = error.mark else { return ConfigurationProblem(.file(name), message) }
        let line = scalars.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(mark.line - 1).first
        let isTabbed = line?.prefix { $0 == " " || $0 == "\t" }.contains("\t") ?? false
        return ConfigurationProblem(
            .position(file: name, line: mark.line, column: mark.column), message,
            suggestion: isTabbed ? "indent with spaces, YAML allows no tabs there" : nil)
    }

    private func place(_ mark: YAMLMark) -> Place { .position(file: name, line: mark.line, column: mark.column) }
}

// MARK: - From events to values

extension YAMLFile {
    /// The content of the only document; nil when there is none.
    private mutating func document() throws(YAMLError) -> ConfigNode? {
        var content: ConfigNode?
        var isFirst = true
        while true {
            let event = try parser.next()
            switch event.kind {
            case .streamEnd: return content
            case .documentStart where isFirst:
                isFirst = false
                content = try written(parser.next())
            case .documentStart:
                throw YAMLError(
                    problem: "but found another document", context: "expected a single document in the stream",
                    mark: event.mark)
            default: continue
            }
        }
    }

    /// The node that begins with `event`; nil when it is refused, and then its content is skipped.
    private mutating func written(_ event: YAMLEvent) throws(YAMLError) -> ConfigNode? {
        let place = place(event.mark)
        if event.kind == .alias || event.hasAnchor {
            problems.append(.init(place, "anchors and aliases are not supported; write the value out"))
            return try skip(event)
        }
        if event.hasTag {
            problems.append(.init(place, "tags are not supported; write the plain value"))
            return try skip(event)
        }
        switch event.kind {
        case .scalar(let text, let isPlain):
            return ConfigNode(content: .scalar(text, isQuoted: !isPlain), place: place)
        case .sequenceStart: return ConfigNode(content: .list(try list()), place: place)
        case .mappingStart: return ConfigNode(content: .section(try section()), place: place)
        default: return nil
        }
    }

    private mutating func list() throws(YAMLError) -> [ConfigNode] {
        var items: [ConfigNode] = []
        while true {
            let event = try parser.next()
            if event.kind == .sequenceEnd { return items }
            if let item = try written(event) { items.append(item) }
        }
    }

    private mutating func section() throws(YAMLError) -> [ConfigNode.Entry] {
        var firsts: [String: Place] = [:]
        var entries: [ConfigNode.Entry] = []
        while true {
            let event = try parser.next()
            if event.kind == .mappingEnd { return entries }
            let place = place(event.mark)
            guard case .scalar(let name, _) = event.kind, !event.hasAnchor else {
                problems.append(.init(place, "a key has to be a plain name"))
                try skip(event)
                try skip(parser.next())
                continue
            }
            if let line = firsts[name]?.line {
                problems.append(.init(place, "the key \(quoted(name)) is given twice, first in line \(line)"))
            } else {
                firsts[name] = place
            }
            if let value = try written(parser.next()) {
                entries.append(.init(name: name, place: place, value: value))
            }
        }
    }

    /// Reads to the end of the node that begins with `event`.
    @discardableResult
    private mutating func skip(_ event: YAMLEvent) throws(YAMLError) -> ConfigNode? {
        var depth = 0
        var kind = event.kind
        while true {
            switch kind {
            case .sequenceStart, .mappingStart: depth += 1
            case .sequenceEnd, .mappingEnd: depth -= 1
            default: break
            }
            guard depth > 0 else { return nil }
            kind = try parser.next().kind
        }
    }
}
