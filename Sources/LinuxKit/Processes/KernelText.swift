// SPDX-License-Identifier: MIT

/// Text of the kernel in `/proc`.
public enum KernelText {
    /// The text of `path`, which is below `/proc`; nil when it cannot be read.
    public static func of(_ path: String) -> String? {
        guard path.hasPrefix("/proc/") else { return nil }
        return (try? OpenFile.content(of: path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number that the kernel has for the setting `name`, such as `fs.inotify.max_user_watches`; nil when it tells none.
    public static func setting(_ name: String) -> Int? {
        of("/proc/sys/" + name.replacing(".", with: "/")).flatMap { Int($0.filter(\.isNumber)) }
    }
}
