// SPDX-License-Identifier: MIT

internal import GuardCore

/// How values of one kind are written: what to expect, how to read them, how to write them back.
struct Form<Value: Sendable>: Sendable {
    /// Follows "expected", as in `a duration such as 1.5s`.
    let expectation: String
    /// What separates the items in an environment variable; nil when the value is not a list.
    var separator: Character?
    /// The value, or nil when the reader was told what is wrong.
    let read: @Sendable (ConfigNode, inout Reader) -> Value?
    /// The value as YAML on one line, without secrets.
    let write: @Sendable (Value) -> String
}

extension Form {
    /// The same form, or one word that stands for nil.
    func or(_ word: String, meaning: String) -> Form<Value?> {
        Form<Value?>(
            expectation: "\(expectation), or '\(word)' (\(meaning))",
            separator: separator,
            read: { written, reader in
                if case .scalar(word, _) = written.content { return .some(nil) }
                return read(written, &reader).map(Optional.some)
            },
            write: { $0.map(write) ?? word }
        )
    }
}

// MARK: - Numbers and words

extension Form<Int> {
    /// A whole number, in decimal digits.
    static func number(_ range: ClosedRange<Int>) -> Form {
        Form(
            expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { written, reader in
                guard let text = reader.plain(written, as: reader.expectation) else { return nil }
                // YAML reads 010 as eight and 1_0 as ten; whoever writes so is asked to say it plainly.
                guard let value = Int(text), String(value) == text else {
                    return reader.refuse(written, "expected \(reader.expectation), found \(quoted(text))")
                }
                guard range.contains(value) else {
                    return reader.refuse(written, "\(value) is out of range, expected \(reader.expectation)")
                }
                return value
            },
            write: { String($0) }
        )
    }
}

extension Form where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One word of a few.
    static var choice: Form {
        let words = Value.allCases.map(\.rawValue)
        return Form(
            expectation: "one of \(words.joined(separator: ", "))",
            read: { written, reader in
                guard let text = reader.text(written, as: reader.expectation) else { return nil }
                if let value = Value(rawValue: text) { return value }
                let nearest = Suggestion.nearest(to: text, among: words)
                return reader.refuse(
                    written, "expected \(reader.expectation), found \(quoted(text))",
                    suggestion: nearest.map { "did you mean '\($0)'?" })
            },
            write: { $0.rawValue }
        )
    }
}

// MARK: - Lists

extension Form<[String]> {
    /// Paths; relative ones begin at the folder of the file that holds them.
    static var paths: Form {
        list(of: "paths", example: "[~/work, /srv]") { item, reader in reader.path(item) }
    }

    /// Names as they are.
    static var names: Form {
        list(of: "names", example: "[staff]") { item, reader in reader.text(item, as: "a name") }
    }

    /// Names, and paths, which are told from names by a slash.
    static var namesOrPaths: Form {
        list(of: "folder names and paths", example: "[target, ~/archive]") { item, reader in
            guard let text = reader.text(item, as: "a folder name or a path") else { return nil }
            return text.contains("/") ? reader.expand(text, in: item) : text
        }
    }

    private static func list(
        of what: String,
        example: String,
        item: @escaping @Sendable (ConfigNode, inout Reader) -> String?
    ) -> Form {
        Form(
            expectation: "a list of \(what) such as \(example)",
            separator: ":",
            read: { written, reader in
                guard let items = reader.items(written, of: reader.expectation) else { return nil }
                // Every item is read, so that every bad one is reported.
                let values = items.map { item($0, &reader) }
                return values.contains(nil) ? nil : values.compactMap(\.self)
            },
            write: { YAMLText.list($0) }
        )
    }
}

extension Form<[ConnectionText]> {
    /// PostgreSQL connections. Nothing that was written here is ever repeated in a message: it may be a secret.
    static var connections: Form {
        Form(
            expectation: "a list of PostgreSQL URLs or service names such as ['postgres://localhost/app#shop']",
            // Colons are part of URLs: one a line, as in the file of --postgres-file.
            separator: "\n",
            read: { written, reader in
                guard case .list(let items) = written.content else {
                    return reader.refuse(written, "expected \(reader.expectation)", suggestion: "an empty list is []")
                }
                let values = items.map { connection($0, &reader) }
                return values.contains(nil) ? nil : values.compactMap(\.self)
            },
            write: { YAMLText.list($0.map(\.description)) }
        )
    }

    private static func connection(_ item: ConfigNode, _ reader: inout Reader) -> ConnectionText? {
        guard case .scalar(let text, _) = item.content, !item.isNull, text.contains(where: { !$0.isWhitespace }),
            !text.utf8.contains(0)
        else {
            return reader.refuse(item, "expected a PostgreSQL URL or service name")
        }
        if let scheme = text.firstRange(of: "://"), !["postgres", "postgresql"].contains(text[..<scheme.lowerBound]) {
            return reader.refuse(item, "expected a PostgreSQL URL, which begins with postgres:// or postgresql://")
        }
        let connection = ConnectionText(text)
        if case .flag = item.place, connection.holdsPassword {
            return reader.refuse(
                item, "a password on the command line can be read by every user of this machine",
                suggestion: "use a service, ~/.pgpass or --postgres-file")
        }
        if let mode = reader.exposedMode, connection.holdsPassword {
            return reader.refuse(
                item, "others may read this file (mode \(mode)), and it holds a password",
                suggestion:
                    "make it readable for its owner only (chmod 600), or use a service, ~/.pgpass or --postgres-file")
        }
        return connection
    }
}

extension Form<Command?> {
    /// A list of words, or a line for the shell; empty means none.
    static var command: Form {
        Form(
            expectation: "a list of words such as [make, check], or one line for /bin/sh",
            read: { written, reader in
                switch written.content {
                case .scalar(let line, _) where !written.isNull:
                    if line.allSatisfy(\.isWhitespace) { return .some(nil) }
                    return reader.text(written, as: reader.expectation).map { .shell($0) }
                case .list(let items):
                    if items.isEmpty { return .some(nil) }
                    let words = items.enumerated().map { argument($1, isProgram: $0 == 0, &reader) }
                    return words.contains(nil) ? nil : .arguments(words.compactMap(\.self))
                case .scalar, .section:
                    return reader.refuse(written, "expected \(reader.expectation), found \(written.kind)")
                }
            },
            write: { command in
                switch command {
                case nil: "[]"
                case .arguments(let words): YAMLText.list(words)
                case .shell(let line): YAMLText.scalar(line)
                }
            }
        )
    }

    private static func argument(_ word: ConfigNode, isProgram: Bool, _ reader: inout Reader) -> String? {
        if isProgram {
            guard let text = reader.text(word, as: "a program") else { return nil }
            return text.contains("/") ? reader.expand(text, in: word) : text
        }
        // An argument may be empty, and then it is quoted.
        if case .scalar("", isQuoted: true) = word.content { return "" }
        return reader.text(word, as: "an argument")
    }
}
