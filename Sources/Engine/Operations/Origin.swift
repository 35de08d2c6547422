// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal

/// What set an operation off, and on whose behalf it runs.
struct Origin: Sendable {
    /// In the words of the journal: `request`, `discovery`, `change`, …
    let trigger: String
    let uid: UInt32
    /// The name that its request has, so that it can be sent again without being done twice.
    var key: RequestKey?

    /// Somebody asked for it over the socket.
    static func request(of caller: Caller, _ key: RequestKey? = nil) -> Origin {
        Origin(trigger: "request", uid: caller.uid, key: key)
    }
}
