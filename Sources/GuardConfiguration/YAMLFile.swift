// SPDX-License-Identifier: MIT

internal import Yams

/// Reads a YAML text as ``Written``: the only user of Yams.
///
/// A configuration is sections, lists and scalars. What else YAML has (anchors, aliases, tags, several documents,
/// keys that are not plain names) is refused by name, because each of it can make a file mean something that a reader
/// does not see.
struct YAMLFile {
    /// The file's name, for places.
    let name: String
    /// What was wrong so far.
    private(set) var problems: [ConfigurationProblem] = []
    /// The text, in which the first of two equal keys may have lost its first letter; see ``disguise(_:at:)``.
    private var scalars: [Unicode.Scalar]
    /// The keys that were disguised, by the scalar that hides them.
    private var disguised: [Unicode.Scalar: (name: String, mark: Mark)] = [:]

    /// Reads `text`; nil content means that nothing was written, or nothing that could be read.
    static func read(_ text: String, name: String) -> (content: Written?, problems: [ConfigurationProblem]) {
        var file = YAMLFile(name: name, scalars: Array(text.unicodeScalars))
        // A byte order mark is no content; libYAML takes it for a control character.
        if file.scalars.first == "\u{FEFF}" { file.scalars.removeFirst() }
        guard file.isReadable() else { return (nil, file.problems) }
        let content = file.compose()
        return (content, file.problems)
    }

    private init(name: String, scalars: [Unicode.Scalar]) {
        self.name = name
        self.scalars = scalars
    }

    /// Whether the text has only characters that YAML allows, and no line ends but LF and CR LF.
    ///
    /// libYAML tells only roughly where a forbidden character stands, and counts more kinds of lines than editors do.
    private mutating func isReadable() -> Bool {
        var (line, column) = (1, 1)
        for (index, scalar) in scalars.enumerated() {
            switch scalar.value {
            case 0x0A: (line, column) = (line + 1, 1)
            case 0x0D where index + 1 < scalars.count && scalars[index + 1] == "\n": break
            case 0x09, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: column += 1
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                problems.append(.init(place(line, column), "the character U+\(code) is not allowed in a YAML file"))
                return false
            }
        }
        return true
    }

    /// Parses the text, as often as it takes to get past every pair of equal keys.
    private mutating func compose() -> Written? {
        while true {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            do {
                // The basic resolver knows no types: what a scalar means is decided by the key, so `mode: off` stays
                // a word. The encoding is explicit because its default looks at an environment variable and prints to
                // stdout.
                let parser = try Parser(yaml: String(text), resolver: .basic, encoding: .utf8)
                let root = try parser.singleRoot()
                // Nodes hold their anchors weakly, the parser owns them.
                return withExtendedLifetime(parser) { root.flatMap { written($0) } }
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                if disguise(names.first ?? "", at: context.mark) { continue }
                problems.append(.init(place(context.mark), "the key \(quoted(names.first ?? "")) is given twice"))
            } catch let error as YamlError {
                reportSyntax(error)
            } catch {
                problems.append(.init(.file(name), "the file could not be parsed"))
            }
            return nil
        }
    }

    /// Gives the key at `mark` another first letter, so that the parser, which stops at the first pair of equal keys,
    /// gets on and every problem of the file is found at once. Columns stay, and ``section(_:)`` knows the key again.
    ///
    /// Returns false when that cannot be done.
    private mutating func disguise(_ key: String, at mark: Mark) -> Bool {
        let lines = scalars.split(separator: "\n", maxSplits: mark.line, omittingEmptySubsequences: false)
        guard mark.line <= lines.count, mark.line >= 1, mark.column >= 1 else { return false }
        var index = lines[mark.line - 1].startIndex + mark.column - 1
        if index < scalars.count, scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard index < scalars.count, scalars[index].properties.isAlphabetic,
            let mask = (0xE000...0xF8FF).lazy.compactMap(Unicode.Scalar.init).first(where: { !scalars.contains($0) })
        else { return false }
        scalars[index] = mask
        disguised[mask] = (key, mark)
        return true
    }

    /// Reports what libYAML says, which is constant text and never the file's.
    private mutating func reportSyntax(_ error: YamlError) {
        // The pairs of equal keys would have been reported in the tree, which is not to be had now.
        for (key, mark) in disguised.values {
            problems.append(.init(place(mark), "the key \(quoted(key)) is given twice"))
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            // Otherwise it may be the disguise that broke the syntax.
            guard !disguised.values.contains(where: { $0.mark.line == mark.line }) else { return }
            let message = context.map { "\(problem), \($0.text)" } ?? problem
            let line = scalars.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(mark.line - 1).first
            let isTabbed = line?.prefix { $0 == " " || $0 == "\t" }.contains("\t") ?? false
            let suggestion = isTabbed ? "indent with spaces, YAML allows no tabs there" : nil
            problems.append(.init(place(mark), "not valid YAML: \(message)", suggestion: suggestion))
        default:
            problems.append(.init(.file(name), "not valid YAML"))
        }
    }

    private func place(_ line: Int, _ column: Int) -> Place { .position(file: name, line: line, column: column) }

    private func place(_ mark: Mark?) -> Place { mark.map { place($0.line, $0.column) } ?? .file(name) }
}

// MARK: - From nodes to what was written

extension YAMLFile {
    private static var noTag: Tag { Tag(.implicit, .basic) }
    // What the parser gives to every quoted scalar.
    private static var quotedTag: Tag { Tag(.str, .basic) }

    private mutating func written(_ node: Node) -> Written? {
        let place = place(node.mark)
        if node.anchor != nil {
            // An alias composes to the node that it names, at that node's place: one report for all of them. Not
            // looking into it also keeps aliases of aliases from multiplying.
            let problem = ConfigurationProblem(place, "anchors and aliases are not supported; write the value out")
            if !problems.contains(problem) { problems.append(problem) }
            return nil
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            guard scalar.tag == Self.noTag || !isPlain && scalar.tag == Self.quotedTag else {
                return refuseTag(at: place)
            }
            return Written(content: .scalar(scalar.string, isQuoted: !isPlain), place: place)
        case .sequence(let sequence):
            guard sequence.tag == Self.noTag else { return refuseTag(at: place) }
            var items: [Written] = []
            for item in sequence {
                if let item = written(item) { items.append(item) }
            }
            return Written(content: .list(items), place: place)
        case .mapping(let mapping):
            guard mapping.tag == Self.noTag else { return refuseTag(at: place) }
            return Written(content: .section(section(mapping)), place: place)
        case .alias:
            // Parsing resolves aliases; only code that builds nodes makes these.
            return nil
        }
    }

    private mutating func section(_ mapping: Node.Mapping) -> [Written.Entry] {
        var firsts: [String: Place] = [:]
        var entries: [Written.Entry] = []
        for (key, value) in mapping {
            let place = place(key.mark)
            guard case .scalar(let scalar) = key, key.anchor == nil else {
                problems.append(.init(place, "a key has to be a plain name"))
                continue
            }
            let name = scalar.string.unicodeScalars.first.flatMap { disguised[$0]?.name } ?? scalar.string
            if let line = firsts[name]?.line {
                problems.append(.init(place, "the key \(quoted(name)) is given twice, first in line \(line)"))
            } else {
                firsts[name] = place
            }
            if let value = written(value) {
                entries.append(.init(name: name, place: place, value: value))
            }
        }
        return entries
    }

    private mutating func refuseTag(at place: Place) -> Written? {
        problems.append(.init(place, "tags are not supported; write the plain value"))
        return nil
    }
}
