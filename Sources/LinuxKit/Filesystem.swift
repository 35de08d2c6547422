// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// What is known of the filesystem that holds a path.
public struct Filesystem: Sendable, Equatable {
    /// Bytes that an ordinary user may still write.
    public let freeBytes: Int64
    /// Its size in bytes.
    public let totalBytes: Int64
    /// Its type for people, such as `ext4` or `nfs`; a number in hexadecimal when it is not in our list.
    public let type: String
    /// Whether locks, `rename` and `fsync` mean what they mean on a disk of this machine.
    ///
    /// False for what a network or another program serves. A type that is not in our list counts as local: every kernel
    /// filesystem on a disk is, and the ones that are not are few and listed.
    public let isLocal: Bool

    /// Asks about the filesystem that holds `path`, which has to exist.
    public init(holding path: String) throws(SystemCallError) {
        var room = statvfs()
        try checked("statvfs", path) { statvfs(path, &room) }
        freeBytes = Int64(clamping: UInt64(room.f_bavail) * UInt64(room.f_frsize))
        totalBytes = Int64(clamping: UInt64(room.f_blocks) * UInt64(room.f_frsize))
        var magic: UInt64 = 0
        try checked("statfs", path) { dementiad_filesystem_type(path, &magic) }
        isLocal = Self.remote[magic] == nil
        type = Self.remote[magic] ?? Self.local[magic] ?? "0x" + String(magic, radix: 16)
    }

    // The numbers are those of statfs(2) and the kernel's magic.h.
    private static let remote: [UInt64: String] = [
        0x6969: "nfs", 0xFF53_4D42: "cifs", 0xFE53_4D42: "smb2", 0x517B: "smb", 0x6573_5546: "fuse",
        0x0102_1997: "9p", 0x5346_414F: "afs", 0x6B41_4653: "afs", 0x00C3_6400: "ceph", 0x7375_7245: "coda",
        0x564C: "ncp", 0x0BD0_0BD0: "lustre", 0x4750_4653: "gpfs", 0x786F_4256: "vboxsf", 0x0116_1970: "gfs2",
        0x7461_636F: "ocfs2",
    ]

    private static let local: [UInt64: String] = [
        0xEF53: "ext4", 0x5846_5342: "xfs", 0x9123_683E: "btrfs", 0x2FC1_2FC1: "zfs", 0x0102_1994: "tmpfs",
        0x794C_7630: "overlayfs", 0xF2F5_2010: "f2fs", 0x4D44: "vfat", 0x8584_58F6: "ramfs", 0xCA45_1A4E: "bcachefs",
        0x9FA0: "proc",
    ]
}
