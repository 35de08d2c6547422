// SPDX-License-Identifier: MIT

/// Reads values of one source, and collects what is wrong with them.
struct Reader {
    /// What `~` stands for: an absolute path, or nil when nobody said.
    let home: String?
    /// Where relative paths begin: the folder of the file, or the working directory.
    let folder: String
    /// The mode of the file when others may read it: such a file must not hold passwords.
    let exposedMode: String?
    /// What the setting that is being read takes; follows "expected".
    var expectation = ""
    /// What was wrong so far.
    var problems: [ConfigurationProblem] = []

    /// Notes what is wrong with `written`, and has no value for it.
    mutating func refuse<Value>(_ written: ConfigNode, _ message: String, suggestion: String? = nil) -> Value? {
        problems.append(.init(written.place, message, suggestion: suggestion))
        return nil
    }

    /// A text that says something; `what` names it for a message.
    mutating func text(_ written: ConfigNode, as what: String) -> String? {
        guard case .scalar(let text, _) = written.content, !written.isNull else {
            return refuse(written, "expected \(what), found \(written.kind)")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            return refuse(written, "expected \(what), found an empty text")
        }
        // What ends here goes to system calls, which stop at a zero byte.
        guard !text.utf8.contains(0) else {
            return refuse(written, "expected \(what), found a text with a zero byte")
        }
        return text
    }

    /// A word or number that is written without quotes.
    mutating func plain(_ written: ConfigNode, as what: String) -> String? {
        guard case .scalar(let text, isQuoted: false) = written.content, !written.isNull else {
            let isQuoted = if case .scalar(_, isQuoted: true) = written.content { true } else { false }
            return refuse(
                written, "expected \(what), found \(written.kind)", suggestion: isQuoted ? "remove the quotes" : nil)
        }
        return text
    }

    /// The items of a list.
    mutating func items(_ written: ConfigNode, of what: String) -> [ConfigNode]? {
        switch written.content {
        case .list(let items): return items
        case .scalar where !written.isNull:
            return refuse(written, "expected \(what), found a single value", suggestion: "write it as a list, in [ ]")
        case .scalar, .section:
            return refuse(written, "expected \(what), found \(written.kind)", suggestion: "an empty list is []")
        }
    }

    /// An absolute path. `~` is the home directory, also unquoted, where YAML reads it as null.
    mutating func path(_ written: ConfigNode) -> String? {
        if case .scalar("~", _) = written.content { return expand("~", in: written) }
        return text(written, as: "a path").flatMap { expand($0, in: written) }
    }

    /// `text` as an absolute path without empty and `.` parts. `..` stays: behind a symbolic link it is not what it
    /// looks like.
    mutating func expand(_ text: String, in written: ConfigNode) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        if text.hasPrefix("/") { return Self.join(parts) }
        guard let first = parts.first, first.hasPrefix("~") else {
            return Self.join(folder.split(separator: "/") + parts)
        }
        guard first == "~" else {
            return refuse(
                written, "\(quoted(text)): only '~' and '~/...' are expanded",
                suggestion: "write the whole path, or './\(text)' for a folder of that name")
        }
        guard let home else {
            return refuse(written, "'~' is unknown because HOME is not set to an absolute path")
        }
        return Self.join(home.split(separator: "/") + parts.dropFirst())
    }

    private static func join(_ parts: some Sequence<Substring>) -> String {
        "/" + parts.filter { $0 != "." }.joined(separator: "/")
    }
}
