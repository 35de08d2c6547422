// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// How operations and backups look to a person.
extension CommandText {
    static func operations(_ operations: [OperationRecord], _ style: Style) -> String {
        guard !operations.isEmpty else { return "No operation yet." }
        var table = Table(["OPERATION", "KIND", "STORE", "STARTED", "OUTCOME"], flexible: 4)
        for operation in operations {
            let (words, tone) = outcome(operation)
            table.add([
                .init(operation.id.value), .init(operation.kind.rawValue), .init(operation.store?.value ?? "-"),
                .init(style.age(operation.startedAt)), .init(words, tone),
            ])
        }
        return table.text(style)
    }

    static func operation(_ operation: OperationRecord, _ style: Style) -> String {
        let (words, tone) = outcome(operation)
        var lines = [
            facts([
                ("operation", operation.id.value),
                ("outcome", style.paint(words, tone)),
                ("kind", operation.kind.rawValue),
                ("store", operation.store?.value),
                ("data", Phrases.describe(operation.dataState)),
                ("versions", versions(operation)),
                ("backup", operation.backup?.description),
                ("kept", kept(operation)),
                ("removed", removed(operation)),
                (
                    "took",
                    operation.settledAt.map {
                        Style.time(milliseconds: $0.milliseconds - operation.startedAt.milliseconds)
                    }
                ),
                ("locked", operation.result?.lockedMilliseconds.map { Style.time(milliseconds: $0) }),
                ("why", operation.error.map { PrintableText.line($0.detail) }),
                ("next", operation.error?.hint.map { PrintableText.line($0) } ?? waiting(operation)),
            ])
        ]
        lines += operation.error?.causes.map { "  because: \(PrintableText.line($0))" } ?? []
        lines += operation.steps.map { "  \(Phrases.step($0.kind)): \(describe($0))" }
        lines += transfer(operation.result, style)
        lines += operation.findings.map { "  note: \(PrintableText.line($0.message))" }
        return lines.joined(separator: "\n")
    }

    static func results(
        _ operations: [OperationRecord], _ problems: [Problem], leaving held: [StoreForm] = [], _ style: Style
    ) -> String {
        let left = held.map {
            "left on hold: \($0.id)  \(PrintableText.line($0.location))\n  next: dementiactl migrate \($0.id)"
        }
        guard !operations.isEmpty || !problems.isEmpty else {
            return (["Nothing to do."] + left).joined(separator: "\n")
        }
        let list = operations.isEmpty ? [] : [self.operations(operations, style)]
        return
            (list
            + problems.map {
                "not started: \(PrintableText.line($0.detail))" + ($0.hint.map { "\n  next: \($0)" } ?? "")
            }
            + left)
            .joined(separator: "\n")
    }

    static func backups(_ backups: [BackupForm], _ style: Style) -> String {
        guard !backups.isEmpty else { return "No backup yet. Take one: dementiactl backup create" }
        var table = Table(["BACKUP", "WHEN", "REASON", "VERSION", "SIZE", "PROOF", "LOCATION"], flexible: 6)
        for backup in backups {
            table.add([
                .init(backup.id.description), .init(style.age(backup.createdAt)),
                .init(backup.reason.rawValue + (backup.pinned ? ", pinned" : "")),
                .init(version(backup.schemaVersion)), .init(Style.size(backup.sizeBytes)),
                backup.verified ? .init(backup.proof.rawValue, .good) : .init("FAILED", .bad), .init(backup.location),
            ])
        }
        return table.text(style)
    }

    static func backup(_ backup: BackupForm, _ style: Style) -> String {
        let head = facts([
            ("backup", backup.id.description),
            ("of", PrintableText.line(backup.location)),
            ("store", backup.store.value),
            ("taken", "\(style.age(backup.createdAt)), reason \(backup.reason.rawValue)"),
            ("version", version(backup.schemaVersion)),
            ("size", "\(Style.size(backup.sizeBytes)), stored in \(Style.size(backup.storedBytes))"),
            ("proof", backup.verified ? style.paint(backup.proof.rawValue, .good) : style.paint("FAILED", .bad)),
            ("pinned", backup.pinned ? "yes" : nil),
            ("sha256", backup.sha256),
            ("folder", PrintableText.line(backup.path)),
        ])
        return ([head] + backup.tables.map { "  \(PrintableText.line($0.name)): \(Phrases.rows($0.rows))" }).joined(
            separator: "\n")
    }

    // MARK: Details

    private static func versions(_ operation: OperationRecord) -> String? {
        guard let from = operation.result?.fromVersion, let to = operation.result?.toVersion, from != to else {
            return nil
        }
        return "\(from) to \(to)"
    }

    private static func kept(_ operation: OperationRecord) -> String? {
        operation.result?.keptState.map { backup in
            let extra = operation.result?.rowsInKeptState?.sorted { $0.key < $1.key } ?? []
            func list(_ words: String, _ tables: [(key: String, value: Int64)]) -> String? {
                guard !tables.isEmpty else { return nil }
                let rows = tables.map { "\(Phrases.rows(abs($0.value))) of \(PrintableText.line($0.key))" }
                return "\(words): \(rows.joined(separator: ", "))"
            }
            let missing = operation.result?.rowsNotInKeptState?.sorted { $0.key < $1.key } ?? []
            let parts = [
                list("only there", extra.filter { $0.value > 0 }),
                list("not there", extra.filter { $0.value < 0 } + missing),
            ]
            return (["the state before is backup \(backup)"] + parts.compactMap { $0 }).joined(separator: "; ")
        }
    }

    private static func removed(_ operation: OperationRecord) -> String? {
        operation.result?.removed.map { removed in
            Phrases.count(removed.count, "backup", "backups")
                + (operation.result?.freedBytes.map { ", \(Style.size($0)) given back" } ?? "")
        }
    }

    private static func waiting(_ operation: OperationRecord) -> String? {
        operation.state == .settled ? nil : "dementiactl operations watch \(operation.id)"
    }

    private static func describe(_ step: StepRecord) -> String {
        let time = step.finishedAt.map { Style.time(milliseconds: $0.milliseconds - step.startedAt.milliseconds) }
        return [step.state.rawValue, time, step.detail.map { PrintableText.line($0) }].compactMap { $0 }
            .joined(separator: ", ")
    }
}
