// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// An open file that belongs to one owner and is closed exactly once.
///
/// - Important: never open a live SQLite database with it: closing any descriptor of a file drops every POSIX lock that this
///   process holds on that file, SQLite's among them.
public struct OpenFile: ~Copyable, Sendable {
    /// The name under which it was opened.
    public let path: String
    /// The descriptor, -1 once closed.
    private(set) var descriptor: Int32

    private init(_ path: String, flags: Int32, mode: mode_t = 0) throws(SystemCallError) {
        // Never through a symbolic link: who puts one there would choose what we read or write.
        descriptor = try checked("open", path) { open(path, flags | O_NOFOLLOW | O_CLOEXEC, mode) }
        self.path = path
    }

    private init(_ path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // Best effort: whoever has written calls `close()`, which reports the error.
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Opens the regular file `path` for reading. A symbolic link as the last part of it is refused (ELOOP), and so is everything that is
    /// no regular file (``SystemCallError/isNotAFile``): a pipe would keep the caller waiting for a writer that may never come.
    public static func reading(_ path: String) throws(SystemCallError) -> OpenFile {
        // O_NONBLOCK means nothing to a regular file, and an open of anything else comes back at once.
        let file = try OpenFile(path, flags: O_RDONLY | O_NONBLOCK)
        guard try file.status().kind == .file else { throw SystemCallError(call: "open", errno: 0, path: path) }
        return file
    }

    /// Makes `path`, which must not exist, and opens it for writing.
    ///
    /// - Parameter mode: the permission bits from birth; umask can only take some away. A mode without write permission still
    ///   gives this descriptor the right to write.
    public static func creating(_ path: String, mode: UInt32 = 0o600) throws(SystemCallError) -> OpenFile {
        try OpenFile(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: mode)
    }

    /// Makes `path`, which must not exist, on a way without any symbolic link (ELOOP), and opens it for writing.
    ///
    /// For places that somebody named a moment ago and that others may write around: a folder that is swapped for a link meanwhile
    /// leads nowhere.
    public static func creatingWithoutLinks(_ path: String, mode: UInt32 = 0o600) throws(SystemCallError) -> OpenFile {
        let descriptor = try checked("openat2", path) {
            dementiad_open_without_links(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        }
        return OpenFile(path, descriptor: descriptor)
    }

    /// Opens `path` for reading and writing, and makes it when it is not there.
    static func openingOrCreating(_ path: String, mode: UInt32 = 0o600) throws(SystemCallError) -> OpenFile {
        try OpenFile(path, flags: O_RDWR | O_CREAT, mode: mode)
    }

    /// Opens the directory `path`, for ``sync()`` and locks.
    static func directory(_ path: String) throws(SystemCallError) -> OpenFile {
        try OpenFile(path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// What `fstat` tells about it.
    public func status() throws(SystemCallError) -> FileStatus {
        var status = stat()
        try checked("fstat", path) { fstat(descriptor, &status) }
        return FileStatus(status)
    }

    /// Gives it the permission bits `mode`.
    func changeMode(to mode: UInt32) throws(SystemCallError) {
        try checked("fchmod", path) { fchmod(descriptor, mode) }
    }

    /// Takes the kernel's lock on the file, which other processes that ask for it respect and which ends with this descriptor. Whether it is
    /// this one's now; false when another owner has it.
    public func lock() throws(SystemCallError) -> Bool {
        do {
            try checked("flock", path) { flock(descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            guard error.errno == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// Writes all of `bytes` at the current place, however many calls that takes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = try checked("write", path) {
                Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Reads from the current place into `buffer`, and gives how many bytes came; 0 means the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemCallError) -> Int {
        try checked("read", path) { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
    }

    /// Moves the current place to `offset` bytes from the start.
    public func seek(to offset: Int64) throws(SystemCallError) {
        try checked("lseek", path) { lseek(descriptor, off_t(offset), SEEK_SET) }
    }

    /// Waits until everything written is on the disk.
    ///
    /// A failure is final: the kernel may have dropped the pages and marked them clean, so that a second try would succeed and
    /// lie. The file must be given up.
    public func sync() throws(SystemCallError) {
        try checked("fsync", path) { fsync(descriptor) }
    }

    /// Asks the kernel to forget its cached pages of the file, so that the next read comes from the disk. It is a request.
    public func dropCache() {
        // Best effort: a read from the cache proves less, but it is not wrong.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    /// Closes the file and reports what closing reports.
    public consuming func close() throws(SystemCallError) {
        let closing = descriptor
        descriptor = -1
        // Not repeated after EINTR: Linux has released the descriptor by then, and the number may be somebody else's.
        guard Glibc.close(closing) == 0 || errno == EINTR else {
            throw SystemCallError(call: "close", errno: errno, path: path)
        }
    }
}

extension OpenFile {
    /// The whole content of `path`, which must be at most `limit` bytes long (EFBIG).
    public static func content(of path: String, limit: Int = 16 << 20) throws(SystemCallError) -> [UInt8] {
        let file = try reading(path)
        let buffer = ByteBuffer(count: 64 << 10)
        var content: [UInt8] = []
        while true {
            let count = try file.read(into: buffer.bytes)
            if count == 0 { return content }
            content += buffer.bytes[..<count]
            if content.count > limit { throw SystemCallError(call: "read", errno: EFBIG, path: path) }
        }
    }
}
