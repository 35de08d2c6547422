// SPDX-License-Identifier: MIT

internal import Glibc
internal import Synchronization

/// Ctrl-C: says what it means at the moment, and ends the process. Pressed once it never ends an operation; pressed again within
/// two seconds it asks the one that is waited for to stop.
///
/// The signal is blocked in every thread and waited for by the main one, so that what it says may be ordinary code; a signal handler
/// could do next to nothing. The main thread must therefore not be given away: an asynchronous `main` hands it to libdispatch, which
/// suspends it with every signal open.
final class Interrupt: Sendable {
    /// The present effect of Ctrl-C.
    struct Meaning: Sendable {
        /// Said at once.
        var says: @Sendable () -> Void = {}
        /// The effect of a second Ctrl-C in time; nil when nothing can be stopped, and then the first one ends the process.
        var again: (@Sendable () async -> Never)?
        /// Ends the process.
        var ends: @Sendable () -> Never
    }

    private struct State {
        var meaning: Meaning?
        var wasPressed = false
    }

    private let state = Mutex(State())

    /// Blocks the signal. To be called on the main thread, before any other is started: threads inherit it.
    init() {
        var signals = Self.signals
        // Fails for arguments that make no sense; these do.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// The effect of the next Ctrl-C.
    func means(_ meaning: Meaning) {
        state.withLock { $0.meaning = meaning }
    }

    /// Comes back unless the process is about to end: then nothing more is to be said by anybody else.
    func pass() async {
        while state.withLock({ $0.wasPressed }) {
            // Woken early or not, the process ends in another thread.
            try? await Task.sleep(for: .seconds(3600))
        }
    }

    /// Waits for the signal on the main thread, while the work goes on in others.
    func wait() -> Never {
        while !Self.isSignalled(within: nil) {}
        let meaning = state.withLock { state in
            state.wasPressed = true
            return state.meaning
        }
        guard let meaning else { exit(130) }
        meaning.says()
        guard let again = meaning.again, Self.isSignalled(within: 2) else { meaning.ends() }
        Task.detached { await again() }
        // Whoever presses a third time does not want to wait for the answer.
        while !Self.isSignalled(within: nil) {}
        exit(130)
    }

    /// Whether the signal came within that many seconds; nil waits for it, and is false for whatever else ended the waiting.
    private static func isSignalled(within seconds: Int?) -> Bool {
        var signals = signals
        guard let seconds else {
            var signal: Int32 = 0
            return sigwait(&signals, &signal) == 0
        }
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let rest = (end - ContinuousClock.now).components
            guard rest.seconds >= 0, rest.attoseconds >= 0 else { return false }
            var time = timespec(seconds: Int(rest.seconds), nanoseconds: Int(rest.attoseconds / 1_000_000_000))
            if sigtimedwait(&signals, nil, &time) == SIGINT { return true }
            guard errno == EINTR else { return false }
        }
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        return signals
    }
}
