// SPDX-License-Identifier: MIT

public import GuardCore

/// What a pass saw of a store. What it could not read is nil.
public struct StoreSighting: Codable, Sendable, Equatable {
    /// Where it is.
    public let location: StoreLocation
    /// When it was seen.
    public var at: Timestamp
    /// The project it belongs to.
    public var project: String?
    /// Its state in the words of the API: `current`, `pending`, `drifted`, ….
    public var state: String
    /// The family of its schema, such as `sqlite-4`.
    public var line: String?
    /// The version of its schema.
    public var schemaVersion: Int?
    /// The fingerprint of its structure.
    public var shape: String?
    /// Its state token: a store that has the same one in the next pass was idle in between.
    public var token: String?
    /// The digest of its content, when it was computed.
    public var digest: String?
    /// Its size in bytes.
    public var sizeBytes: Int64?

    /// A sighting of which only place, time and state are known yet.
    public init(location: StoreLocation, at: Timestamp, state: String) {
        self.location = location
        self.at = at
        self.state = state
    }
}

/// A store that was seen at least once and that nobody asked to forget, whether it is there now or not.
public struct KnownStore: Codable, Sendable, Equatable, Identifiable {
    /// What the last pass that saw it saw.
    public let lastSighting: StoreSighting
    /// When it was seen for the first time.
    public let firstSeenAt: Timestamp

    /// Its identity.
    public var id: StoreID { lastSighting.location.id }
}
