// SPDX-License-Identifier: MIT

/// How much of the daemon one client may take. What exceeds it is answered with a problem, never with a hang.
public struct ControlLimits: Sendable {
    /// All names and values of a request's header, in bytes.
    public var headerBytes = 16 << 10
    /// A request's body, in bytes.
    public var bodyBytes = 256 << 10
    /// Connections of the owner and root at a time, and as many of everybody else: who may only read cannot keep the owner out. As many
    /// again are told that there is no room, and more are closed at once.
    public var connections = 32
    /// Streams of events of one user at a time.
    public var streams = 8
    /// Plans that are computed for one reader at a time: each may copy a memory. The owner's are not counted.
    public var plans = 2
    /// From the connection, or the first byte after another request, to the end of a request.
    public var requestTime = Duration.seconds(10)
    /// How long a connection may stay open after an answer without asking again.
    public var idleTime = Duration.seconds(60)
    /// How long a client may leave an answer unread while more of it waits.
    public var stallTime = Duration.seconds(120)
    /// The longest `?wait=`; a longer one is cut to it.
    public var longestWait = Duration.seconds(60)
    /// How often a stream with nothing to tell says that it is alive.
    public var heartbeat = Duration.seconds(15)
    /// How long a stop waits for clients that do not read what they asked for.
    public var stopTime = Duration.seconds(5)

    public init() {}
}
