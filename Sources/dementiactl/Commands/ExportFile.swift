// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Glibc
internal import GuardCore
internal import HashKit
internal import Synchronization

/// A file that appears under its name only when it is whole: it is written beside it, checked, and then linked.
final class ExportFile: Sendable {
    private struct State: ~Copyable {
        var hash = SHA256()
        var count: Int64 = 0
    }

    let path: String
    private let partial: String
    private let descriptor: Int32
    private let state = Mutex(State())

    /// Begins the file `path`, which must not be there. A backup holds live tokens, so nobody else may read it: mode 0600.
    init(_ path: String) throws(GuardError) {
        self.path = path
        partial = "\(path).partial-\(getpid())"
        guard !SQLiteSidecar.isName(path) else { throw CommandText.partOfDatabase(path) }
        var status = stat()
        guard lstat(path, &status) != 0 else { throw CommandText.exists(path) }
        descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        let code = errno
        guard descriptor >= 0 else { throw Self.refusal(of: path, code) }
    }

    /// Why nothing can be made at `path`, by the error number `code`.
    private static func refusal(of path: String, _ code: Int32) -> GuardError {
        let reason = String(cString: strerror(code))
        return switch code {
        case ENOENT, ENOTDIR: CommandText.noFolder(path)
        case EACCES, EPERM, EROFS: CommandText.mayNotWrite(path, reason)
        default: CommandText.cannotWrite(path, reason)
        }
    }

    deinit {
        // Best effort: what is left is named after what it is.
        unlink(partial)
        close(descriptor)
    }

    func write(_ bytes: [UInt8]) throws(GuardError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandText.cannotWrite(path, String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
        state.withLock { state in
            state.hash.update(bytes)
            state.count += Int64(bytes.count)
        }
    }

    /// Lets `check` see the SHA-256 of what was written, waits until it is on the disk, and gives the file its name. Returns its length
    /// in bytes.
    @discardableResult
    func finish(_ check: (_ sha256: String) throws(GuardError) -> Void = { _ in }) throws(GuardError) -> Int64 {
        let (digest, count) = state.withLock { ($0.hash.finish().hex, $0.count) }
        try check(digest)
        // link(2) and not rename(2): it never replaces what somebody else put there meanwhile.
        guard fsync(descriptor) == 0, link(partial, path) == 0 else {
            throw errno == EEXIST
                ? CommandText.exists(path) : CommandText.cannotWrite(path, String(cString: strerror(errno)))
        }
        return count
    }
}
