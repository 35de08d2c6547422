// SPDX-License-Identifier: MIT

import GuardConfiguration

/// Writes the list of settings in the manual page dementiad.yaml(5).
enum ManualPage {
    /// What stands before and after the list in `man/dementiad.yaml.5`.
    static let marks = (start: ".\\\" settings begin", end: ".\\\" settings end")

    /// The list, as mdoc(7): each setting with its default, what it takes and what it is for.
    static var settings: String {
        var lines = [".Bl -tag -width Ds"]
        for setting in Setting.all {
            lines.append(".It Ic \(setting.key.rawValue) : \(escaped(setting.defaultText))")
            for sentence in [setting.documentation, "Takes \(setting.expectation)."] {
                lines += sentence.replacing(". ", with: ".\n").split(separator: "\n").map { escaped(String($0)) }
            }
        }
        return (lines + [".El"]).joined(separator: "\n")
    }

    /// roff reads a backslash, and a dot or an apostrophe at the beginning of a line.
    private static func escaped(_ text: String) -> String {
        let safe = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return safe.hasPrefix(".") || safe.hasPrefix("'") ? "\\&" + safe : safe
    }
}
