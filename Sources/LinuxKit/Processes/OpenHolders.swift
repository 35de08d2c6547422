// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Who has a file open or locked, as far as this user may see it. The file itself is never opened.
public enum OpenHolders {
    /// A process that holds a file.
    public struct Holder: Sendable, Hashable, CustomStringConvertible {
        /// Its process id.
        public let pid: Int32
        /// The name of its main thread, such as `python3`; empty when it ended meanwhile.
        public let command: String

        public init(pid: Int32, command: String) {
            self.pid = pid
            self.command = command
        }

        public var description: String { command.isEmpty ? "process \(pid)" : "\(command) (pid \(pid))" }
    }

    /// The processes that hold the file, in ascending order of their ids, this one included.
    ///
    /// Processes of other users cannot be examined and are missing, unless they hold a POSIX or BSD lock on it. An empty list
    /// therefore does not prove that the file is free.
    public static func find(device: UInt64, inode: UInt64) -> [Holder] {
        // Without /proc nothing is known, and nothing is what we say.
        let processes = ((try? Directory.entries("/proc")) ?? []).compactMap { Int32($0) }
        var holders = lockHolders(device: device, inode: inode)
        for pid in processes where holds(pid, device: device, inode: inode) {
            holders.insert(pid)
        }
        return holders.sorted().map { Holder(pid: $0, command: command(of: $0)) }
    }

    private static func holds(_ pid: Int32, device: UInt64, inode: UInt64) -> Bool {
        // Other users' processes give EACCES, ended ones ENOENT: both hold nothing that we could name.
        guard let descriptors = try? Directory.entries("/proc/\(pid)/fd") else { return false }
        return descriptors.contains { descriptor in
            guard let status = try? FileStatus(of: "/proc/\(pid)/fd/\(descriptor)") else { return false }
            return status.device == device && status.inode == inode
        }
    }

    /// Reads lines such as `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF`: major and minor in hexadecimal (proc(5)).
    private static func lockHolders(device: UInt64, inode: UInt64) -> Set<Int32> {
        guard let bytes = try? OpenFile.content(of: "/proc/locks") else { return [] }
        let major = dementiad_device_major(dev_t(device))
        let minor = dementiad_device_minor(dev_t(device))
        var holders: Set<Int32> = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where !line.contains("->") {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, let pid = Int32(fields[4]), pid > 0 else { continue }
            let place = fields[5].split(separator: ":")
            guard place.count == 3, UInt32(place[0], radix: 16) == major, UInt32(place[1], radix: 16) == minor,
                UInt64(place[2]) == inode
            else { continue }
            holders.insert(pid)
        }
        return holders
    }

    private static func command(of pid: Int32) -> String {
        guard let bytes = try? OpenFile.content(of: "/proc/\(pid)/comm") else { return "" }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
