// SPDX-License-Identifier: MIT

internal import Glibc
internal import GuardCore

/// A short pause with jitter between two tries at a lock that has no way to tell when it is free.
enum LockPause {
    /// Waits about as long as `pause`, a little different each time: who was in each other's way should not meet again.
    static func pause(about pause: Duration) {
        usleep(UInt32(clamping: Int64(Double(pause.milliseconds) * 1000 * Double.random(in: 0.75...1.25))))
    }

    static func pause() {
        usleep(UInt32.random(in: 1_000...20_000))
    }
}
