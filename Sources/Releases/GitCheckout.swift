// SPDX-License-Identifier: MIT

internal import LinuxKit

/// The git side of a checkout, read from git's own files.
///
/// No git command runs, no lock is taken and nothing is opened for writing: a command as harmless as `git status` writes the index, and
/// has stopped people's rebases.
struct GitCheckout: Sendable, Equatable {
    /// The folder that is checked out into.
    private let release: String
    /// Where HEAD, the index and the marks of a rebase are: `.git`, or a worktree's own part of it. A real path.
    let folder: String
    /// Where the branches are. The same folder, but for a worktree.
    let common: String

    /// The git directory of the release in `release`; nil when that is no checkout.
    ///
    /// Only a `.git` of its own counts. A release that lies inside somebody's repository changes when its files do, and not with every
    /// commit there.
    init?(of release: String) throws(SystemCallError) {
        let entry = GitCheckout.path(release, ".git")
        guard let status = try FileStatus.ifPresent(entry) else { return nil }
        var found = entry
        if status.kind == .file {
            // A worktree's or a submodule's: `gitdir: …`, relative to the file's folder.
            let text = try Self.text(of: entry)
            guard text.hasPrefix("gitdir: ") else { return nil }
            found = Self.path(release, String(text.dropFirst(8)))
        }
        // What it says may have been moved away; then the folder is as good as a plain one.
        guard try Self.entry(Self.path(found, "HEAD")) != nil else { return nil }
        self.release = release
        folder = try realPath(found)
        let shared = Self.path(folder, "commondir")
        if try FileStatus.ifPresent(shared)?.kind == .file {
            let other = Self.path(folder, try Self.text(of: shared))
            guard try FileStatus.ifPresent(other) != nil else { return nil }
            common = try realPath(other)
        } else {
            common = folder
        }
    }

    /// Whether only git itself can tell the commit: its branches are in a table, or HEAD is an old-fashioned link.
    func needsGit() throws(SystemCallError) -> Bool {
        if try FileStatus.ifPresent(Self.path(common, "reftable"))?.kind == .directory { return true }
        return try Self.entry(Self.path(folder, "HEAD"))?.kind == .symbolicLink
    }

    /// What HEAD names, and the commit behind it.
    struct Position: Sendable, Equatable {
        /// The branch as `refs/heads/…`, or nil when HEAD is detached.
        var branch: String?
        /// 40 or 64 hexadecimal digits; nil before the first commit.
        var commit: String?
    }

    /// Where HEAD is.
    func position() throws(SystemCallError) -> Position {
        var position = Position()
        var text = try Self.text(of: Self.path(folder, "HEAD"))
        // As many steps as git itself follows.
        for _ in 0..<5 {
            guard text.hasPrefix("ref: ") else {
                position.commit = Self.commit(text)
                return position
            }
            let name = String(text.dropFirst(5))
            guard name.hasPrefix("refs/"), !name.split(separator: "/").contains("..") else { return position }
            position.branch = name
            guard let next = try value(of: name) else { return position }
            text = next
        }
        return position
    }

    /// What the file of the ref `name` holds, or its line in packed-refs; nil when there is neither.
    private func value(of name: String) throws(SystemCallError) -> String? {
        let path = Self.path(common, name)
        // A folder of that name is what other branches left behind.
        if try FileStatus.ifPresent(path)?.kind == .file {
            do {
                return try Self.text(of: path)
            } catch {
                // Packed since we looked: git writes the table first and removes the file then.
                guard error.isNotFound else { throw error }
            }
        }
        let packed = Self.path(common, "packed-refs")
        guard try FileStatus.ifPresent(packed) != nil else { return nil }
        let wanted = Array(name.utf8)
        for line in try OpenFile.content(of: realPath(packed), limit: 64 << 20).split(separator: UInt8(ascii: "\n")) {
            guard let blank = line.firstIndex(of: UInt8(ascii: " ")) else { continue }
            if line[(blank + 1)...].elementsEqual(wanted) { return String(decoding: line[..<blank], as: UTF8.self) }
        }
        return nil
    }

    /// What somebody is doing to the checkout, and the path that tells; nil for nothing.
    func work(on branch: String?) throws(SystemCallError) -> (what: String, path: String)? {
        let names = Set(try Directory.entries(folder))
        for (name, what) in Self.marks where names.contains(name) { return (what, Self.path(folder, name)) }
        if let lock = names.filter({ $0.hasSuffix(".lock") }).min() { return locked(Self.path(folder, lock)) }
        // Other worktrees take their locks in the shared folder, too; these two are about our branch.
        let shared = [branch.map { $0 + ".lock" }, common == folder ? nil : "packed-refs.lock"].compactMap(\.self)
        for name in shared where try FileStatus.ifPresent(Self.path(common, name)) != nil {
            return locked(Self.path(common, name))
        }
        return nil
    }

    private func locked(_ path: String) -> (what: String, path: String) {
        let isInside = path.hasPrefix(release + "/")
        return ("the lock \(isInside ? String(path.dropFirst(release.count + 1)) : path)", path)
    }

    private static let marks = [
        ("rebase-merge", "a rebase"), ("rebase-apply", "a rebase or git am"), ("MERGE_HEAD", "a merge"),
        ("CHERRY_PICK_HEAD", "a cherry-pick"), ("REVERT_HEAD", "a revert"),
    ]

    /// The files that git replaces when it checks something out, by their status.
    struct Marks: Sendable, Equatable {
        fileprivate var index: FileStatus?
        /// HEAD, its log and its branch.
        fileprivate var head: [FileStatus?] = []

        /// When the index was written, in nanoseconds since 1970, if that was after HEAD moved; nil otherwise.
        ///
        /// git writes the files of a commit first, then the index, and moves HEAD last. So this is a checkout that is about to end,
        /// unless it is long ago: then somebody has added a file.
        var indexedAfterMove: Int64? {
            guard let indexed = index?.modifiedNanoseconds else { return nil }
            return head.contains { ($0?.modifiedNanoseconds ?? .min) >= indexed } ? nil : indexed
        }
    }

    /// What git has replaced last.
    func marks(on branch: String?) throws(SystemCallError) -> Marks {
        var marks = Marks(index: try FileStatus.ifPresent(indexFile))
        for name in ["HEAD", "logs/HEAD"] { marks.head.append(try FileStatus.ifPresent(Self.path(folder, name))) }
        if let branch { marks.head.append(try FileStatus.ifPresent(Self.path(common, branch))) }
        return marks
    }

    /// The index, which git replaces when a checkout's files are written.
    var indexFile: String { Self.path(folder, "index") }

    /// The folders whose entries change when another commit is checked out on `branch`.
    func folders(branch: String?) -> [String] {
        var folders = [folder, common, Self.path(folder, "logs"), Self.path(common, "reftable")]
        folders.append(Self.path(common, "refs/heads"))
        // `refs/heads/feature` for the branch feature/x. It is missing while the branch is packed, and then the one above tells.
        if let branch { folders.append(Directory.parent(of: Self.path(common, branch))) }
        return folders
    }

    /// The commit in `text`, or nil when that is none.
    static func commit(_ text: String) -> String? {
        guard text.utf8.count == 40 || text.utf8.count == 64 else { return nil }
        return text.utf8.allSatisfy(Set("0123456789abcdef".utf8).contains) ? text : nil
    }

    /// The first line of a small file. Such files are replaced by renaming, never written in place.
    static func text(of path: String) throws(SystemCallError) -> String {
        // Through links, of which some ways to share a repository are made.
        let content = try OpenFile.content(of: realPath(path), limit: 64 << 10)
        return String(decoding: content.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// The entry `path` itself, which may be a link to nowhere; nil when there is none.
    private static func entry(_ path: String) throws(SystemCallError) -> FileStatus? {
        do {
            return try FileStatus(ofLink: path)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// `name` below `folder`, or `name` itself when it is absolute.
    static func path(_ folder: String, _ name: String) -> String {
        name.hasPrefix("/") ? name : folder == "/" ? "/" + name : folder + "/" + name
    }
}
