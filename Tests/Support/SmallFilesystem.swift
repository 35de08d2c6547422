// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit

/// A filesystem of a test's own, small enough to be filled. Only root may mount one.
public final class SmallFilesystem: Sendable {
    private let folder: TemporaryFolder

    /// Its root.
    public var path: String { folder.path + "/small" }

    /// Whether this process may have one.
    public static var isPossible: Bool { geteuid() == 0 }

    /// Mounts one of `kilobytes`.
    public init(kilobytes: Int) throws {
        folder = try TemporaryFolder()
        _ = try folder.folder("small")
        let mounted = try Tool.run(["mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k,mode=700", "none", path])
        guard mounted.status == 0 else { throw SystemCallError(call: "mount", errno: EPERM, path: path) }
    }

    /// Leaves not one free block.
    public func fill() {
        // Ends with an error, as it should: the disk is full then.
        _ = try? Tool.run(["sh", "-c", "cat /dev/zero > '\(path)/filler'"])
    }

    /// Gives the blocks that ``fill()`` took back.
    public func empty() throws {
        try Directory.unlink(path + "/filler")
    }

    /// Lets nobody write any more.
    public func makeReadOnly() throws {
        let result = try Tool.run(["mount", "-o", "remount,ro", path])
        guard result.status == 0 else { throw SystemCallError(call: "mount", errno: EPERM, path: path) }
    }

    deinit { _ = try? Tool.run(["umount", "-l", path]) }
}
