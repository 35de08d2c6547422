// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Logging

extension LogRecord {
    /// The record as one line, `time level message key=value`, without its end. It is one line whatever the texts hold.
    func line(at time: Timestamp) -> String {
        var line = "\(time) \(level) \(Self.escaped(message))"
        for value in values { line += " \(Self.escaped(value.name))=\(Self.quoted(value.text))" }
        return line
    }

    /// `text`, in quotation marks where its end could not be seen without them.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && !text.unicodeScalars.contains { [" ", "\"", "=", "\\"].contains($0) }
        if isPlain { return escaped(text) }
        return "\"" + escaped(QuotedText.escaped(text, ["\\": "\\\\", "\"": "\\\""])) + "\""
    }

    /// `text` with `\n` for a line feed, and so on: what is logged can neither begin a line of its own nor steer a terminal.
    private static func escaped(_ text: String) -> String {
        let common = text.replacing("\r\n", with: "\\r\\n").replacing("\n", with: "\\n").replacing(
            "\r", with: "\\r")
        return PrintableText.line(common.replacing("\t", with: "\\t"))
    }
}
