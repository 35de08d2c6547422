// SPDX-License-Identifier: MIT

internal import GuardCore

/// Everything that the client itself says to a person. What the daemon says arrives as a problem.
enum ClientErrors {
    static func noSocket(_ socket: ControlSocket) -> GuardError {
        let places = socket.candidates.map { "\($0.path) (\($0.origin.rawValue))" }.joined(separator: ", ")
        return GuardError(
            .notReachable, "No daemon is running: there is no control socket at \(places)",
            hint: "Start it: systemctl --user start dementiad, or: dementiad serve")
    }

    static func refused(_ path: String) -> GuardError {
        GuardError(
            .notReachable, "No daemon answers at \(path): the socket was left by one that ended",
            hint: "Start it: systemctl --user start dementiad, or: dementiad serve")
    }

    static func notPermitted(_ path: String) -> GuardError {
        GuardError(
            .permissionDenied, "This user may not use the control socket \(path)",
            hint: "Only the user whose memories it guards and root may. See who that is: ls -l \(path)")
    }

    static func pathTooLong(_ path: String) -> GuardError {
        GuardError(
            .usage, "\(path) is too long for a socket: the system takes 107 bytes",
            hint: "Give a shorter one with --socket.")
    }

    static func busy(_ path: String) -> GuardError {
        GuardError(
            .notReachable, "The daemon at \(path) takes no more connections at the moment",
            hint: "Try again in a moment.")
    }

    static func cannotConnect(_ path: String, _ reason: String) -> GuardError {
        GuardError(
            .notReachable, "The daemon at \(path) cannot be reached", hint: "See: dementiactl version", causes: [reason]
        )
    }

    /// The connection broke before the answer was whole. What a request that changes something came to is not known here.
    static func cutOff(_ path: String, mayHaveActed: Bool) -> GuardError {
        GuardError(
            .notReachable, "The daemon at \(path) went away before it had answered",
            dataState: mayHaveActed ? .changing : .untouched,
            hint: mayHaveActed
                ? "What was begun is in its journal and is settled when it starts again: dementiactl operations list"
                : "See whether it is running: dementiactl status")
    }

    static func noAnswer(_ path: String, within time: Duration, mayHaveActed: Bool) -> GuardError {
        GuardError(
            .timedOut, "The daemon at \(path) gave no answer within \(time.components.seconds) s",
            dataState: mayHaveActed ? .changing : .untouched, hint: "See what it does: dementiactl operations list")
    }

    static func stillRunning(_ operation: OperationID, _ state: DataState, after time: Duration) -> GuardError {
        GuardError(
            .timedOut, "Operation \(operation) is not settled after \(time.components.seconds) s; it goes on",
            dataState: state,
            hint: "Wait on: dementiactl operations watch \(operation)")
    }

    static func lostTrack(_ operation: OperationID, _ state: DataState, _ cause: GuardError) -> GuardError {
        GuardError(
            .notReachable, "The daemon went away while operation \(operation) was running", dataState: state,
            hint:
                "Its journal has it, and it is settled when it starts again: dementiactl operations watch \(operation)",
            causes: [cause.message])
    }

    static func notUnderstood(_ path: String, status: UInt) -> GuardError {
        GuardError(
            .internalError, "What answers at \(path) is not a dementiad of this version (HTTP status \(status))",
            hint: "Compare the versions: dementiactl version")
    }

    static let stopped = GuardError(.interrupted, "Nothing more is waited for")

    static func lostEvents(_ last: Int64, _ cause: GuardError) -> GuardError {
        GuardError(
            .notReachable, "The daemon went away while its events were followed; the last one was \(last)",
            hint: "When it is back, go on: dementiactl events --follow --since \(last)", causes: [cause.message])
    }

    static func noMoreEvents(_ last: Int64, after time: Duration) -> GuardError {
        GuardError(
            .timedOut, "\(time.components.seconds) s are over; the last event was \(last)",
            hint: "Go on: dementiactl events --follow --since \(last)")
    }
}
