// SPDX-License-Identifier: MIT

internal import Glibc

/// A system call that failed: which one, why, and on what.
public struct SystemCallError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call's name as its manual page spells it, such as `open`.
    public let call: String
    /// The error number, such as `ENOSPC`; 0 when the call would have succeeded on something that is no regular file.
    public let errno: Int32
    /// The path that the call was about, when there is one.
    public let path: String?

    public init(call: String, errno: Int32, path: String? = nil) {
        self.call = call
        self.errno = errno
        self.path = path
    }

    /// The filesystem has no room, the user's quota has none, or the process may not write a file that long (`RLIMIT_FSIZE`).
    public var isNoSpace: Bool {
        // read(2) gives no EFBIG; ``OpenFile/content(of:limit:)`` says so of a file that is longer than its reader takes.
        [ENOSPC, EDQUOT, EFBIG].contains(errno) && !(errno == EFBIG && call == "read")
    }

    /// The path, or one of its names, is longer than the system or a library takes.
    public var isNameTooLong: Bool { errno == ENAMETOOLONG }

    /// The user may not do this here: a mode, an ownership or a filesystem mounted read-only.
    public var isPermission: Bool { errno == EACCES || errno == EPERM || errno == EROFS }

    /// The name stands for a pipe, a socket, a device or a folder, where a regular file is read.
    ///
    /// Opening a pipe waits until another process writes into it, so ``OpenFile`` looks at what it opened before it reads.
    public var isNotAFile: Bool { errno == 0 }

    /// The thing is not there, or something on the way to it is not a directory.
    public var isNotFound: Bool { errno == ENOENT || errno == ENOTDIR }

    /// Something of that name is there already.
    public var alreadyExists: Bool { errno == EEXIST || errno == ENOTEMPTY }

    /// For example `open /srv/shop/x.db: No such file or directory`.
    public var description: String {
        let reason = isNotAFile ? "Not a regular file" : String(cString: strerror(errno))
        return path.map { "\(call) \($0): \(reason)" } ?? "\(call): \(reason)"
    }
}

/// Makes a call that answers -1 and sets errno when it fails, again after each interruption by a signal.
///
/// The result is generic because `ssize_t` and `off_t` calls follow the same rule.
@discardableResult
func checked<Result: SignedInteger>(
    _ call: String,
    _ path: String?,
    _ body: () -> Result
) throws(SystemCallError) -> Result {
    let activity = ThreadActivity.current
    activity?.begin(call, path)
    defer { activity?.end() }
    while true {
        let result = body()
        // errno is the thread's own and is read before anything else can run.
        let code = errno
        if result != -1 { return result }
        if code != EINTR { throw SystemCallError(call: call, errno: code, path: path) }
    }
}
