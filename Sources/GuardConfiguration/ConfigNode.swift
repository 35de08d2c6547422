// SPDX-License-Identifier: MIT

internal import GuardCore

/// What somebody wrote, before anything is known about its meaning: the part of YAML that a configuration may use.
struct ConfigNode: Sendable {
    enum Content: Sendable {
        /// A text; quoted, it is nothing but text, plain, it may be a number or null.
        case scalar(String, isQuoted: Bool)
        case list([ConfigNode])
        case section([Entry])
    }

    /// One `key: value` of a section.
    struct Entry: Sendable {
        let name: String
        let place: Place
        let value: ConfigNode
    }

    let content: Content
    let place: Place

    /// Whether nothing was written: `key:`, `key: ~` or `key: null`. Outside of YAML these are words like others.
    var isNull: Bool {
        guard case .scalar(let text, isQuoted: false) = content, place.file != nil else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What kind of thing it is, for a message.
    var kind: String {
        switch content {
        case _ where isNull: "nothing"
        case .scalar(let text, isQuoted: true): "the quoted text \(quoted(text))"
        case .scalar(let text, isQuoted: false): quoted(text)
        case .list: "a list"
        case .section: "a section"
        }
    }
}

/// `text` for a message: in quotes, on one line, not too long, and never with a password.
func quoted(_ text: String) -> String {
    guard !ConnectionText(text).holdsPassword else { return "a text with a password (not shown)" }
    let shown = text.count > 60 ? text.prefix(57) + "..." : text[...]
    return "'" + shown.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
        + "'"
}
