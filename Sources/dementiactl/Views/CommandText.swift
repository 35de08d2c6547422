// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

/// Everything that the command line says to a person by itself. What the daemon says is passed on.
enum CommandText {
    // MARK: Failures

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

    static func partOfDatabase(_ path: String) -> GuardError {
        GuardError(
            .usage, "SQLite would take \(path) for a part of the database beside it",
            hint: "Give a name that does not end with \(SQLiteSidecar.endings.joined(separator: " or ")): --output FILE"
        )
    }

    static func noFolder(_ path: String) -> GuardError {
        GuardError(
            .usage, "there is no folder for \(path)",
            hint: "Make the folder first, or give a name in one that is there: --output FILE")
    }

    static func mayNotWrite(_ path: String, _ reason: String) -> GuardError {
        GuardError(
            .permissionDenied, "\(path) may not be written by this user",
            hint: "Choose a place that this user may write: --output FILE", causes: [reason])
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

    static func tone(_ state: StoreState) -> Style.Tone {
        switch state {
        case .current: .good
        case .pending, .held, .busy: .wait
        case .drifted, .unknown, .failed, .missing, .notAnswering: .bad
        }
    }

    static func version(_ number: Int?) -> String { number.map(String.init) ?? "?" }
}
