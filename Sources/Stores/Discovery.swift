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
    public struct Found: Sendable, Equatable {
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

        public init() {}
    }

    /// The name in every project's folder.
    public static let projectFile = ".claude-memory.db"
    /// The folder in the home that holds the memories of everything that is no project.
    public static let homeFolder = ".claude-dementia"

    private let ignored: Set<String>
    private let maxDepth: Int

    /// - Parameters:
    ///   - ignored: names of folders that are not entered, and whole paths of some
    ///   - maxDepth: how many folders deep a walk goes below its root
    public init(ignored: some Sequence<String>, maxDepth: Int) {
        self.ignored = Set(ignored)
        self.maxDepth = maxDepth
    }

    /// Walks `roots`. A root that is a file is a candidate whatever its name, because somebody named it.
    public func walk(_ roots: [String]) throws(SystemCallError) -> Found {
        var found = Found()
        for root in roots {
            let real = try realPath(root)
            if try FileStatus(of: real).kind == .directory {
                walk(real, depth: 0, &found)
            } else {
                found.candidates.append(real)
            }
        }
        found.candidates = Array(Set(found.candidates)).sorted()
        found.copies = Array(Set(found.copies)).sorted()
        found.releaseFolders = Array(Set(found.releaseFolders)).sorted()
        return found
    }

    private func walk(_ folder: String, depth: Int, _ found: inout Found) {
        guard let names = try? Directory.entries(folder) else {
            found.unreadable.append(folder)
            return
        }
        if ReleaseEvidence.mayBeRelease(names: names) { found.releaseFolders.append(folder) }
        let isHome = folder.hasSuffix("/" + Self.homeFolder)
        for name in names.sorted() {
            let path = folder == "/" ? "/" + name : folder + "/" + name
            // Gone since the listing: then there is nothing to find.
            guard let status = try? FileStatus(ofLink: path) else { continue }
            let isMemory = Self.isMemory(name, isHome)
            switch status.kind {
            case .symbolicLink: if isMemory { found.links.append(path) }
            case .directory where !isMemory:
                if depth < maxDepth, !ignored.contains(name), !ignored.contains(path) {
                    walk(path, depth: depth + 1, &found)
                }
            default:
                if isMemory {
                    found.candidates.append(path)
                } else if Self.isCopy(name) {
                    found.copies.append(path)
                }
            }
        }
    }

    /// Whether a file `name` in a folder called `folder` has the name of a memory.
    public static func isMemory(_ name: some StringProtocol, in folder: some StringProtocol) -> Bool {
        isMemory(String(name), folder == homeFolder)
    }

    private static func isMemory(_ name: String, _ isHome: Bool) -> Bool {
        name == projectFile || (isHome && isHashedName(name))
    }

    /// `<8 hex digits>.db`, as the home folder's memories are called.
    private static func isHashedName(_ name: String) -> Bool {
        let digits = Set("0123456789abcdef")
        return name.count == 11 && name.hasSuffix(".db") && name.prefix(8).allSatisfy(digits.contains)
    }

    /// `.claude-memory.db.backup-…`, `.claude-memory.db.bak`, but not what SQLite itself keeps beside a database.
    private static func isCopy(_ name: String) -> Bool {
        name.hasPrefix(projectFile) && !["-wal", "-shm", "-journal"].contains { name == projectFile + $0 }
    }
}
