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
        public var summary: String {
            "Placeholder made by dementiad: rows of this session were transferred, the session itself was never recorded."
        }
    }

    private struct Span {
        var first: Double?
        var last: Double?
    }

    private var known: Set<[UInt8]> = []
    private var latest: (id: [UInt8], time: Double?)?
    private var referred: [[UInt8]: Span] = [:]

    public init() {}

    /// Takes in a converted row of `sessions` that will be loaded.
    public mutating func noteSession(id: [UInt8], startedAt: Double?, lastActive: Double?) {
        known.insert(id)
        let time = [lastActive, startedAt].compactMap(\.self).first { $0.isFinite }
        guard let latest else {
            self.latest = (id, time)
            return
        }
        // Of several without a time the last one.
        if (time ?? -.infinity) >= (latest.time ?? -.infinity) { self.latest = (id, time) }
    }

    /// Takes in a converted row that will be loaded and refers to the session `id`.
    public mutating func noteReference(to id: [UInt8], times: [Double]) {
        guard !known.contains(id) else { return }
        var span = referred[id] ?? Span()
        for time in times where time.isFinite {
            span.first = min(span.first ?? time, time)
            span.last = max(span.last ?? time, time)
        }
        referred[id] = span
    }

    /// The session that rows without one belong to: the most recent one, or one called `migrated` where there is none. Once the
    /// sessions are noted it is always the same.
    public var projectSession: [UInt8] { latest?.id ?? Array("migrated".utf8) }

    /// Its time, nil when it is to be made up or has none.
    public var projectTime: Double? { latest?.time }

    /// The sessions to make up, ordered by id.
    public var placeholders: [Placeholder] {
        referred.filter { !known.contains($0.key) }
            .map { Placeholder(id: $0.key, startedAt: $0.value.first, lastActive: $0.value.last) }
            .sorted { $0.id.lexicographicallyPrecedes($1.id) }
    }
}
