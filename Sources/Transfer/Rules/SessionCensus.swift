// SPDX-License-Identifier: MIT

/// Which sessions there are, which are referred to, and which have to be made up. Sessions are noted first, then the rows that refer.
public struct SessionCensus: Sendable {
    /// A session that rows refer to and nobody recorded.
    public struct Placeholder: Sendable, Equatable {
        public let id: [UInt8]
        /// The first and the last time of its rows, in seconds since 1970; nil when none of them tells one.
        public let startedAt: Double?
        public let lastActive: Double?
        /// What its summary says.
        public let summary: String
    }

    public init() {}

    /// Takes in a converted row of `sessions` that will be loaded.
    public mutating func noteSession(id: [UInt8], startedAt: Double?, lastActive: Double?) {}

    /// Takes in a converted row that will be loaded and refers to the session `id`.
    public mutating func noteReference(to id: [UInt8], times: [Double]) {}

    /// The session that rows without one belong to: the most recent one, or one called `migrated`.
    public var projectSession: [UInt8] { [] }

    /// Its time, nil when it is to be made up or has none.
    public var projectTime: Double? { nil }

    /// The sessions to make up, ordered by id.
    public var placeholders: [Placeholder] { [] }
}
