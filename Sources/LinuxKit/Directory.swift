// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The calls on directories and names that durable storage is made of. Each result is checked.
public enum Directory {
    /// Makes the directory `path`, with its mode from birth; umask can only take bits away.
    public static func create(_ path: String, mode: UInt32 = 0o700) throws(SystemCallError) {
        try checked("mkdir", path) { mkdir(path, mode) }
    }

    /// Makes `path` and every directory above it that is missing, with `mode`. What exists stays as it is.
    ///
    /// Each new directory's parent is synced, so that the path survives a power cut.
    public static func createAll(_ path: String, mode: UInt32 = 0o700) throws(SystemCallError) {
        if let status = try FileStatus.ifPresent(path) {
            guard status.kind == .directory else { throw SystemCallError(call: "mkdir", errno: ENOTDIR, path: path) }
            return
        }
        let parent = parent(of: path)
        if parent != path { try createAll(parent, mode: mode) }
        do {
            try create(path, mode: mode)
        } catch {
            // Somebody else made it meanwhile, which is as good.
            guard error.errno == EEXIST, try FileStatus(of: path).kind == .directory else { throw error }
        }
        // The parent may be a link, which is never opened by its own name.
        try sync(try realPath(parent))
    }

    /// `path` without symbolic links, for a folder that this process relies on.
    ///
    /// - Throws: EPERM when links lead to a folder that belongs neither to this user nor to root, and what resolving it throws
    public static func resolved(_ path: String) throws(SystemCallError) -> String {
        let real = try realPath(path)
        let owner = try FileStatus(of: real).uid
        let isLinked = real.split(separator: "/") != path.split(separator: "/")
        if isLinked, owner != geteuid(), owner != 0, geteuid() != 0 {
            throw SystemCallError(call: "readlink", errno: EPERM, path: path)
        }
        return real
    }

    /// Takes every right on the directory `path` away from everybody but its owner.
    public static func makePrivate(_ path: String) throws(SystemCallError) {
        let directory = try OpenFile.directory(path)
        try directory.changeMode(to: 0o700)
        try directory.close()
    }

    /// The names in the directory `path` without `.` and `..`, in ascending order of their bytes.
    ///
    /// Names that are not UTF-8 are left out: a `String` could not name them. ``find(below:depth:enters:isWanted:)`` tells what they hold.
    public static func entries(_ path: String) throws(SystemCallError) -> [String] {
        let stream = try DirectoryStream(path)
        var names: [String] = []
        while let name = try stream.next() {
            if let text = String(validating: name.dropLast(), as: UTF8.self) { names.append(text) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes `path` and everything in it; symbolic links are removed, never followed. Nothing there is fine.
    ///
    /// Files go before the directories that hold them, so it needs no free block on the disk.
    public static func removeTree(_ path: String) throws(SystemCallError) {
        try DirectoryStream.remove(path, in: AT_FDCWD, shownAs: path)
    }

    /// Waits until the names in the directory `path` are on the disk: after a file in it was made, renamed or removed.
    public static func sync(_ path: String) throws(SystemCallError) {
        let directory = try OpenFile.directory(path)
        try directory.sync()
        try directory.close()
    }

    /// Renames `source` to `target` and never replaces anything: EEXIST when `target` is there.
    public static func rename(noReplace source: String, to target: String) throws(SystemCallError) {
        try checked("renameat2", target) { dementiad_rename_noreplace(source, target) }
    }

    /// Gives the file `source` the second name `target`, which must not exist.
    public static func link(_ source: String, as target: String) throws(SystemCallError) {
        try checked("link", target) { Glibc.link(source, target) }
    }

    /// Removes the name `path` of a file.
    public static func unlink(_ path: String) throws(SystemCallError) {
        try checked("unlink", path) { Glibc.unlink(path) }
    }

    /// The directory that holds `path`: `/a` for `/a/b` and `/a/b/`, `.` for `b`, `/` for `/`.
    public static func parent(of path: String) -> String {
        let parts = parts(of: path)
        let parent = parts.dropLast().joined(separator: "/")
        if path.utf8.first == UInt8(ascii: "/") { return "/" + parent }
        return parent.isEmpty ? "." : parent
    }

    /// The last part of `path`: `b` for `/a/b` and `/a/b/`, nothing for `/`.
    public static func name(of path: String) -> Substring { parts(of: path).last ?? "" }

    /// The parts of `path` between its slashes. Bytes decide: a name may begin with a combining mark, which makes one `Character` with the
    /// slash before it.
    public static func parts(of path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init)
    }

    /// Whether `path` lies below `folder`, or is it.
    public static func isBelow(_ path: String, _ folder: String) -> Bool {
        let top = folder.utf8.last == UInt8(ascii: "/") ? folder.utf8.dropLast() : folder.utf8[...]
        guard path.utf8.starts(with: top) else { return false }
        let rest = path.utf8.dropFirst(top.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/")
    }
}
