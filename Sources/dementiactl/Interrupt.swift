// SPDX-License-Identifier: MIT

internal import Glibc
internal import Synchronization

/// Ctrl-C: says what it means at the moment, and ends the process. It never ends an operation.
///
/// The signal is blocked in every thread and waited for by the main one, so that what it says may be ordinary code; a signal handler
/// could do next to nothing. The main thread must therefore not be given away: an asynchronous `main` hands it to libdispatch, which
/// suspends it with every signal open.
final class Interrupt: Sendable {
    private let words = Mutex<(@Sendable () -> Never)?>(nil)

    /// Blocks the signal. To be called on the main thread, before any other is started: threads inherit it.
    init() {
        var signals = Self.signals
        // Fails for arguments that make no sense; these do.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// What happens at the next Ctrl-C.
    func says(_ words: @escaping @Sendable () -> Never) {
        self.words.withLock { $0 = words }
    }

    /// Waits for the signal on the main thread, while the work goes on in others.
    func wait() -> Never {
        var signals = Self.signals
        var signal: Int32 = 0
        // Anything but a signal is an interruption of the waiting, and it goes on.
        while sigwait(&signals, &signal) != 0 {}
        let words = words.withLock { $0 }
        if let words { words() }
        exit(130)
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        return signals
    }
}
