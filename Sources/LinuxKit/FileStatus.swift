// SPDX-License-Identifier: MIT

internal import Glibc

/// What `stat` tells about a file, without opening it.
public struct FileStatus: Sendable, Equatable {
    /// What stands behind a name.
    public enum Kind: Sendable {
        case file, directory, symbolicLink, other
    }

    /// The device that holds the file; with ``inode`` it is the file's identity.
    public let device: UInt64
    /// The file's number on its device.
    public let inode: UInt64
    /// What it is.
    public let kind: Kind
    /// The permission bits, `0o7777` at most.
    public let mode: UInt32
    /// The owner.
    public let uid: UInt32
    /// The owning group.
    public let gid: UInt32
    /// The length in bytes.
    public let size: Int64
    /// How many names the file has.
    public let links: UInt64
    /// The last change of the content, in nanoseconds since 1970, UTC.
    public let modifiedNanoseconds: Int64
    /// The last change of content or of anything that `stat` tells, in nanoseconds since 1970, UTC. Nobody can set it.
    public let changedNanoseconds: Int64

    /// Whether `other` is the same file, whatever its name.
    public func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }

    /// The status of the file that `path` names, through symbolic links.
    public init(of path: String) throws(SystemCallError) {
        var status = stat()
        try checked("stat", path) { stat(path, &status) }
        self.init(status)
    }

    /// The status of `path` itself, which may be a symbolic link.
    public init(ofLink path: String) throws(SystemCallError) {
        var status = stat()
        try checked("lstat", path) { lstat(path, &status) }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        mode = status.st_mode & 0o7777
        uid = status.st_uid
        gid = status.st_gid
        size = Int64(status.st_size)
        links = UInt64(status.st_nlink)
        modifiedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        changedNanoseconds = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    }

    /// The status of the file that `path` names, or nil when there is none.
    public static func ifPresent(_ path: String) throws(SystemCallError) -> FileStatus? {
        do {
            return try FileStatus(of: path)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}

extension FileStatus {
    /// The status of `path` itself, which may be a symbolic link, or nil when there is nothing of that name.
    public static func ifPresent(link path: String) throws(SystemCallError) -> FileStatus? {
        do {
            return try FileStatus(ofLink: path)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}

/// `path` without symbolic links, `.` and `..`. Everything on the way has to exist.
public func realPath(_ path: String) throws(SystemCallError) -> String {
    // The system reads up to the NUL, and would resolve another path.
    guard !path.utf8.contains(0) else { throw SystemCallError(call: "realpath", errno: EINVAL, path: path) }
    let activity = ThreadActivity.current
    activity?.begin("realpath", path)
    defer { activity?.end() }
    guard let resolved = realpath(path, nil) else {
        throw SystemCallError(call: "realpath", errno: errno, path: path)
    }
    defer { free(resolved) }
    return String(cString: resolved)
}
