// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// How found contexts and timelines look to a person.
extension ContentsText {
    static func search(_ found: SearchForm, _ style: Style) -> String {
        let hits = found.items.map { hit -> String in
            let name = PrintableText.line("\(hit.label)@\(hit.version ?? "?")")
            let session = PrintableText.line(hit.session ?? "")
            let live = hit.isLive.map { $0 ? "in the memory now" : "not in the memory now" }
            let span =
                hit.first == hit.last
                ? "in \(short(hit.last, style))"
                : "from \(short(hit.first, style)) to \(short(hit.last, style)), in \(hit.states) states"
            return """
                \(style.paint(name, .strong))  session \(session)  \(PrintableText.line(hit.location))
                  \([span, live].compactMap(\.self).joined(separator: "; "))
                  \(PrintableText.line(hit.excerpt))
                """
        }
        let searched =
            "Searched: \(Phrases.count(found.backups, "backup")), \(Phrases.count(found.live, "memory", "memories")) as they are now"
        let rest = found.notSearched.map { "Not searched: \(PrintableText.line($0))" }
        let more = found.isCut ? ["There are more: --limit COUNT"] : []
        return ((hits.isEmpty ? ["Nothing was found."] : hits) + more + [searched] + rest).joined(separator: "\n")
    }

    static func timeline(_ line: TimelineForm, label: String?, _ style: Style) -> String {
        let shown = label == nil ? line.items : line.items.filter { !$0.contexts.isEmpty }
        let entries = shown.map { entry -> String in
            let head = "\(style.paint(short(entry.state, style), .strong))  \(cause(entry))"
            let changes = label == nil ? entry.tables.map(change) : entry.contexts.map(change)
            return ([head] + changes.map { "  \($0)" }).joined(separator: "\n")
        }
        let none = label.map { "No known state has a context '\(PrintableText.line($0))'." } ?? "No state is known."
        let rest = line.notRead.map { "Not read: \(PrintableText.line($0))" }
        return ((entries.isEmpty ? [none] : entries) + rest).joined(separator: "\n")
    }

    private static func short(_ state: MemoryState, _ style: Style) -> String {
        "\(state.backup?.description ?? StateChoice.live) (\(style.age(state.at)))"
    }

    private static func cause(_ entry: TimelineForm.Entry) -> String {
        let reason = entry.state.reason.map { ", backed up: \($0.rawValue)" } ?? ""
        let version = "version \(CommandText.version(entry.state.schemaVersion))"
        return switch entry.cause {
        case .first: "\(version)\(reason)"
        case .nothing: "\(version), as before\(reason)"
        case .application: "\(version), changed by the application\(reason)"
        case .operation:
            "\(version), after \(entry.kind?.rawValue ?? "an operation") \(entry.operation?.value ?? "")\(reason)"
        }
    }

    private static func change(_ table: TimelineForm.Table) -> String {
        let name = PrintableText.line(table.name)
        return switch (table.rowsBefore, table.rowsAfter) {
        case (nil, let rows?): "\(name) is new, with \(Phrases.count(rows, "row"))"
        case (let rows?, nil): "\(name) is gone, with \(Phrases.count(rows, "row"))"
        case (let old?, let new?) where old != new:
            "\(name) has \(Phrases.count(abs(new - old), "row")) \(new > old ? "more" : "fewer"): \(new)"
        default: "\(name) has other values"
        }
    }

    private static func change(_ context: TimelineForm.Context) -> String {
        let name = PrintableText.line("\(context.label)@\(context.version ?? "?") (session \(context.session ?? ""))")
        return switch context.change {
        case .added: "+ \(name)"
        case .removed: "- \(name)"
        case .changed: "~ \(name)"
        }
    }
}
