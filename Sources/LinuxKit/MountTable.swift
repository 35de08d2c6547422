// SPDX-License-Identifier: MIT

internal import Glibc

/// What is mounted where, as this process sees it; the kernel tells when that changes. See proc(5).
public final class MountTable: Sendable {
    /// One mounted filesystem.
    public struct Mount: Hashable, Sendable {
        /// The kernel's number for it: mounted again, it has another.
        public let number: Int
        /// Where it is.
        public let path: String
        /// Its filesystem as the kernel calls it, such as `ext4`, `nfs4` or `fuse.sshfs`.
        public let type: String

        /// Whether a network or another program serves it: a look into it may take long, or never end.
        public var isRemote: Bool {
            let family = type.utf8.prefix { $0 != UInt8(ascii: ".") }
            return Self.remote.contains { $0.utf8.elementsEqual(family) }
        }

        private static let remote = [
            "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "ncpfs", "lustre", "gpfs", "vboxsf",
            "gfs2",
            "ocfs2", "fuse", "fuseblk", "virtiofs", "davfs", "autofs",
        ]
    }

    /// To be waited for as something urgent with ``wait(for:urgent:atMost:)``.
    public let descriptor: Int32

    /// Opens the table. Changes are told from here on.
    public init() throws(SystemCallError) {
        let path = "/proc/self/mountinfo"
        descriptor = try checked("open", path) { open(path, O_RDONLY | O_CLOEXEC) }
    }

    deinit {
        // Best effort: nothing is lost with it.
        _ = close(descriptor)
    }

    /// What is mounted now. Places whose names are not UTF-8 are left out.
    public func read() throws(SystemCallError) -> Set<Mount> {
        try checked("lseek", nil) { lseek(descriptor, 0, SEEK_SET) }
        let buffer = ByteBuffer(count: 64 << 10)
        var text: [UInt8] = []
        while true {
            let count = try checked("read", "mountinfo") {
                Glibc.read(descriptor, buffer.bytes.baseAddress, buffer.bytes.count)
            }
            guard count > 0 else { break }
            text += buffer.bytes[..<count]
        }
        return Set(Self.entries(in: text).map(\.mount))
    }

    /// A mount, and whether its filesystem itself is read-only, and not only this mount of it.
    public struct Entry: Sendable, Equatable {
        public let mount: Mount
        public let isReadOnlyForAll: Bool
    }

    /// What the lines of `text` say, in their order, which is that of mounting: `/proc/self/mountinfo`.
    public static func entries(in text: [UInt8]) -> [Entry] {
        text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let mount = mount(line) else { return nil }
            // The options of the filesystem come last, those of the mount sixth.
            let options = line.split(separator: UInt8(ascii: " ")).last?.split(separator: UInt8(ascii: ",")) ?? []
            return Entry(mount: mount, isReadOnlyForAll: options.contains { $0.elementsEqual("ro".utf8) })
        }
    }

    /// `36 35 98:0 / /mnt/a\040name rw … - ext4 …`: the number comes first, the place fifth, with blanks in octal, the type behind a minus.
    static func mount(_ line: ArraySlice<UInt8>) -> Mount? {
        let fields = line.split(separator: UInt8(ascii: " "))
        guard fields.count > 4, let number = Int(String(decoding: fields[0], as: UTF8.self)) else { return nil }
        var path: [UInt8] = []
        var rest = fields[4]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                path.append(code)
                rest = rest.dropFirst(3)
            } else {
                path.append(byte)
            }
        }
        let type = fields.dropFirst(6).drop { !$0.elementsEqual("-".utf8) }.dropFirst().first
        return String(validating: path, as: UTF8.self).map {
            Mount(number: number, path: $0, type: String(readable: type ?? []))
        }
    }
}
