// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// The history of one memory, for people.
extension OperationText {
    /// The kinds of operations that change a memory, or tried to.
    private static let changes: Set<OperationKind> = [.migrate, .downgrade, .repair, .restore, .transfer]

    /// One row for each attempt, newest first.
    static func history(
        _ history: HistoryForm, _ operations: [OperationRecord], _ memories: Memories, _ style: Style
    ) -> String {
        let name = memories.name(history.store)
        let attempts = operations.filter { changes.contains($0.kind) && $0.outcome != .nothingToDo }
        var blocks = ["\(name)  \(PrintableText.line(history.location))"]
        if attempts.isEmpty {
            blocks.append("No upgrade, restore or other change was attempted.")
        } else {
            var table = Table(["WHEN", "ATTEMPT", "RESULT", "TOOK", "WAITED", "BACKUP"], flexible: 2)
            for operation in attempts {
                let sentence = memories.sentence(operation)
                table.add([
                    .init(style.age(operation.startedAt)), .init(sentence.work),
                    .init(result(operation, sentence), CommandText.tone(operation)),
                    .init(sentence.milliseconds.map { Style.time(milliseconds: $0) } ?? "-"),
                    .init(operation.result?.lockedMilliseconds.map { Style.time(milliseconds: $0) } ?? "-"),
                    .init((operation.result?.keptState ?? operation.backup).map { String($0.sequence) } ?? "-"),
                ])
            }
            blocks.append(table.text(style))
        }
        let foreign = unrecorded(history, operations)
        if !foreign.isEmpty {
            let versions = foreign.map {
                memories.version($0.version, of: history.store) + ($0.success ? "" : " (failed)")
            }
            blocks.append("In the ledger only, from before this record: \(versions.joined(separator: ", "))")
        }
        var rest = Phrases.count(operations.count - attempts.count, "other operation")
        rest =
            operations.count == attempts.count
            ? "" : "\(rest): dementiactl operations list --store \(memories.word(history.store))\n"
        blocks.append("\(rest)Every event: dementiactl history \(memories.word(history.store)) --events")
        return blocks.joined(separator: "\n\n")
    }

    /// Rows of the ledger that belong to no operation of this record.
    private static func unrecorded(
        _ history: HistoryForm, _ operations: [OperationRecord]
    ) -> [HistoryForm.LedgerRow] {
        let known = Set(operations.map(\.id))
        return history.ledger.filter { row in row.operation.map { !known.contains($0) } ?? true }
    }

    private static func result(_ operation: OperationRecord, _ sentence: OperationSentence) -> String {
        guard operation.outcome != .succeeded, let error = operation.error else { return sentence.result }
        return "\(sentence.result): \(error.detail)"
    }

    /// The rows of the ledger and the raw events, with their details.
    static func events(of history: HistoryForm, _ memories: Memories, _ style: Style) -> String {
        var blocks = ["\(memories.name(history.store))  \(PrintableText.line(history.location))"]
        if history.ledger.isEmpty {
            blocks.append("The ledger in the memory has no row.")
        } else {
            var table = Table(["VERSION", "NAME", "RESULT", "WHEN", "OPERATION", "MESSAGE"], flexible: 5)
            for row in history.ledger {
                table.add([
                    .init(String(row.version)), .init(row.name),
                    row.success ? .init(row.origin ?? "applied", .good) : .init("failed", .bad),
                    .init(style.age(row.appliedAt)), .init(row.operation?.value ?? "-"), .init(row.errorMessage ?? ""),
                ])
            }
            blocks.append(table.text(style))
        }
        if !history.events.isEmpty {
            var table = Table(["WHEN", "EVENT", "VERSION", "OPERATION", "DETAIL"], flexible: 4)
            for event in history.events {
                let detail = [event.outcome?.rawValue, event.detail].compactMap { $0 }.joined(separator: ": ")
                table.add([
                    .init(style.age(event.at)), .init(event.kind), .init(event.version.map(String.init) ?? ""),
                    .init(event.operation?.value ?? "-"), .init(detail),
                ])
            }
            blocks.append(table.text(style))
        }
        return blocks.joined(separator: "\n\n")
    }
}
