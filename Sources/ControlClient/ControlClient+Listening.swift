// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import NIOCore

/// Who takes what a stream brings, and knows where it goes on when the connection is lost.
protocol Listener: Sendable {
    /// How many pieces of the stream came, heartbeats included.
    var pieces: Int { get }
    /// The id of the last event that came.
    var last: String? { get }
    /// Whether nothing more is wanted.
    var isDone: Bool { get }
    /// A connection stands.
    func connected()
    /// A piece came.
    func hear()
    /// An event came.
    func take(_ event: ServerSentEvent) throws(GuardError)
    /// The daemon stays away, because of that.
    func lost(_ cause: GuardError) -> GuardError
}

extension ControlClient {
    /// How long a daemon may be away, because it is being restarted, before listening ends.
    private static let absence = Duration.seconds(15)

    /// Listens to a stream until its listener has what it wants, across lost connections and restarts of the daemon.
    func listen(to target: Target, _ listener: some Listener) async throws(GuardError) {
        var lostSince: ContinuousClock.Instant?
        while true {
            let heard = listener.pieces
            do {
                try await listenOnce(to: target, listener)
                if listener.isDone { return }
                // The stream ended in good order and there is more to come: the daemon is stopping.
                lostSince = nil
            } catch {
                guard error.code == .notReachable else { throw error }
                let since = (listener.pieces == heard ? lostSince : nil) ?? .now
                guard ContinuousClock.now - since < Self.absence else { throw listener.lost(error) }
                lostSince = since
            }
            do {
                try await Task.sleep(for: .milliseconds(200))
            } catch {
                throw listener.lost(ClientErrors.stopped)
            }
        }
    }

    /// One connection's worth of events.
    private func listenOnce(to target: Target, _ listener: some Listener) async throws(GuardError) {
        let fields = listener.last.map { ["Last-Event-ID": $0] } ?? [:]
        try await stream(target, fields: fields) { pieces in
            listener.connected()
            var parser = ServerSentEventParser()
            while let piece = try await pieces.next() {
                listener.hear()
                for event in parser.take(piece.readableBytesView) { try listener.take(event) }
            }
        }
    }
}
