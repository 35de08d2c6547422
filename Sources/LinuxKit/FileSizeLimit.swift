// SPDX-License-Identifier: MIT

internal import Glibc

/// The limit on the length of files that a process writes: `ulimit -f`, `LimitFSIZE=`.
public enum FileSizeLimit {
    /// Has a write that meets the limit fail with EFBIG. By default the kernel ends the process, in the middle of its work. Programs that this
    /// process starts have the default again.
    public static func failWrites() {
        // It cannot fail: the signal exists and may be ignored.
        _ = signal(SIGXFSZ, SIG_IGN)
    }
}
