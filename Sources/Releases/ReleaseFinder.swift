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
    }

    /// Whether an entry of this name is a reason to look at the folder that it is in. `server.py` is one only beside a `CLAUDE.md`:
    /// ``Dementia/ReleaseEvidence/mayBeRelease(names:)``.
    public static func isReleaseName(_ name: String) -> Bool {
        ReleaseEvidence.mayBeRelease(names: [name]) || name == "server.py"
    }

    /// Reads each of `folders` to be sure.
    public static func confirm(_ folders: some Sequence<String>, with reader: ReleaseReader) -> Found {
        var found = Found()
        var seen: Set<String> = []
        for folder in folders {
            do throws(GuardError) {
                switch try reader.read(folder) {
                case .release(let installed):
                    // Two names of one folder.
                    if seen.insert(installed.release.path).inserted { found.releases.append(installed) }
                case .busy(let what, let path): found.busy.append((folder, what, path))
                case .none, .gone: found.others.append(folder)
                }
            } catch {
                found.problems.append(error)
            }
        }
        found.releases.sort { $0.release.path < $1.release.path }
        return found
    }
}
