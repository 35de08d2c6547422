// SPDX-License-Identifier: MIT

/// What became of every row and cell of a SQLite memory that was moved into a schema, or what would become of it.
///
/// Of each table `read = loaded + rejected + kept`, always.
public struct TransferReport: Codable, Sendable, Equatable {
    /// One table of the source.
    public struct Table: Codable, Sendable, Equatable {
        /// Its name in the source.
        public let source: String
        /// Its name in the schema; nil when it has no place there, because nothing of it is data.
        public let target: String?
        /// The rows that could be read.
        public var read: Int64
        /// The rows that are in the application's tables, or in a table of its own name.
        public var loaded: Int64
        /// The cells of loaded rows that another type holds without loss.
        public var coerced: Int64
        /// The cells of loaded rows that hold something else or NULL by a rule; the original is kept.
        public var normalized: Int64
        /// The rows that the schema cannot hold. Their originals are kept.
        public var rejected: Int64
        /// The whole rows that are in `dementia_kept_*` tables, because the application has no place for them.
        public var kept: Int64

        public init(
            source: String, target: String?, read: Int64 = 0, loaded: Int64 = 0, coerced: Int64 = 0,
            normalized: Int64 = 0, rejected: Int64 = 0, kept: Int64 = 0
        ) {
            self.source = source
            self.target = target
            self.read = read
            self.loaded = loaded
            self.coerced = coerced
            self.normalized = normalized
            self.rejected = rejected
            self.kept = kept
        }

        /// Every key is there, with null for what is not known.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(source, forKey: .source)
            try container.encode(target, forKey: .target)
            try container.encode(read, forKey: .read)
            try container.encode(loaded, forKey: .loaded)
            try container.encode(coerced, forKey: .coerced)
            try container.encode(normalized, forKey: .normalized)
            try container.encode(rejected, forKey: .rejected)
            try container.encode(kept, forKey: .kept)
        }
    }

    /// Every table of the source, by name.
    public var tables: [Table] = []
    /// The file with the rejected rows and the originals of the normalised cells; nil when there are none.
    public var rejectsPath: String?
    /// The rows that were made up so that others have what they refer to.
    public var placeholders: Int64 = 0
    /// Where the sequences of the schema stand afterwards.
    public var sequences: [SequenceState] = []
    /// What a person should know.
    public var findings: [Finding] = []
    /// The tables of the source that could not be read whole.
    public var unreadable: [String] = []
    /// Whether the schema held this very content already, so that nothing was done.
    public var isRepeated = false
    /// Seconds per phase.
    public var seconds: [String: Double] = [:]

    public init() {}

    /// The report's line of the source's table `name`.
    public subscript(table name: String) -> Table? { tables.first { $0.source == name } }

    /// Whether everything of the source is in the schema, whole rows in `dementia_kept_*` tables included.
    public var isComplete: Bool { unreadable.isEmpty && tables.allSatisfy { $0.rejected == 0 } }
}
