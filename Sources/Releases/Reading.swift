// SPDX-License-Identifier: MIT

public import GuardCore
public import HashKit

/// What a look at a folder gave.
public enum Reading: Sendable, Equatable {
    /// A Dementia.
    case release(InstalledRelease)
    /// Somebody is changing the folder: `what` in words, such as `a rebase`, and the path that tells of it. What it holds now may be half
    /// of one release and half of another. To be read again when it is over.
    case busy(what: String, path: String)
    /// No Dementia.
    case none
    /// Nothing is there.
    case gone

    /// The release, when there is one.
    public var release: Release? {
        if case .release(let installed) = self { installed.release } else { nil }
    }
}

/// A release, with what tells whether anything about it has changed.
public struct InstalledRelease: Sendable, Equatable {
    /// What is installed. Its `id` is the commit where the folder is a checkout, whatever has been edited in it since.
    public let release: Release
    /// The commit that is checked out; nil for a plain folder and before a first commit.
    public let commit: String?
    /// The hash over the names and contents of the version files.
    public let content: SHA256Digest
    /// What it makes that nobody here knows, in words such as `table audit_log`. Empty for a release that is known.
    public let strangers: [String]

    /// Differs from the one before when the commit is another or a version file holds something else: then the release has to be thought
    /// about again. An edit in a checkout changes it, although the release's `id` stays.
    public var fingerprint: String { commit.map { "\($0)+\(content.short)" } ?? release.id }
}
