// SPDX-License-Identifier: MIT

internal import Glibc

/// An exclusive lock that the kernel keeps and that ends with its owner, however that dies.
///
/// The locked file holds its last owner's process id, for messages only; who holds the lock is the kernel's answer. The file is
/// never deleted: two processes could otherwise hold locks on two files of one name.
public struct FileLock: ~Copyable, Sendable {
    /// Why a lock could not be had.
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// Another owner has it: the process id that it wrote, or nil when that could not be read.
        case heldBy(Int32?)
        /// A system call failed.
        case system(SystemCallError)

        public var description: String {
            switch self {
            case .heldBy(.some(let pid)): "the lock is held by process \(pid)"
            case .heldBy(nil): "the lock is held by another process"
            case .system(let error): error.description
            }
        }
    }

    private let file: OpenFile

    /// Locks the file `path`, which is made with mode 0600 when it is not there.
    ///
    /// - Parameter patience: how long to wait for another owner; nothing means one try.
    public init(_ path: String, patience: Duration = .zero) throws(Failure) {
        let file: OpenFile
        do {
            file = try OpenFile.openingOrCreating(path)
        } catch {
            throw .system(error)
        }
        try Self.lock(file, patience: patience)
        Self.sign(file)
        self.file = file
    }

    /// Locks the existing directory `path` itself. It cannot hold a process id.
    public init(directory path: String, patience: Duration = .zero) throws(Failure) {
        let file: OpenFile
        do {
            file = try OpenFile.directory(path)
        } catch {
            throw .system(error)
        }
        try Self.lock(file, patience: patience)
        self.file = file
    }

    private static func lock(_ file: borrowing OpenFile, patience: Duration) throws(Failure) {
        let deadline = ContinuousClock.now + patience
        var pause: UInt32 = 1_000
        while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else {
                throw .system(SystemCallError(call: "flock", errno: code, path: file.path))
            }
            guard ContinuousClock.now < deadline else { throw .heldBy(owner(of: file)) }
            // flock has no deadline of its own; an interrupted pause only means an earlier look.
            usleep(pause)
            pause = min(pause * 2, 50_000)
        }
    }

    private static func owner(of file: borrowing OpenFile) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file.descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Int32(String(decoding: bytes.prefix { $0 >= 48 && $0 <= 57 }, as: UTF8.self)) : nil
    }

    /// Writes our process id over the last owner's in a fixed width, so that a full disk need not give a new block.
    private static func sign(_ file: borrowing OpenFile) {
        let pid = String(getpid())
        let line = pid + String(repeating: " ", count: max(0, 11 - pid.count)) + "\n"
        // Best effort: the text only makes messages better, and on a full disk the lock has to work all the same.
        _ = pwrite(file.descriptor, line, line.utf8.count, 0)
    }
}
