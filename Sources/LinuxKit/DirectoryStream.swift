// SPDX-License-Identifier: MIT

internal import Glibc

/// The entries of one directory, as the kernel hands them out.
struct DirectoryStream: ~Copyable {
    private let stream: OpaquePointer
    private let path: String

    /// Opens `name` below the directory `base`; `shown` is what errors call it.
    init(_ name: UnsafePointer<CChar>, in base: Int32 = AT_FDCWD, shownAs shown: String) throws(SystemCallError) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (base == AT_FDCWD ? 0 : O_NOFOLLOW)
        let descriptor = try checked("open", shown) { openat(base, name, flags) }
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            // Best effort: nothing was written through it.
            _ = close(descriptor)
            throw SystemCallError(call: "fdopendir", errno: code, path: shown)
        }
        self.stream = stream
        path = shown
    }

    init(_ path: String) throws(SystemCallError) {
        try self.init(path, shownAs: path)
    }

    deinit { closedir(stream) }

    var descriptor: Int32 { dirfd(stream) }

    /// The next name with its closing zero, or nil at the end. `.` and `..` are left out.
    func next() throws(SystemCallError) -> [CChar]? { try nextEntry()?.name }

    /// The next name with its closing zero and what it is, or nil at the end.
    func nextWithKind() throws(SystemCallError) -> (name: [CChar], kind: FileStatus.Kind)? {
        guard let (name, type) = try nextEntry() else { return nil }
        switch Int(type) {
        case Int(DT_DIR): return (name, .directory)
        case Int(DT_REG): return (name, .file)
        case Int(DT_LNK): return (name, .symbolicLink)
        case Int(DT_UNKNOWN):
            // Some filesystems do not tell. Gone since: then it is nothing that matters.
            var status = stat()
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return (name, .other) }
            return (name, FileStatus(status).kind)
        default: return (name, .other)
        }
    }

    private func nextEntry() throws(SystemCallError) -> (name: [CChar], type: UInt8)? {
        let activity = ThreadActivity.current
        activity?.begin("readdir", path)
        defer { activity?.end() }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                let code = errno
                if code != 0 { throw SystemCallError(call: "readdir", errno: code, path: path) }
                return nil
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                Array(bytes.bindMemory(to: CChar.self).prefix { $0 != 0 }) + [0]
            }
            let dot = CChar(UInt8(ascii: "."))
            if name != [dot, 0] && name != [dot, dot, 0] { return (name, entry.pointee.d_type) }
        }
    }

    /// Removes `name` below `base` with everything in it, by descriptors, so that no swapped link can lead elsewhere.
    static func remove(
        _ name: UnsafePointer<CChar>,
        in base: Int32,
        shownAs shown: String
    ) throws(SystemCallError) {
        if unlinkat(base, name, 0) == 0 { return }
        switch errno {
        case ENOENT: return
        // unlink(2): Linux answers EISDIR for a directory, POSIX says EPERM.
        case EISDIR, EPERM: break
        case let code: throw SystemCallError(call: "unlink", errno: code, path: shown)
        }
        let stream = try DirectoryStream(name, in: base, shownAs: shown)
        // All names first: readdir says nothing about names that vanish while it runs.
        var names: [[CChar]] = []
        while let name = try stream.next() { names.append(name) }
        for name in names {
            let text = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            try remove(name, in: stream.descriptor, shownAs: "\(shown)/\(text)")
        }
        try checked("rmdir", shown) { unlinkat(base, name, AT_REMOVEDIR) }
    }
}
