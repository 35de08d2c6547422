// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Engine
internal import GuardCore
internal import Stores
internal import Terminal

/// The report of one pass for people: the memories that were found, and for each its backup, rehearsal, migration, verification and next step.
struct PassReport {
    private let result: PassResult
    /// Where memories were looked for.
    private let places: [String]
    /// What may happen to a memory without asking.
    private let mode: (StoreLocation) -> MigrationMode

    init(_ result: PassResult, places: [String], mode: @escaping (StoreLocation) -> MigrationMode) {
        self.result = result
        self.places = places
        self.mode = mode
    }

    private var items: [PassItem] { result.items }
    private var problems: [GuardError] { result.problems }
    private var recovered: [OperationRecord] { result.recovered }

    /// The whole report, without a line end at its end. A name of others stays within its line, whatever it holds.
    var text: String {
        var blocks: [[String]] = []
        if !recovered.isEmpty {
            blocks.append(
                ["An earlier run was cut short. It was settled first:"]
                    + recovered.map { "  \($0.id)  \(Self.outcome($0))" })
        }
        blocks.append([headline])
        blocks += items.map { StoreReport(item: $0, mode: mode(of: $0.store)).lines }
        if !problems.isEmpty { blocks.append(["Not examined:"] + problems.flatMap(Self.sentences)) }
        if !notes.isEmpty { blocks.append(notes) }
        return blocks.map { $0.map(PrintableText.line).joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var headline: String {
        let places = places.joined(separator: ", ")
        guard !items.isEmpty else { return "No memory was found under \(places)." }
        let count = Phrases.count(items.count, "memory", "memories")
        let bad = items.filter { ($0.operation?.exitCode ?? .done) != .done || $0.store.needsAttention }.count
        if bad > 0 { return "\(count) under \(places): \(bad) \(bad == 1 ? "needs" : "need") attention." }
        if !problems.isEmpty {
            return
                "\(count) under \(places), and \(problems.count == 1 ? "one place" : "\(problems.count) places") not examined."
        }
        let held = items.filter { $0.store.state == .held }.count
        let waiting = items.filter { ![.current, .held].contains($0.store.state) }.count
        let parts = [
            waiting > 0 ? "\(waiting) \(waiting == 1 ? "waits" : "wait")" : nil,
            held > 0 ? "\(held) \(held == 1 ? "is" : "are") on hold" : nil,
        ].compactMap(\.self)
        return
            "\(count) under \(places): \(parts.isEmpty ? "\(items.count == 1 ? "it is" : "all are") safe" : parts.joined(separator: ", "))."
    }

    private func mode(of store: StoreForm) -> MigrationMode {
        let location = StoreLocation(engine: store.engine, name: store.location)
        return result.discovered.asking.contains(location) ? min(mode(location), .ask) : mode(location)
    }

    private var notes: [String] {
        let found = result.discovered.found
        var lines: [String] = []
        if !found.copies.isEmpty {
            lines.append("Copies under other names are not guarded: \(Self.some(found.copies))")
        }
        if !found.links.isEmpty { lines.append("Links are not followed: \(Self.some(found.links))") }
        if !found.unreadable.isEmpty { lines.append("Folders that could not be read: \(Self.some(found.unreadable))") }
        if !found.mounts.isEmpty {
            lines.append(
                "Mounted filesystems are not entered: \(Self.some(found.mounts.map { "\($0.path) (\($0.type))" }))")
        }
        return lines
    }

    private static func some(_ paths: [String]) -> String {
        let rest = paths.count - 3
        return paths.prefix(3).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private static func sentences(_ problem: GuardError) -> [String] {
        ["  \(problem.message)"] + problem.causes.map { "    because: \($0)" }
            + (problem.hint.map { ["    \($0)"] } ?? [])
    }

    private static func outcome(_ record: OperationRecord) -> String {
        switch record.dataState {
        case .untouched: "the memory had not been touched"
        case .migratedVerified: "the migration had been committed, and is verified now"
        case .restoredVerified: "the old state was restored and verified"
        case .changing, .unverified:
            "NEEDS ATTENTION: \(record.error?.detail ?? "the state could not be verified")"
        }
    }
}

/// One store's part of the report.
struct StoreReport {
    let item: PassItem
    let mode: MigrationMode

    private var store: StoreForm { item.store }

    var lines: [String] {
        let lines = facts.map { key, value in
            "  " + key + String(repeating: " ", count: max(1, 11 - key.count)) + value
        }
        return ["\(store.project)  \(store.location)"] + lines
    }

    private var facts: [(String, String)] {
        guard let operation = item.operation else { return [("is", standing)] }
        var facts: [(String, String)] = []
        let result = operation.result
        if let from = result?.fromVersion {
            facts.append(("was", version(from)))
        }
        func isNoted(_ code: String) -> Bool { operation.findings.contains { $0.code == code } }
        if let backup = operation.backup {
            let proof = isNoted("proofDecoded") ? "read back and compared" : "restored and compared"
            facts.append(("backed up", "\(backup), \(proof)"))
        }
        if operation.steps.contains(where: { $0.kind == .rehearse && $0.state == .done }), !isNoted("notRehearsed") {
            facts.append(("rehearsed", "on the restored copy"))
        }
        if let applied = result?.applied, !applied.isEmpty {
            let names = applied.map { "\($0.version) \($0.name)" + ($0.action == .adopt ? " (was there)" : "") }
                .joined(separator: ", ")
            facts.append(("migrated", "\(names); write lock held \(result?.lockedMilliseconds ?? 0) ms"))
        }
        if operation.dataState == .migratedVerified {
            facts.append(("verified", "integrity, postconditions and ledger, from a new connection"))
        }
        if let kept = result?.keptState {
            facts.append(("kept", "the failed state, as backup \(kept)" + Self.rows(result)))
        }
        if let error = operation.error {
            facts.append((operation.outcome == .busy ? "busy" : "failed", error.detail))
            facts += error.causes.map { ("because", $0) }
            facts.append(("data", Self.sentence(operation.dataState)))
            if let hint = error.hint { facts.append(("next", hint)) }
        } else {
            facts.append(("is", standing))
        }
        for finding in operation.findings.prefix(5) {
            let place = [finding.table, finding.row.map { "row \($0)" }].compactMap(\.self).joined(separator: ", ")
            facts.append(("note", place.isEmpty ? finding.message : "\(place): \(finding.message)"))
        }
        if operation.findings.count > 5 { facts.append(("", "and \(operation.findings.count - 5) more notes")) }
        return facts
    }

    private var standing: String {
        let version = store.schemaVersion.map(version) ?? "of unknown version"
        switch store.state {
        case .current: return "\(version), \(Style.size(store.sizeBytes)), nothing to do"
        case .pending:
            let wanted = store.wantedVersion.map(self.version) ?? "a newer version"
            return "\(version); the upgrade to \(wanted) waits, because the mode is \(mode.rawValue)"
        case .held:
            let why = store.problem.map { "; \($0.detail)" } ?? ""
            return "\(version), on hold: automation is paused\(why)"
        default: return "\(version), \(store.state.rawValue)"
        }
    }

    /// The version of Dementia, with the number of the schema where the line counts versions.
    private func version(_ schema: Int) -> String {
        let name = VersionText.name(schema, line: store.line)
        return store.engine == .sqlite && name != "schema \(schema)" ? "\(name) (schema \(schema))" : name
    }

    private static func rows(_ result: OperationResult?) -> String {
        guard let rows = result?.rowsInKeptState, !rows.isEmpty else { return "" }
        return " ("
            + rows.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value > 0 ? "+" : "")\($0.value) rows" }
            .joined(separator: ", ") + ")"
    }

    static func sentence(_ state: DataState) -> String {
        switch state {
        case .untouched: "untouched: as it was before"
        case .changing: "a change is under way"
        case .migratedVerified: "migrated and verified"
        case .restoredVerified: "restored and verified: as it was before"
        case .unverified: "not in a verified state; a proved backup is in the vault"
        }
    }
}
