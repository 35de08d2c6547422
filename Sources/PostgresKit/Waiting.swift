// SPDX-License-Identifier: MIT

internal import CLibpq
internal import Glibc

/// How long a connection waits for its server.
public struct Patience: Sendable {
    /// How long the server may be silent while it works on a statement. Then the statement is cancelled.
    public var silence: Duration
    /// How long a statement goes on once its task was told to stop. Then it is cancelled as well.
    public var afterStop: Duration = .seconds(3)
    /// How long the server may take to cancel. Then the connection is given up.
    public var cancelling: Duration = .seconds(5)

    public init(silence: Duration = .seconds(60)) {
        self.silence = silence
    }
}

/// The wait for the end of one statement: for bytes of the server, or for room to send some.
struct StatementWait {
    /// What is done about a server that is silent.
    enum Stage: Equatable {
        case waiting
        /// Cancelling was asked for at this moment, because of the silence or of a stop.
        case cancelling(since: ContinuousClock.Instant, isStopped: Bool)
        /// The socket is closed.
        case abandoned
    }

    private(set) var stage = Stage.waiting
    private var lastSign = ContinuousClock.now
    private var stoppedSince: ContinuousClock.Instant?

    /// Notes that the server took or sent something.
    mutating func noteSign() { lastSign = .now }

    /// What comes next at the moment `now`, when nothing has come.
    mutating func advance(_ patience: Patience, isStopped: Bool, at now: ContinuousClock.Instant) -> Stage {
        if isStopped, stoppedSince == nil { stoppedSince = now }
        switch stage {
        case .waiting:
            let isSilent = now - lastSign >= patience.silence
            let mustStop = stoppedSince.map { now - $0 >= patience.afterStop } ?? false
            if isSilent || mustStop { stage = .cancelling(since: now, isStopped: !isSilent) }
        case .cancelling(let since, _):
            if now - since >= patience.cancelling { stage = .abandoned }
        case .abandoned: break
        }
        return stage
    }
}

extension Connection {
    /// How long one look at the socket lasts: as often a stop is noticed.
    private static let slice: Int32 = 200

    /// Begins a statement by `send`, one of libpq's functions that send and do not wait.
    func start(_ send: () -> Int32) throws(PostgresError) {
        wait = StatementWait()
        guard send() == 1 else { throw PostgresError(nil, on: handle) }
        try flush()
    }

    /// Sends what libpq holds. Takes in what the server says meanwhile: it may be waiting for that to be read.
    func flush() throws(PostgresError) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                if try block(for: Int16(POLLIN | POLLOUT)) & Int16(POLLIN) != 0 { try takeIn() }
            default: throw PostgresError(nil, on: handle)
            }
        }
    }

    /// The next result of the statement; nil behind the last.
    func nextResult() throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            _ = try block(for: Int16(POLLIN))
            // What it said before it hung up is a result, too.
            guard PQconsumeInput(handle) == 1 else { break }
        }
        return PQgetResult(handle)
    }

    /// The next row of a COPY out, as `PQgetCopyData` gives it: its length, or -1 at the end, or -2 after a failure.
    func nextCopyData(_ buffer: inout UnsafeMutablePointer<CChar>?) throws(PostgresError) -> Int32 {
        while true {
            let length = PQgetCopyData(handle, &buffer, 1)
            guard length == 0 else { return length }
            _ = try block(for: Int16(POLLIN))
            try takeIn()
        }
    }

    private func takeIn() throws(PostgresError) {
        guard PQconsumeInput(handle) == 1 else { throw PostgresError(nil, on: handle) }
    }

    /// Waits until the socket is ready for one of `events`, and tells for which.
    ///
    /// - Throws: the server was silent for too long and did not cancel either; the connection is gone then
    private func block(for events: Int16) throws(PostgresError) -> Int16 {
        while true {
            var entry = pollfd(fd: PQsocket(handle), events: events, revents: 0)
            let count = poll(&entry, 1, Self.slice)
            if count > 0 {
                wait.noteSign()
                return entry.revents
            }
            guard count == 0 || errno == EINTR else {
                throw PostgresError(sqlState: nil, message: "poll failed with errno \(errno)", isConnectionLost: true)
            }
            let before = wait.stage
            switch wait.advance(patience, isStopped: isStopped(), at: .now) {
            case .waiting: continue
            case .cancelling: if before == .waiting { canceller.cancelInBackground() }
            case .abandoned:
                // What comes from here on would be the answer to another statement.
                shutdown(PQsocket(handle), Int32(SHUT_RDWR))
                _ = PQconsumeInput(handle)
                throw PostgresError(
                    sqlState: nil, message: "\(silence), and did not cancel it", isConnectionLost: true)
            }
        }
    }

    private var silence: String {
        "the server did not end a statement within \(patience.silence.components.seconds) s or after a stop"
    }

    /// `error`, with the reason when it was we who cancelled.
    func explained(_ error: PostgresError) -> PostgresError {
        guard case .cancelling(_, let isStopped) = wait.stage, error.sqlState == .queryCanceled else { return error }
        return PostgresError(
            sqlState: .queryCanceled,
            message: isStopped ? "the statement was cancelled because of a stop" : "\(silence); it was cancelled",
            isConnectionLost: error.isConnectionLost, isStop: isStopped)
    }
}

extension Canceller {
    /// Asks on a thread of its own: a server that does not answer does not answer to this either, and libpq waits for it without an end.
    func cancelInBackground() {
        let context = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                // When it fails, the connection is given up.
                try? Unmanaged<Canceller>.fromOpaque(context).takeRetainedValue().cancel()
                return nil
            }, context)
        guard result == 0 else { return Unmanaged<Canceller>.fromOpaque(context).release() }
        pthread_detach(thread)
    }
}
