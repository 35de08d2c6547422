// SPDX-License-Identifier: MIT

public import GuardCore

/// A published backup whose folder name, `SHA256SUMS` and manifest agree. The payload's bytes are checked when they are used.
public struct Entry: Sendable, Equatable {
    /// Sequence and root.
    public let id: BackupID
    /// Its folder.
    public let path: String
    /// What is known of it.
    public let manifest: Manifest

    /// The compressed payload's length in bytes.
    public var storedBytes: Int64 { manifest.payload.storedBytes }
    /// The compressed payload.
    public var payloadPath: String { "\(path)/\(manifest.payload.name)" }
}

/// One line of the vault's catalogue.
public enum Listing: Sendable, Equatable {
    /// A backup that may be used.
    case good(Entry)
    /// Not what was published, or of a newer form. It is listed, never used, never counted as a backup, never deleted by itself.
    case damaged(path: String, reason: String)

    /// The backup, when it is good.
    public var entry: Entry? {
        if case .good(let entry) = self { entry } else { nil }
    }
}

/// A line of the index: what a folder's name and place tell, before anything in it was read.
public struct IndexEntry: Sendable, Hashable {
    /// The store it belongs to.
    public let store: StoreID
    /// The folder.
    public let path: String
    /// Its parsed name, or nil when the name is not one of ours.
    public let name: BackupName?
}
