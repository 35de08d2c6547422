// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// Everything that the server itself says to a person. What the service says comes from the engine.
enum RequestErrors {
    static func noSuchResource(_ path: String) -> GuardError {
        GuardError(.notFound, "There is nothing at \(path)", hint: "Look at: GET /v1/status")
    }

    static func notAMethod(_ method: String, at path: String, allowed: [Route.Method]) -> GuardError {
        let methods = allowed.map(\.rawValue).joined(separator: ", ")
        return GuardError(.methodNotAllowed, "\(path) does not take \(method)", hint: "It takes: \(methods)")
    }

    static func unknownParameter(_ name: String, of route: Route) -> GuardError {
        let known = route.parameters.map(\.name).sorted().joined(separator: ", ")
        return GuardError(
            .usage, "\(route.path) has no parameter '\(name)'",
            hint: known.isEmpty ? "It has none." : "It has: \(known)")
    }

    static func repeatedParameter(_ name: String) -> GuardError {
        GuardError(.usage, "The parameter '\(name)' is there more than once", hint: "Give it once.")
    }

    static func missingParameter(_ name: String) -> GuardError {
        GuardError(.usage, "The parameter '\(name)' is missing", hint: "Add it to the query: ?\(name)=…")
    }

    static func badParameter(_ name: String, _ value: String, expected: String) -> GuardError {
        GuardError(.usage, "'\(value)' is no value for '\(name)'", hint: "Expected is \(expected).")
    }

    static func noSuch(_ what: String, _ id: String, hint: String) -> GuardError {
        GuardError(.notFound, "There is no \(what) \(id)", hint: hint)
    }

    static func notJSON(_ type: String?) -> GuardError {
        GuardError(
            .unsupportedMediaType,
            type.map { "The body is said to be \($0), not JSON" } ?? "The body's type is not given",
            hint: "Send the header: Content-Type: application/json")
    }

    static func noBodyTaken(by route: Route) -> GuardError {
        GuardError(.usage, "\(route.method.rawValue) \(route.path) takes no body", hint: "Send it without one.")
    }

    static func bodyMissing(for route: Route) -> GuardError {
        GuardError(.usage, "\(route.method.rawValue) \(route.path) needs a body", hint: "Send a JSON object.")
    }

    static func bodyTooLarge(limit: Int) -> GuardError {
        GuardError(
            .bodyTooLarge, "The body is longer than \(limit) bytes", hint: "Nothing that is asked for needs so much.")
    }

    static func headerTooLarge(limit: Int) -> GuardError {
        GuardError(.headerTooLarge, "The header is longer than \(limit) bytes", hint: "Send fewer or shorter fields.")
    }

    static let notHTTP = GuardError(.usage, "That is not an HTTP/1.1 request", hint: "Try: dementiactl status")

    static func requestTimeout(_ limit: Duration) -> GuardError {
        GuardError(
            .requestTimeout, "The request was not complete within \(limit.components.seconds) s",
            hint: "Send it again, in one go.")
    }

    static func tooManyConnections(limit: Int) -> GuardError {
        GuardError(
            .tooManyConnections, "\(limit) connections are open already", hint: "Close one, or try again in a moment.")
    }

    static func tooManyStreams(limit: Int) -> GuardError {
        GuardError(
            .tooManyStreams, "\(limit) streams of events are open already", hint: "Close one, or try again in a moment."
        )
    }

    static func tooManyPlans(limit: Int) -> GuardError {
        GuardError(
            .tooManyPlans, "\(limit) plans of this user are being computed already",
            hint: "Try again when they are done.")
    }

    static let stopping = GuardError(
        .notReachable, "The daemon is stopping", hint: "Try again when it has started: systemctl status 'dementiad*'")

    static let bodyCutShort = GuardError(.usage, "The body ended before it was complete", hint: "Send it again.")

    static func internalError(_ error: any Error) -> GuardError {
        GuardError(
            .internalError, "The daemon failed to answer", hint: "See its log: journalctl -t dementiad",
            causes: ["\(type(of: error))"])
    }
}
