// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Hummingbird
internal import Logging

/// What a request brings with it from its connection.
struct ControlContext: RequestContext {
    /// Where it comes from.
    struct Source: RequestContextSource {
        let connection: ConnectionFacts
        let logger: Logger
    }

    var coreContext: CoreRequestContextStorage
    let connection: ConnectionFacts

    init(source: Source) {
        coreContext = .init(source: source)
        connection = source.connection
    }
}

/// What is known of a connection before its first request.
struct ConnectionFacts: Sendable {
    let peer: Peer
    /// Why nothing is served on it.
    let refusal: GuardError?
    let hangup: ClientDisconnect
}
