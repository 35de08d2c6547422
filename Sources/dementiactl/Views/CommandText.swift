// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

/// The texts of the command line. Texts of the daemon are passed on as they are.
enum CommandText {
    // MARK: Failures

    static func usage(_ message: String) -> GuardError {
        GuardError(.usage, message, hint: "See: dementiactl --help")
    }

    /// - Parameter suggestion: a verb that is spelled much the same, with its group
    static func noVerb(_ verb: String, suggestion: String? = nil) -> GuardError {
        guard let suggestion else { return usage("'\(verb)' is not a verb of dementiactl") }
        return GuardError(
            .usage, "'\(verb)' is not a verb of dementiactl", hint: "Did you mean: dementiactl \(suggestion) --help")
    }

    static func noStore(_ name: String, among all: [StoreForm] = []) -> GuardError {
        let memories = Memories(all)
        let known = all.prefix(8).map { memories.name($0.id) }.joined(separator: ", ") + (all.count > 8 ? ", …" : "")
        return GuardError(
            .notFound, "There is no memory '\(name)'" + (all.isEmpty ? "" : "; there are \(known)"),
            hint: "List the memories: dementiactl stores list. Look for new ones: dementiactl stores rescan")
    }

    static func noBackup(_ name: String) -> GuardError {
        GuardError(.notFound, "There is no backup '\(name)'", hint: "List the backups: dementiactl backup list")
    }

    static func noOperation(_ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no operation '\(name)'", hint: "List the operations: dementiactl operations list")
    }

    static func ambiguous(_ name: String, _ matches: [String]) -> GuardError {
        let shown = matches.prefix(5).joined(separator: "; ") + (matches.count > 5 ? "; …" : "")
        return GuardError(
            .usage, "'\(name)' is ambiguous, \(matches.count) match: \(shown)",
            hint: "Give more of the name, or the path. List the memories: dementiactl stores list")
    }

    static func noVersion(_ text: String, line: String?) -> GuardError {
        GuardError(
            .usage,
            "'\(text)' is not a version\(line.map { " of \($0)" } ?? ""). There are \(VersionText.list(line: line))",
            hint: "See the table of versions: dementiactl releases list")
    }

    static func nothingToUndo(_ name: String, _ store: StoreID, _ word: String) -> GuardError {
        GuardError(
            .notFound, "Nothing can be undone for \(name): no restore and no downgrade of it is recorded", store: store,
            hint: "See every attempt: dementiactl history \(word)")
    }

    static let watchedLongEnough = GuardError(
        .timedOut, "The time limit is over", hint: "See the present state: dementiactl status")

    static let interrupted = GuardError(.interrupted, "Interrupted", hint: "See the present state: dementiactl status")

    /// - Parameter ids: the operations that go on, at least one
    static func detached(_ ids: [OperationID], _ state: DataState) -> GuardError {
        let id = ids.first?.value ?? ""
        let what = ids.count == 1 ? "operation \(id) goes on" : "operation \(id) and \(ids.count - 1) more go on"
        return GuardError(
            .interrupted, "Interrupted; \(what)", dataState: state,
            hint: "Watch it: dementiactl operations watch \(id). Stop it: dementiactl operations cancel \(id)")
    }

    /// The note on an operation that still runs and was told to stop.
    static let askedToStop = "note       a stop was requested; it takes effect before the point of no return"

    static let pressAgain = "  Press Ctrl-C again within 2 s to stop the operation."

    static func stopped(_ ids: [OperationID], _ state: DataState, _ refusals: [GuardError]) -> GuardError {
        let id = ids.first?.value ?? ""
        let what = ids.count == 1 ? "operation \(id) was" : "operation \(id) and \(ids.count - 1) more were"
        return GuardError(
            .interrupted, "Interrupted twice; \(what) asked to stop", dataState: state,
            hint: "See the result: dementiactl operations show \(id)", causes: refusals.map(\.message))
    }

    static func notFollowed(after id: Int64?) -> GuardError {
        GuardError(
            .interrupted, "Interrupted",
            hint: "Go on: dementiactl events --follow" + (id.map { " --since \($0)" } ?? ""))
    }

    static func stillWaiting(_ condition: WaitCommand.Condition) -> GuardError {
        GuardError(
            .timedOut,
            condition == .current
                ? "The time limit is over, and not every memory is current"
                : "The time limit is over, and an operation still runs",
            hint: "See the present state: dementiactl status")
    }

    static func badMoment(_ text: String) -> GuardError {
        GuardError(
            .usage, "'\(text)' is not a time", hint: "Give a time such as 2h, 7d or 2026-01-31T18:00:00Z.")
    }

    static let nothingToVerify = GuardError(
        .usage, "No backup is named", hint: "Name backups, or verify all: dementiactl backup verify --all")

    static func exists(_ path: String) -> GuardError {
        GuardError(.usage, "\(path) exists already", hint: "Give another name: --output FILE")
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
            .inputOutput, "\(path) cannot be written; the backup or record itself is unharmed",
            hint: "Choose a place with room and write permission: --output FILE", causes: [reason])
    }

    static func damagedOnTheWay(_ id: BackupID) -> GuardError {
        GuardError(
            .verificationFailed, "The exported copy of backup \(id) does not match its checksum; the copy was removed",
            hint: "Verify the backup itself: dementiactl backup verify \(id)")
    }

    // MARK: Words for values

    static func describe(_ action: PlanForm.Action) -> String {
        switch action {
        case .apply: "apply"
        case .adopt: "record"
        case .revert: "revert"
        case .repair: "repair"
        }
    }

    static func tone(_ record: OperationRecord) -> Style.Tone {
        guard record.state == .settled, let outcome = record.outcome else { return .wait }
        return describe(outcome).tone
    }

    static func describe(_ outcome: Outcome) -> (words: String, tone: Style.Tone) {
        switch outcome {
        case .succeeded: ("succeeded", .good)
        case .nothingToDo: ("nothing to do", .good)
        case .cancelled: ("cancelled", .wait)
        case .busy: ("busy, postponed", .wait)
        case .failedUntouched: ("failed, data untouched", .bad)
        case .failedRestored: ("failed and reverted, data verified", .bad)
        case .needsAttention: ("NEEDS ATTENTION", .bad)
        }
    }

    /// The number of a schema, where the line that it belongs to is not known.
    static func version(_ number: Int?) -> String { number.map(String.init) ?? "?" }

    static func tone(_ state: StoreState) -> Style.Tone {
        switch state {
        case .current: .good
        case .pending, .held, .busy: .wait
        case .drifted, .unknown, .failed, .missing, .notAnswering: .bad
        }
    }
}
