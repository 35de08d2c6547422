// SPDX-License-Identifier: MIT

internal import Glibc
internal import Synchronization

/// Ctrl-C: says what it means at the moment, and ends the process. It never ends an operation.
///
/// The signal is blocked in every thread and taken by one that does nothing else, so that what it says may be ordinary code; a signal
/// handler could do next to nothing.
final class Interrupt: Sendable {
    private let last = Mutex<(@Sendable () -> Never)?>(nil)

    /// Blocks the signal and starts the thread. To be called before any other thread is started.
    init() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let started = pthread_create(&thread, nil, { Interrupt.wait($0) }, this.toOpaque())
        guard started == 0 else {
            // Without the thread the signal does what it always does.
            this.release()
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            return
        }
        pthread_detach(thread)
    }

    /// What happens at the next Ctrl-C.
    func says(_ words: @escaping @Sendable () -> Never) {
        last.withLock { $0 = words }
    }

    private static func wait(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let interrupt = Unmanaged<Interrupt>.fromOpaque(argument).takeRetainedValue()
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        var signal: Int32 = 0
        // EINTR is possible; any other result would be ours to mend.
        while sigwait(&signals, &signal) != 0 {}
        let words = interrupt.last.withLock { $0 }
        if let words { words() }
        exit(130)
    }
}
