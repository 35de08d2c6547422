// SPDX-License-Identifier: MIT

/// What answers at the socket.
public struct RootForm: Codable, Sendable, Equatable {
    /// The version of the forms and what can be asked beyond it.
    public struct API: Codable, Sendable, Equatable {
        /// The major versions that are served, as in the path: `v1`.
        public let versions: [String]
        /// What was added since the first release of the newest one. A client asks for a feature, not for a version.
        public let features: [String]
    }

    /// `dementiad`.
    public let name: String
    /// The daemon's version.
    public let version: String
    public let api: API
    /// Where to go from here: a name and a path.
    public let links: [String: String]

    /// What this daemon says of itself.
    public static var current: RootForm {
        RootForm(
            name: "dementiad", version: ProductVersion.current,
            api: API(versions: ["v1"], features: ["events", "longPoll", "idempotencyKey", "planDigest"]),
            links: ["status": "/v1/status", "openapi": "/v1/openapi.json"])
    }
}
