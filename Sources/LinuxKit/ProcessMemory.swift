// SPDX-License-Identifier: MIT

internal import CLinux

/// The memory of this process.
public enum ProcessMemory {
    /// Gives back what a burst of work has touched and nobody needs at rest: pages of the program's own files, which come back from the
    /// page cache at their next use, and freed memory that the allocator keeps.
    ///
    /// Takes about a millisecond. For a daemon that sleeps most of its life on somebody's workstation.
    public static func release() {
        dementiad_release_memory()
    }
}
