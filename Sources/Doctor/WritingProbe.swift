// SPDX-License-Identifier: MIT

internal import Glibc
public import LinuxKit

/// Looks whether a place can be written, and why not.
public struct WritingProbe: Sendable {
    private let mounts: [MountTable.Entry]

    /// - Parameter mountInfo: what `/proc/self/mountinfo` says
    public init(mountInfo: String = KernelText.of("/proc/self/mountinfo") ?? "") {
        mounts = MountTable.entries(in: Array(mountInfo.utf8))
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
        let holding = mounts.reversed().filter { $0.mount.path == "/" || (path + "/").hasPrefix($0.mount.path + "/") }
            .max { $0.mount.path.utf8.count < $1.mount.path.utf8.count }
        guard let holding else { return .readOnly(mount: "/") }
        return holding.isReadOnlyForAll ? .readOnly(mount: holding.mount.path) : .sandbox(mount: holding.mount.path)
    }

    /// The owner's name, unless that is this process's user.
    private static func stranger(_ path: String) -> String? {
        guard let uid = (try? FileStatus(of: path))?.uid, uid != geteuid() else { return nil }
        return Accounts.shownName(uid)
    }
}
