// SPDX-License-Identifier: MIT

internal import Glibc

/// What the system would let this process do with a path.
public enum Access {
    /// Fails with the system's reason when `path` could not be read and written: rights, or a filesystem that is mounted read-only.
    ///
    /// Asked with the effective user, by faccessat(2); the file itself is not opened.
    public static func checkReadableAndWritable(_ path: String) throws(SystemCallError) {
        guard faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 else {
            throw SystemCallError(call: "faccessat", errno: errno, path: path)
        }
    }
}
