// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// The audit and its events, for people.
extension CommandText {
    static func entries(_ entries: [JournalEvent], _ memories: Memories, _ style: Style) -> String {
        guard !entries.isEmpty else { return "No event." }
        var table = Table(["ID", "WHEN", "MEMORY", "EVENT", "DETAIL", "OPERATION"], flexible: 4)
        for entry in entries {
            let (words, tone) = detail(entry.facts)
            table.add([
                .init(String(entry.id)), .init(style.age(entry.at)), .init(memories.name(entry.store)),
                .init(entry.kind.rawValue), .init(words, tone), .init(entry.operation?.value ?? "-"),
            ])
        }
        return table.text(style)
    }

    /// One entry as a line that can be understood without the lines before it.
    static func line(_ entry: JournalEvent, _ memories: Memories, _ style: Style) -> String {
        let (words, tone) = detail(entry.facts)
        // Ages would grow old on the screen.
        return [
            String(entry.id), entry.at.description, entry.kind.rawValue, entry.store.map { memories.name($0) },
            entry.operation?.value,
            words.isEmpty ? nil : style.paint(PrintableText.line(words), tone),
        ].compactMap { $0 }.joined(separator: "  ")
    }

    static func gap(newest: Int64) -> String {
        "GAP: the event in --since belongs to another journal. The events up to \(newest): dementiactl audit list"
    }

    static func verification(_ verification: AuditVerification, _ style: Style) -> String {
        facts([
            (
                "audit",
                verification.intact
                    ? style.paint("intact", .good)
                    : style.paint("BROKEN at entry \(verification.brokenAt.map(String.init) ?? "?")", .bad)
            ),
            ("entries", "\(verification.entries), each with the hash that it was written with"),
            ("head", verification.head),
            (
                "next",
                verification.intact ? nil : "Keep the record as evidence: dementiactl audit export --output FILE"
            ),
        ])
    }

    static func exported(_ export: AuditExport.Written, _ style: Style) -> String {
        facts([
            ("file", PrintableText.line(export.path)),
            ("size", Style.size(export.sizeBytes)),
            ("sha256", export.sha256),
        ]) + "\n" + verification(export.verification, style)
    }

    static let auditChangedOnTheWay = GuardError(
        .verificationFailed, "The entries that arrived differ from those that the daemon has just verified",
        hint: "Verify it again: dementiactl audit verify")

    private static func detail(_ facts: JournalEvent.Facts) -> (String, Style.Tone?) {
        let outcome: (words: String, tone: Style.Tone)? = facts.outcome.map { describe($0) }
        let parts = [
            facts.operationKind?.rawValue,
            facts.trigger.map { "by \($0)" },
            facts.step.map { Phrases.step($0) }, facts.stepState?.rawValue,
            outcome?.words,
            facts.succeeded.map { $0 ? "succeeded" : "FAILED" },
            facts.backup.map { "backup \($0)" },
            facts.hold.map { "hold \($0)" },
            facts.error?.rawValue,
            facts.location,
            facts.detail,
        ]
        let tone = outcome?.tone ?? (facts.succeeded == false || facts.stepState == .failed ? .bad : nil)
        return (parts.compactMap { $0 }.joined(separator: " "), tone)
    }
}
