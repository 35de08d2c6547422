// SPDX-License-Identifier: MIT

public import GuardCore

/// What a look at a folder that may hold a Dementia gave.
public struct ReleaseSight: Sendable {
    /// What is there.
    public enum Reading: Sendable, Equatable {
        /// A release, at rest.
        case release(Release)
        /// It is in the middle of something, such as `a rebase`, and says nothing until that is over.
        case busy(String)
        /// No Dementia.
        case none
    }

    /// What is there.
    public var reading: Reading
    /// The folders whose direct entries tell that something changed.
    public var folders: Set<String>
    /// Tells whether anything that matters changed, also where the release's identity stays: files that were edited in place.
    public var fingerprint: String

    public init(_ reading: Reading, folders: Set<String> = [], fingerprint: String = "") {
        self.reading = reading
        self.folders = folders
        self.fingerprint = fingerprint
    }
}
