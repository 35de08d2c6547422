// SPDX-License-Identifier: MIT

public import Dementia

/// A Dementia found on disk: what it is, and what it needs its stores to be.
public struct Release: Codable, Sendable, Hashable, Identifiable {
    /// The commit of a checkout, 40 or 64 hex digits, or `sha256:` and the hash of what is in a plain folder. Decides whether a release
    /// is another one; never shown as its name.
    public let id: String
    /// For people, such as `4.2.0`. Says nothing about what the release can do.
    public let label: String
    /// The real path of its folder.
    public let path: String
    /// The line its stores are of; nil for a Dementia that keeps no store we know a line for.
    public let line: Line?
    /// The version that it brings its stores to; nil when that cannot be told.
    public let version: Int?
    /// Whether every table and column that it would make is in the catalogue. Unknown is not old: one that is not known is met with
    /// backups.
    public let isKnown: Bool

    public init(id: String, label: String, path: String, line: Line?, version: Int?, isKnown: Bool) {
        self.id = id
        self.label = label
        self.path = path
        self.line = line
        self.version = version
        self.isKnown = isKnown
    }
}
