// SPDX-License-Identifier: MIT

internal import NIOCore
internal import Synchronization

/// The open connections: how many there are, and how all of them are told to end.
final class ConnectionRegistry: Sendable {
    /// What a new connection gets.
    enum Admission: Equatable {
        case served
        /// There is no room. It is answered once, so that its client knows why.
        case full
        /// Not even that.
        case turnedAway
        case stopping
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// How many of them are the owner's, and how many are others'.
        var open: [Bool: Int] = [:]
        var isStopping = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Admits `channel` for as long as it is open: among those of the owner and root, or among all others.
    func admit(_ channel: any Channel, ofOwner: Bool) -> Admission {
        let key = ObjectIdentifier(channel)
        let seat: Admission = state.withLock { state in
            guard !state.isStopping else { return .stopping }
            let open = state.open[ofOwner, default: 0]
            guard open < 2 * limit else { return .turnedAway }
            state.channels[key] = channel
            state.open[ofOwner] = open + 1
            return open < limit ? .served : .full
        }
        if seat == .served || seat == .full {
            channel.closeFuture.whenComplete { [self] _ in
                state.withLock { state in
                    state.channels[key] = nil
                    state.open[ofOwner, default: 1] -= 1
                }
            }
        }
        return seat
    }

    /// Admits nobody from now on, and asks every connection to end: an idle one at once, another after its answer.
    func quiesce() {
        for channel in all(stopping: true) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// Closes what is still open.
    func closeAll() {
        for channel in all(stopping: true) { channel.close(promise: nil) }
    }

    private func all(stopping: Bool) -> [any Channel] {
        state.withLock { state in
            state.isStopping = state.isStopping || stopping
            return Array(state.channels.values)
        }
    }
}
