// SPDX-License-Identifier: MIT

internal import LinuxKit

/// What the kernel says in `/proc`, as text: the only files that the doctor opens.
public enum KernelText {
    /// The text of `path`, which is below `/proc`; nil when it cannot be read.
    public static func of(_ path: String) -> String? {
        guard path.hasPrefix("/proc/") else { return nil }
        return (try? OpenFile.content(of: path)).map { String(decoding: $0, as: UTF8.self) }
    }
}
