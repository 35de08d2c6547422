// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// Everything that the command line says to a person by itself. What the daemon says is passed on.
enum Wording {
    // MARK: Failures

    /// An error as text: what, why, the state of the data, and the next step.
    static func failure(_ problem: Problem) -> String {
        var lines = ["dementiactl: \(Style.printable(problem.detail))"]
        // Of a confirmation they are what would change, and no reasons.
        let label = problem.code == .confirmationNeeded ? "" : "because: "
        lines += problem.causes.map { "  \(label)\(Style.printable($0))" }
        if problem.store != nil || problem.dataState != .untouched {
            lines.append("  data: \(describe(problem.dataState))")
        }
        lines += problem.hint.map { ["  next: \(Style.printable($0))"] } ?? []
        return lines.joined(separator: "\n")
    }

    static func usage(_ message: String) -> GuardError {
        GuardError(.usage, message, hint: "See: dementiactl --help")
    }

    static func noVerb(_ verb: String) -> GuardError {
        usage("There is no verb '\(verb)'")
    }

    static func noStore(_ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no store '\(name)'",
            hint: "See which there are: dementiactl stores list. Look for new ones: dementiactl stores rescan")
    }

    static func noBackup(_ name: String) -> GuardError {
        GuardError(.notFound, "There is no backup '\(name)'", hint: "See which there are: dementiactl backup list")
    }

    static func noOperation(_ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no operation '\(name)'", hint: "See which there are: dementiactl operations list")
    }

    static func ambiguous(_ name: String, _ matches: [String]) -> GuardError {
        GuardError(
            .usage, "'\(name)' is the beginning of \(matches.count) ids", hint: "Give more of it.",
            causes: Array(matches.prefix(5)))
    }

    static let interrupted = GuardError(.interrupted, "Interrupted", hint: "See how things stand: dementiactl status")

    static func detached(_ id: OperationID, _ state: DataState) -> GuardError {
        GuardError(
            .interrupted, "Interrupted; operation \(id) goes on", dataState: state,
            hint: "Watch it: dementiactl operations watch \(id). Stop it: dementiactl operations cancel \(id)")
    }

    static func badMoment(_ text: String) -> GuardError {
        GuardError(
            .usage, "'\(text)' is no time", hint: "Give one such as 2h or 2026-01-31T18:00:00Z.")
    }

    static let nothingToVerify = GuardError(
        .usage, "Which backups?", hint: "Name them, or all: dementiactl backup verify --all")

    static func exists(_ path: String) -> GuardError {
        GuardError(.usage, "\(path) is there already", hint: "Give a name that is free: --output FILE")
    }

    static func cannotWrite(_ path: String, _ reason: String) -> GuardError {
        GuardError(
            .inputOutput, "\(path) cannot be written; the backup itself is unharmed",
            hint: "Choose a place with room and write permission: --output FILE", causes: [reason])
    }

    static func damagedOnTheWay(_ id: BackupID) -> GuardError {
        GuardError(
            .verificationFailed, "What arrived of backup \(id) has another checksum than the backup; it was removed",
            hint: "See whether the backup itself is sound: dementiactl backup verify \(id)")
    }

    // MARK: Confirmation

    static let question = "Go on? [y/N] "

    static func confirmationNeeded(_ plan: PlanForm, command: String) -> GuardError {
        GuardError(
            .confirmationNeeded, "\(headline(plan)) needs a yes, and there is no terminal to ask at", store: plan.store,
            hint: "Say it in advance: \(command) --yes", causes: Array(change(plan).dropFirst()))
    }

    static func declined(_ plan: PlanForm, command: String) -> GuardError {
        GuardError(
            .confirmationNeeded, "Not confirmed; nothing was changed", store: plan.store,
            hint: "Look closer: \(command) --dry-run")
    }

    /// What a plan would change, for whoever has to say yes.
    static func change(_ plan: PlanForm) -> [String] {
        let steps = plan.steps.map { "\(describe($0.action)) \($0.version) \($0.name)" }
        return ["\(headline(plan)) changes \(Style.printable(plan.destination ?? plan.location)):"]
            + steps + losses(plan) + plan.notes.map { Style.printable($0) }
    }

    static func losses(_ plan: PlanForm) -> [String] {
        plan.wouldLose.map { loss in
            let table = Style.printable(loss.table)
            guard let column = loss.column else {
                // A way back takes whole tables; a restore leaves them and takes rows that are younger than the backup.
                return plan.kind == .restore
                    ? "table \(table) loses \(rows(loss.rows))" : "table \(table) goes, with \(rows(loss.rows))"
            }
            return "column \(table).\(Style.printable(column)) goes, with values in \(rows(loss.rows))"
        }
    }

    static func headline(_ plan: PlanForm) -> String {
        switch plan.kind {
        case .downgrade: "The downgrade from \(version(plan.from)) to \(version(plan.to))"
        case .restore: "The restore" + (plan.backup.map { " of backup \($0)" } ?? "")
        case .repair: "The repair"
        default: "The \(plan.kind.rawValue)"
        }
    }

    // MARK: Words for values

    static func describe(_ state: DataState) -> String {
        switch state {
        case .untouched: "untouched"
        case .changing: "being changed; it ends in the old or in the new state"
        case .migratedVerified: "the new state is in place and verified"
        case .restoredVerified: "the state of the backup is back and verified"
        case .unverified: "not verified; a proved backup exists, and somebody has to look"
        }
    }

    static func describe(_ action: PlanForm.Action) -> String {
        switch action {
        case .apply: "apply"
        case .adopt: "record"
        case .revert: "take back"
        case .repair: "repair"
        }
    }

    static func outcome(_ record: OperationRecord) -> (words: String, tone: Style.Tone) {
        guard record.state == .settled, let outcome = record.outcome else { return (record.state.rawValue, .wait) }
        return switch outcome {
        case .succeeded: (done(record.kind), .good)
        case .nothingToDo: ("nothing to do", .good)
        case .cancelled: ("cancelled", .wait)
        case .busy: ("busy, not done", .wait)
        case .failedUntouched: ("failed, data untouched", .bad)
        case .failedRestored: ("failed, data restored and verified", .bad)
        case .needsAttention: ("NEEDS ATTENTION", .bad)
        }
    }

    private static func done(_ kind: OperationKind) -> String {
        switch kind {
        case .migrate: "migrated"
        case .backup: "backed up"
        case .restore: "restored"
        case .verify: "verified"
        case .transfer: "transferred"
        case .downgrade: "downgraded"
        case .repair: "repaired"
        case .prune: "pruned"
        case .rescan: "scanned"
        }
    }

    static func step(_ kind: StepKind) -> String {
        switch kind {
        case .preflight: "checking"
        case .backup: "backing up"
        case .rehearse: "rehearsing"
        case .migrate: "migrating"
        case .transfer: "transferring"
        case .verify: "verifying"
        case .keep: "keeping the present state"
        case .restore: "restoring"
        case .prune: "making room"
        case .recover: "recovering"
        case .awaitingEvidence: "waiting for its server"
        }
    }

    static func tone(_ state: StoreState) -> Style.Tone {
        switch state {
        case .current: .good
        case .pending, .held, .busy: .wait
        case .drifted, .unknown, .failed, .missing: .bad
        }
    }

    static func version(_ number: Int?) -> String { number.map(String.init) ?? "?" }

    static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    static func rows(_ number: Int64) -> String { "\(number) \(number == 1 ? "row" : "rows")" }

    // MARK: Progress

    /// One line: a bar, a rate and the time that remains, as far as they are known.
    static func progress(
        _ title: String, _ progress: Progress, doneSinceStart: Int64, in elapsed: Duration, width: Int
    ) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        var text = "\(Table.cut(Style.printable(title), to: max(12, width / 4)))  \(step(progress.step))"
        guard progress.total > 0 else { return Table.cut(text, to: width - 1) }
        let share = min(1, Double(progress.done) / Double(progress.total))
        let filled = Int(share * 20)
        text += "  [" + String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled) + "]"
        text += "  \(Int(share * 100)) %"
        // The first moments tell nothing about the rest.
        if seconds >= 1, doneSinceStart > 0 {
            let rate = Double(doneSinceStart) / seconds
            text +=
                "  "
                + (progress.unit == .bytes
                    ? "\(Style.size(Int64(rate)))/s" : "\(Int64(rate)) \(progress.unit.rawValue)/s")
            text += "  \(Style.span(Int64((Double(progress.total - progress.done) / rate).rounded(.up)))) left"
        }
        return Table.cut(text, to: width - 1)
    }
}
