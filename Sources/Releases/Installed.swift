// SPDX-License-Identifier: MIT

public import Dementia
public import GuardCore

/// The releases that are installed, and what they want their stores to be. A value: it decides nothing by itself.
public struct Installed: Sendable, Equatable {
    /// All of them, by folder.
    public let releases: [Release]

    public init(_ releases: some Sequence<Release>) {
        self.releases = releases.sorted { $0.path < $1.path }
    }

    /// The release that decides for stores of `line`: of those that are known, the one that needs the largest version.
    public func deciding(for line: Line) -> Release? {
        releases.filter { $0.line == line && $0.isKnown && $0.version != nil }
            .max { ($0.version ?? 0) < ($1.version ?? 0) }
    }

    /// The version that stores of `line` are wanted at: the largest that a known release of that line needs. Nil when there is none; then
    /// the line's head is wanted, since added columns hurt no older server.
    public func wanted(for line: Line) -> Int? { deciding(for: line)?.version }

    /// Releases that make what nobody here knows: every store of theirs gets a backup, and nothing is migrated for them.
    public var unknown: [Release] { releases.filter { !$0.isKnown } }

    /// A change of line that a person may want.
    public struct Offer: Sendable, Equatable {
        /// The release that keeps its stores in another way.
        public let release: Release
        /// What it would mean, for a person.
        public let sentence: String
        /// The command that does it; nil where nothing has to be done.
        public let command: String?
    }

    /// The changes of line that can be offered for the store called `store` of `line`. They are never made by themselves.
    ///
    /// None while a release of the line itself is installed: somebody uses it.
    public func offers(for line: Line, store: String = "STORE") -> [Offer] {
        guard line == .sqlite4, !releases.contains(where: { $0.line == line }) else { return [] }
        return releases.compactMap { release in
            switch release.line {
            case .postgres4 where release.isKnown:
                let command = "dementiactl transfer \(store) --to URL#SCHEMA"
                return Offer(
                    release: release,
                    sentence:
                        "Dementia \(release.label) in \(release.path) keeps its memories in PostgreSQL and does not see this "
                        + "one. A copy can be put there: \(command)",
                    command: command)
            case .lean3 where release.isKnown:
                return Offer(
                    release: release,
                    sentence:
                        "Dementia \(release.label) in \(release.path) is the lean server, which is another line: it opens "
                        + "this file as it is, and a 4.x server cannot recall what it stores there. Nothing has to be migrated for it",
                    command: nil)
            default: return nil
            }
        }
    }
}
