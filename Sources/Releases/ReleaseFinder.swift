// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore

/// From folders that may hold a Dementia to the releases that are installed.
public enum ReleaseFinder {
    /// What a look at several folders gave.
    public struct Found: Sendable {
        /// Each release once, by folder.
        public var releases: [InstalledRelease] = []
        /// Folders that somebody is changing: to be read again.
        public var busy: [(folder: String, what: String, path: String)] = []
        /// Folders that cannot be read, one error each.
        public var problems: [GuardError] = []
        /// Those of the folders with nothing in them that is a Dementia.
        public var others: [String] = []

        public init() {}
    }

    /// Whether an entry of this name is a reason to look at the folder that it is in. `server.py` is one only beside a `CLAUDE.md`:
    /// ``Dementia/ReleaseEvidence/mayBeRelease(names:)``.
    public static func isReleaseName(_ name: String) -> Bool {
        ReleaseEvidence.mayBeRelease(names: [name]) || name == "server.py"
    }

    /// Reads each of `folders` to be sure. Blocks.
    public static func confirm(_ folders: some Sequence<String>, with reader: ReleaseReader) -> Found {
        var found = Found()
        for folder in folders {
            do throws(GuardError) {
                found.add(try reader.read(folder), of: folder)
            } catch {
                found.problems.append(error)
            }
        }
        return found
    }
}

extension ReleaseFinder.Found {
    /// Adds what a look at `folder` gave.
    public mutating func add(_ reading: Reading, of folder: String) {
        switch reading {
        case .release(let installed):
            // Two names of one folder.
            guard !releases.contains(where: { $0.release.path == installed.release.path }) else { return }
            releases.append(installed)
            releases.sort { $0.release.path < $1.release.path }
        case .busy(let what, let path): busy.append((folder, what, path))
        case .none, .gone: others.append(folder)
        }
    }
}
