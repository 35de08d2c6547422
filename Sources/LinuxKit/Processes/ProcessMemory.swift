// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The memory of this process.
public enum ProcessMemory {
    /// Bytes of this process that are in memory, or nil where `/proc` does not tell. See `proc_pid_statm(5)`.
    public static func resident() -> Int64? {
        guard let text = try? OpenFile.content(of: "/proc/self/statm") else { return nil }
        let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int64(fields[1]) else { return nil }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Gives back what a burst of work has touched and nobody needs at rest: pages of the program's own files, which come back from the
    /// page cache at their next use, and freed memory that the allocator keeps.
    ///
    /// Takes about a millisecond. For a daemon that sleeps most of its life on somebody's workstation.
    public static func release() {
        dementiad_release_memory()
    }
}
