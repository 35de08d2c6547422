// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

/// The texts that show people operations, backups and the history of a memory.
enum OperationText {
    static func operations(_ operations: [OperationRecord], _ memories: Memories, _ style: Style) -> String {
        guard !operations.isEmpty else { return "No operation." }
        var table = Table(["MEMORY", "OPERATION", "STARTED", "RESULT", "ID"], flexible: 3)
        for operation in operations {
            let sentence = memories.sentence(operation)
            table.add([
                .init(memories.name(operation.store)), .init(sentence.work), .init(style.age(operation.startedAt)),
                .init(sentence.result, CommandText.tone(operation)), .init(operation.id.value),
            ])
        }
        return table.text(style)
    }

    /// The operation in a sentence, the reason of a failure with the next step, and the rest.
    ///
    /// - Parameter isWhole: whether every step and every table is shown, and not only those that matter
    static func operation(
        _ operation: OperationRecord, isWhole: Bool = false, _ memories: Memories, _ style: Style
    ) -> String {
        let hasFailed = operation.state == .settled && ![.succeeded, .nothingToDo].contains(operation.outcome)
        let step = hasFailed ? operation.steps.last { $0.state == .failed } : nil
        var lines = [
            style.paint(memories.sentence(operation).text, CommandText.tone(operation)),
            CommandText.facts(
                [
                    ("why", operation.error.map { PrintableText.line($0.detail) })
                ] + (operation.error?.causes ?? []).map { ("because", PrintableText.line($0)) } + [
                    ("failed at", step.map { Phrases.step($0.kind) }),
                    ("data", Phrases.describe(operation.dataState)),
                    ("kept", kept(operation)),
                    ("removed", removed(operation)),
                    ("next", operation.error?.hint.map { PrintableText.line($0) } ?? waiting(operation)),
                    ("operation", operation.id.value),
                    (
                        "backup",
                        isWhole ? operation.backup.map { "\($0.sequence), id \($0)" } : nil
                    ),
                ]),
        ]
        if isWhole || hasFailed || operation.state != .settled {
            lines += operation.steps.map { "  \(mark($0, style)) \(Phrases.step($0.kind))\(describe($0))" }
        }
        lines += CommandText.transfer(operation.result, isWhole: isWhole, style)
        lines += notes(operation, isWhole)
        return lines.joined(separator: "\n")
    }

    /// The findings; of many alike only the first ones, with the number of the others.
    private static func notes(_ operation: OperationRecord, _ isWhole: Bool) -> [String] {
        let limit = isWhole ? Int.max : 5
        let shown = operation.findings.prefix(limit).map { "  note: \(PrintableText.line($0.message))" }
        let rest = operation.findings.count - shown.count
        guard rest > 0 else { return shown }
        return shown + [
            "  … and \(Phrases.count(rest, "more note")): dementiactl operations show \(operation.id) --verbose"
        ]
    }

    static func results(
        _ operations: [OperationRecord], _ problems: [Problem], leaving held: [StoreForm] = [], _ memories: Memories,
        _ style: Style
    ) -> String {
        let left = held.map {
            "\(memories.name($0.id)) was left on hold. Upgrade it nevertheless: dementiactl migrate \(memories.word($0.id))"
        }
        guard !operations.isEmpty || !problems.isEmpty else {
            return (["Nothing to do."] + left).joined(separator: "\n")
        }
        let list = operations.map { operation in
            let sentence = memories.sentence(operation)
            let hint = operation.error?.hint.map { "\n  next: \(PrintableText.line($0))" } ?? ""
            return style.paint(sentence.withReason, CommandText.tone(operation)) + hint
        }
        let refused = problems.map { problem in
            "not started: \(PrintableText.line(problem.detail))"
                + (problem.hint.map { "\n  next: \(PrintableText.line($0))" } ?? "")
        }
        return (list + refused + left).joined(separator: "\n")
    }

    static func backups(_ backups: [BackupForm], of chosen: StoreID? = nil, _ memories: Memories, _ style: Style)
        -> String
    {
        guard !backups.isEmpty else {
            return "No backup yet. Take one: dementiactl backup create" + (chosen.map { " \(memories.word($0))" } ?? "")
        }
        var table = Table(["MEMORY", "BACKUP", "WHEN", "REASON", "VERSION", "SIZE", "PROOF", "LOCATION"], flexible: 7)
        for backup in backups {
            table.add([
                .init(memories.name(backup.store)), .init(String(backup.id.sequence)),
                .init(style.age(backup.createdAt)),
                .init(backup.reason.rawValue + (backup.pinned ? ", pinned" : "")),
                .init(memories.version(backup.schemaVersion, of: backup.store)), .init(Style.size(backup.sizeBytes)),
                backup.verified ? .init(backup.proof.rawValue, .good) : .init("FAILED", .bad), .init(backup.location),
            ])
        }
        return table.text(style)
    }

    static func backup(_ backup: BackupForm, isWhole: Bool = false, _ memories: Memories, _ style: Style) -> String {
        let head = CommandText.facts([
            ("backup", "\(backup.id.sequence), id \(backup.id)"),
            ("of", "\(memories.name(backup.store)), \(PrintableText.line(backup.location))"),
            ("taken", "\(style.age(backup.createdAt)), reason \(backup.reason.rawValue)"),
            ("version", memories.version(backup.schemaVersion, of: backup.store)),
            ("size", "\(Style.size(backup.sizeBytes)), stored in \(Style.size(backup.storedBytes))"),
            ("proof", backup.verified ? style.paint(backup.proof.rawValue, .good) : style.paint("FAILED", .bad)),
            ("pinned", backup.pinned ? "yes" : nil),
            ("sha256", backup.sha256),
            ("folder", PrintableText.line(backup.path)),
        ])
        let tables = isWhole ? backup.tables : backup.tables.filter { $0.rows > 0 }
        let empty = backup.tables.count - tables.count
        return
            ([head] + tables.map { "  \(PrintableText.line($0.name)): \(Phrases.rows($0.rows))" }
            + (empty > 0 ? ["  and \(Phrases.count(empty, "table")) without rows"] : []))
            .joined(separator: "\n")
    }

    /// A backup that was just pinned or unpinned.
    static func pinned(_ backup: BackupForm, _ memories: Memories) -> String {
        let name = "Backup \(backup.id.sequence) of \(memories.name(backup.store))"
        return backup.pinned
            ? "\(name) is pinned: it is kept until it is unpinned."
            : "\(name) is no longer pinned: retention decides how long it is kept."
    }

    // MARK: Details

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
            return (["the replaced state is backup \(backup.sequence)"] + parts.compactMap { $0 }).joined(
                separator: "; ")
        }
    }

    private static func removed(_ operation: OperationRecord) -> String? {
        operation.result?.removed.map { removed in
            removed.isEmpty ? "no backup" : "backups \(removed.map { String($0.sequence) }.joined(separator: ", "))"
        }
    }

    private static func waiting(_ operation: OperationRecord) -> String? {
        operation.state == .settled ? nil : "dementiactl operations watch \(operation.id)"
    }

    private static func mark(_ step: StepRecord, _ style: Style) -> String {
        switch step.state {
        case .done: style.paint("✓", .good)
        case .failed: style.paint("✗", .bad)
        case .running, .stopped: "·"
        }
    }

    private static func describe(_ step: StepRecord) -> String {
        let time = step.finishedAt.map { Style.time(milliseconds: $0.milliseconds - step.startedAt.milliseconds) }
        let state = step.state == .done ? nil : step.state.rawValue
        let parts = [state, time, step.detail.map { PrintableText.line($0) }].compactMap { $0 }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }
}
