// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// Everything that the command line says to a person by itself. What the daemon says is passed on.
enum Wording {
    // MARK: Failures

    /// An error as text: what, why, the state of the data, and the next step.
    static func failure(_ problem: Problem) -> String {
        var lines = ["dementiactl: \(PrintableText.line(problem.detail))"]
        // Of a confirmation they are what would change, and no reasons.
        let label = problem.code == .confirmationNeeded ? "" : "because: "
        lines += problem.causes.map { "  \(label)\(PrintableText.line($0))" }
        if problem.store != nil || problem.dataState != .untouched {
            lines.append("  data: \(describe(problem.dataState))")
        }
        lines += problem.hint.map { ["  next: \(PrintableText.line($0))"] } ?? []
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

    static let watchedLongEnough = GuardError(
        .timedOut, "The time to watch is over", hint: "See how things stand: dementiactl status")

    static let interrupted = GuardError(.interrupted, "Interrupted", hint: "See how things stand: dementiactl status")

    /// - Parameter ids: what goes on, at least one
    static func detached(_ ids: [OperationID], _ state: DataState) -> GuardError {
        let id = ids.first?.value ?? ""
        let what = ids.count == 1 ? "operation \(id) goes on" : "operation \(id) and \(ids.count - 1) more go on"
        return GuardError(
            .interrupted, "Interrupted; \(what)", dataState: state,
            hint: "Watch it: dementiactl operations watch \(id). Stop it: dementiactl operations cancel \(id)")
    }

    /// Said of an operation that still runs and was told to stop.
    static let askedToStop = "  note: it was asked to stop, and stops before its point of no return"

    static let pressAgain = "  Press Ctrl-C again within 2 s to ask it to stop."

    static func stopped(_ ids: [OperationID], _ state: DataState, _ refusals: [GuardError]) -> GuardError {
        let id = ids.first?.value ?? ""
        let what = ids.count == 1 ? "operation \(id) was" : "operation \(id) and \(ids.count - 1) more were"
        return GuardError(
            .interrupted, "Interrupted twice; \(what) asked to stop", dataState: state,
            hint: "See what became of it: dementiactl operations show \(id)", causes: refusals.map(\.message))
    }

    static func notFollowed(after id: Int64?) -> GuardError {
        GuardError(
            .interrupted, "Interrupted",
            hint: "Go on: dementiactl events --follow" + (id.map { " --since \($0)" } ?? ""))
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
            .inputOutput, "\(path) cannot be written; what was to be exported is unharmed",
            hint: "Choose a place with room and write permission: --output FILE", causes: [reason])
    }

    static func damagedOnTheWay(_ id: BackupID) -> GuardError {
        GuardError(
            .verificationFailed, "What arrived of backup \(id) has another checksum than the backup; it was removed",
            hint: "See whether the backup itself is sound: dementiactl backup verify \(id)")
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
        return outcome == .succeeded ? (done(record.kind), .good) : describe(outcome)
    }

    static func describe(_ outcome: Outcome) -> (words: String, tone: Style.Tone) {
        switch outcome {
        case .succeeded: ("succeeded", .good)
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
        case .drifted, .unknown, .failed, .missing, .notAnswering: .bad
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
        var text = "\(Table.cut(PrintableText.line(title), to: max(12, width / 4)))  \(step(progress.step))"
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
