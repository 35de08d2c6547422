// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit

/// Looks whether a place can be written, and why not.
public struct WritingProbe: Sendable {
    private let mounts: [Mount]

    /// - Parameter mountInfo: what `/proc/self/mountinfo` says
    public init(mountInfo: String = KernelText.of("/proc/self/mountinfo") ?? "") {
        mounts = mountInfo.split(separator: "\n").compactMap(Mount.init)
    }

    /// What keeps this process from reading and writing `path`; nil when nothing does, or when it is not there.
    public func obstacle(at path: String) -> WritingCheck.Obstacle? {
        do throws(SystemCallError) {
            try Access.checkReadableAndWritable(path)
            return nil
        } catch {
            switch error.errno {
            case EROFS: return obstacle(ofReadOnly: path)
            case EACCES, EPERM: return .denied(owner: Self.stranger(path))
            default: return nil
            }
        }
    }

    /// Which filesystem is read-only, and for whom.
    func obstacle(ofReadOnly path: String) -> WritingCheck.Obstacle {
        // The innermost one, and of several at one place the last.
        let holding = mounts.reversed().filter { $0.path == "/" || (path + "/").hasPrefix($0.path + "/") }
            .max { $0.path.utf8.count < $1.path.utf8.count }
        guard let holding else { return .readOnly(mount: "/") }
        return holding.isReadOnlyForAll ? .readOnly(mount: holding.path) : .sandbox(mount: holding.path)
    }

    /// The owner's name, unless that is this process's user.
    private static func stranger(_ path: String) -> String? {
        guard let uid = (try? FileStatus(of: path))?.uid, uid != geteuid() else { return nil }
        return UserName.of(uid)
    }

    /// A line of mountinfo: `36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/sda1 ro,errors=remount-ro`.
    private struct Mount {
        let path: String
        /// The filesystem itself is, and not only this mount of it.
        let isReadOnlyForAll: Bool

        init?(_ line: Substring) {
            let halves = line.split(separator: " - ", maxSplits: 1)
            let fields = line.split(separator: " ")
            guard halves.count == 2, fields.count > 5 else { return nil }
            path = Self.unescaped(fields[4])
            let options = halves[1].split(separator: " ").last?.split(separator: ",") ?? []
            isReadOnlyForAll = options.contains("ro")
        }

        /// Blanks and other troublemakers are in octal: `\040`.
        private static func unescaped(_ text: Substring) -> String {
            var result: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                let digits = String(decoding: rest.prefix(3), as: UTF8.self)
                if byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let code = UInt8(digits, radix: 8) {
                    result.append(code)
                    rest = rest.dropFirst(3)
                } else {
                    result.append(byte)
                }
            }
            return String(decoding: result, as: UTF8.self)
        }
    }
}

/// Names of users.
public enum UserName {
    /// The name of the user `uid`; the number where it has none.
    public static func of(_ uid: UInt32) -> String {
        getpwuid(uid).map { String(cString: $0.pointee.pw_name) } ?? "\(uid)"
    }
}
