// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
public import LinuxKit

/// Finds memories under folders: by their names, never by opening them.
///
/// The names are those of Dementia's own `get_database_path` (`docs/design/dementia.md`). Copies and backups under other names are
/// not guarded, only reported. No symbolic link is followed: where it leads is found where it is, or was not asked for.
public struct Discovery: Sendable {
    /// What a walk found.
    public struct Found: Sendable {
        /// Real paths of candidates, sorted. A directory of that name is one too: it gets an answer, not silence.
        public var candidates: [String] = []
        /// Files that look like copies of memories.
        public var copies: [String] = []
        /// Links with the name of a memory, which are not followed.
        public var links: [String] = []
        /// Folders that hold a Dementia by their entries' names, sorted. To be sure, its files have to be read.
        public var releaseFolders: [String] = []
        /// Folders that could not be read.
        public var unreadable: [String] = []
        /// Where filesystems are mounted that a network or another program serves, with their types. They are not entered.
        public var mounts: [(path: String, type: String)] = []
        /// Memories on paths that are not UTF-8, for people. They cannot be guarded.
        public var unnamable: [String] = []

        public init() {}
    }

    /// The name in every project's folder.
    public static let projectFile = ".claude-memory.db"
    /// The folder in the home that holds the memories of everything that is no project.
    public static let homeFolder = ".claude-dementia"

    /// As bytes: a name in one normal form is not the name in another.
    private let ignored: Set<[UInt8]>
    private let maxDepth: Int
    /// Paths that are not touched.
    private var silent: Set<String> = []

    /// - Parameters:
    ///   - ignored: names of folders that are not entered, and whole paths of some
    ///   - maxDepth: how many folders deep a walk goes below its root
    public init(ignored: some Sequence<String>, maxDepth: Int) {
        self.ignored = Set(ignored.map { Array($0.utf8) })
        self.maxDepth = maxDepth
    }

    /// The same walk without `paths`, which are not even looked at: a call to one of them has not come back.
    public func skipping(_ paths: some Sequence<String>) -> Discovery {
        var walk = self
        walk.silent = Set(paths)
        return walk
    }

    /// Walks `roots`. A root that is a file is a candidate whatever its name, because somebody named it. A root on a filesystem that a
    /// network serves is walked for the same reason.
    public func walk(_ roots: [String]) throws(SystemCallError) -> Found {
        var found = Found()
        let mounts = Self.remoteMounts()
        for root in roots where !silent.contains(root) {
            let real = try realPath(root)
            guard !silent.contains(real) else { continue }
            let isFolder = try FileStatus(of: real).kind == .directory
            // A folder with the name of a memory is a candidate, as below a root: it gets an answer and no silence.
            if isFolder, !Self.isMemory(Directory.name(of: real), in: Directory.name(of: Directory.parent(of: real))) {
                walk(real, depth: 0, mounts, &found)
            } else {
                found.candidates.append(real)
            }
        }
        found.candidates = Self.unique(found.candidates)
        found.copies = Self.unique(found.copies)
        found.releaseFolders = Self.unique(found.releaseFolders)
        found.unreadable = Self.unique(found.unreadable)
        found.unnamable = Self.unique(found.unnamable)
        return found
    }

    private func walk(_ folder: String, depth: Int, _ mounts: [[UInt8]: String], _ found: inout Found) {
        guard let names = try? Directory.entries(folder) else {
            found.unreadable.append(folder)
            return
        }
        if ReleaseEvidence.mayBeRelease(names: names) { found.releaseFolders.append(folder) }
        let isHome = Directory.name(of: folder).utf8.elementsEqual(Self.homeFolder.utf8)
        for name in names {
            let path = folder == "/" ? "/" + name : folder + "/" + name
            guard !silent.contains(path) else { continue }
            if ignores(Array(path.utf8), Array(name.utf8)) { continue }
            // Without a look at what is mounted there: it may not answer.
            if let type = mounts[Array(path.utf8)] {
                if !found.mounts.contains(where: { $0.path.utf8.elementsEqual(path.utf8) }) {
                    found.mounts.append((path, type))
                }
                continue
            }
            let status: FileStatus
            do {
                status = try FileStatus(ofLink: path)
            } catch {
                // Gone since the listing: then there is nothing to find.
                if !error.isNotFound { found.unreadable.append(path) }
                continue
            }
            let isMemory = Self.isMemory(name, isHome)
            switch status.kind {
            case .symbolicLink: if isMemory { found.links.append(path) }
            case .directory where !isMemory:
                if depth < maxDepth { walk(path, depth: depth + 1, mounts, &found) }
            default:
                if isMemory {
                    found.candidates.append(path)
                } else if Self.isCopy(name) {
                    found.copies.append(path)
                }
            }
        }
        if depth < maxDepth { noteUnnamable(in: folder, depth: depth, mounts, &found) }
    }

    /// Notes the memories in those folders of `folder` whose names are not UTF-8.
    private func noteUnnamable(in folder: String, depth: Int, _ mounts: [[UInt8]: String], _ found: inout Found) {
        // It could be listed a moment ago; what became of it since is the next look's business.
        for name in (try? Directory.unnamableFolders(in: folder)) ?? [] where !ignores([], name) {
            let top = Array((folder == "/" ? "" : folder).utf8) + [UInt8(ascii: "/")] + name
            let memories = Directory.find(
                below: top, depth: maxDepth - depth - 1,
                enters: { path, name in mounts[path] == nil && !ignores(path, name) },
                isWanted: { $0.elementsEqual(Self.projectFile.utf8) })
            found.unnamable += memories.map { String(readable: $0) }
        }
    }

    private func ignores(_ path: [UInt8], _ name: [UInt8]) -> Bool {
        ignored.contains(name) || ignored.contains(path)
    }

    /// The types of the mounted filesystems that a network or another program serves, by their places.
    private static func remoteMounts() -> [[UInt8]: String] {
        // Without the table every mount is entered, as it would be on a machine that has none of these.
        guard let table = try? MountTable(), let mounts = try? table.read() else { return [:] }
        return Dictionary(mounts.filter(\.isRemote).map { (Array($0.path.utf8), $0.type) }) { first, _ in first }
    }

    /// `paths` in the order of their bytes, each once.
    private static func unique(_ paths: [String]) -> [String] {
        let sorted = paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return sorted.indices.filter { $0 == 0 || !sorted[$0].hasSameBytes(as: sorted[$0 - 1]) }.map { sorted[$0] }
    }

    /// Whether a file `name` in a folder called `folder` has the name of a memory.
    public static func isMemory(_ name: some StringProtocol, in folder: some StringProtocol) -> Bool {
        isMemory(String(name), folder.utf8.elementsEqual(homeFolder.utf8))
    }

    private static func isMemory(_ name: String, _ isHome: Bool) -> Bool {
        name.hasSameBytes(as: projectFile) || (isHome && isHashedName(name))
    }

    /// `<8 hex digits>.db`, as the home folder's memories are called.
    private static func isHashedName(_ name: String) -> Bool {
        let digits = Set("0123456789abcdef".utf8)
        return name.utf8.count == 11 && name.utf8.suffix(3).elementsEqual(".db".utf8)
            && name.utf8.prefix(8).allSatisfy(digits.contains)
    }

    /// `.claude-memory.db.backup-…`, `.claude-memory.db.bak`, but not what SQLite itself keeps beside a database.
    private static func isCopy(_ name: String) -> Bool {
        name.utf8.starts(with: projectFile.utf8)
            && !SQLiteSidecar.endings.contains { name.hasSameBytes(as: projectFile + $0) }
    }
}
