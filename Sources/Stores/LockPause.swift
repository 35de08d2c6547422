// SPDX-License-Identifier: MIT

internal import Glibc

/// A short pause with jitter between two tries at a lock that has no way to tell when it is free.
enum LockPause {
    static func pause() {
        usleep(UInt32.random(in: 1_000...20_000))
    }
}
