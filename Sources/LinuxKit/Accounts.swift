// SPDX-License-Identifier: MIT

internal import Glibc

/// The system's users and groups, wherever they are kept (`nsswitch.conf(5)`).
public enum Accounts {
    /// The id of the group `name`, which may also be its number; nil when there is no such group.
    public static func groupID(_ name: String) throws(SystemCallError) -> UInt32? {
        var record = group()
        var found: UnsafeMutablePointer<group>?
        let id: gid_t? = try withBuffer("getgrnam_r", name) { bytes, size in
            let result = getgrnam_r(name, &record, bytes, size, &found)
            return (result, found.map(\.pointee.gr_gid))
        }
        return id ?? UInt32(name)
    }

    /// What the system knows of a user.
    public struct User: Sendable, Equatable {
        /// Its name, never empty.
        public let name: String
        /// Its home; empty when it has none.
        public let home: String
    }

    /// The user `id`; nil when the system knows none of that number.
    public static func user(_ id: UInt32) throws(SystemCallError) -> User? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return try withBuffer("getpwuid_r", String(id)) { bytes, size in
            let result = getpwuid_r(id, &record, bytes, size, &found)
            // The texts lie in these bytes, whose room is gone after this.
            let user = found.flatMap { record -> User? in
                guard let name = record.pointee.pw_name else { return nil }
                return User(
                    name: String(cString: name), home: record.pointee.pw_dir.map { String(cString: $0) } ?? "")
            }
            return (result, user)
        }
    }

    /// The name of the user `id`, for a message; its number where it has no name or none can be found out.
    public static func shownName(_ id: UInt32) -> String { (try? user(id))?.name ?? String(id) }

    /// Runs `body` with room for a record, and again with more when that was too little. An entry that is not there is no error: the
    /// manual names several numbers that libraries use for it (getpwnam(3)).
    private static func withBuffer<Value>(
        _ call: String, _ subject: String, _ body: (UnsafeMutablePointer<CChar>, Int) -> (Int32, Value?)
    ) throws(SystemCallError) -> Value? {
        var size = 1024
        while true {
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { bytes.deallocate() }
            let (result, value) = body(bytes, size)
            switch result {
            case ERANGE where size < 1 << 20: size *= 4
            case 0, ENOENT, ESRCH, EBADF, EPERM: return value
            case EINTR: continue
            default: throw SystemCallError(call: call, errno: result, path: subject)
            }
        }
    }
}
