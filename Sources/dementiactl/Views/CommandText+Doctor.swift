// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Doctor
internal import GuardCore
internal import Terminal

// How findings look to a person.
extension CommandText {
    static func diagnoses(_ items: [Diagnosis], _ style: Style) -> String {
        guard !items.isEmpty else { return style.paint("✓ Nothing is wrong.", .good) }
        let counts = Diagnosis.Severity.allCases.compactMap { severity -> String? in
            let number = items.count { $0.severity == severity }
            return number == 0 ? nil : "\(number) \(words(severity, isOne: number == 1))"
        }
        let blocks = items.map { diagnosis($0, style) }
        return (blocks + [counts.joined(separator: ", ") + ". Mended? Ask again: dementiactl doctor"])
            .joined(separator: "\n\n")
    }

    private static func diagnosis(_ item: Diagnosis, _ style: Style) -> String {
        let (glyph, tone) = mark(item.severity)
        var lines = [
            style.paint("\(glyph) \(item.severity.rawValue)", tone) + "  \(PrintableText.line(item.message))"
                + style.paint("  [\(item.code)]", .quiet)
        ]
        guard let remedy = item.remedy else { return lines[0] }
        lines.append("  \(PrintableText.line(remedy.summary))")
        if let file = remedy.file {
            lines.append("  Write this into \(PrintableText.line(file.path)):")
            lines += file.text.split(separator: "\n").map { "      \(PrintableText.line(String($0)))" }
        }
        if let command = remedy.command {
            lines.append(remedy.file == nil ? "  Run:" : "  And run:")
            // To be copied as it stands: nothing is cut, and nothing stands beside it.
            lines.append("      \(PrintableText.line(command))")
        }
        return lines.joined(separator: "\n")
    }

    private static func mark(_ severity: Diagnosis.Severity) -> (glyph: String, tone: Style.Tone) {
        switch severity {
        case .failure: ("✗", .bad)
        case .degraded: ("!", .wait)
        case .notice: ("·", .quiet)
        }
    }

    private static func words(_ severity: Diagnosis.Severity, isOne: Bool) -> String {
        switch severity {
        case .failure: isOne ? "failure" : "failures"
        case .degraded: "degraded"
        case .notice: isOne ? "notice" : "notices"
        }
    }
}
