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
        return "\"" + escaped(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")) + "\""
    }

    /// `text` with `\n` for a line feed, and so on: what is logged can neither begin a line of its own nor steer a terminal.
    private static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if isControl(scalar) {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) || scalar == "\u{2028}" || scalar == "\u{2029}"
    }
}
