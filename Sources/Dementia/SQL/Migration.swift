// SPDX-License-Identifier: MIT

public import HashKit

/// What a migration declares that it does to values and objects that were there before it.
///
/// New tables, columns and indices need no declaration: they change nothing that was there.
public enum Change: Hashable, Sendable, Codable {
    /// NULLs of a column may get a value. Values that are there stay.
    case fills(table: String, column: String)
    /// Values of a column may change.
    case rewrites(table: String, column: String)
    /// A table goes on under another name, with all its rows.
    case renames(table: String, to: String)
    /// A column goes, with its values.
    case dropsColumn(table: String, column: String)
    /// A table goes, with its rows.
    case dropsTable(String)
    /// An index, view or trigger goes or is made anew.
    case dropsObject(String)
    /// Rows may leave the first table when they arrive in the second, unchanged. Counts only where a plan repairs.
    case moves(table: String, to: String)
}

/// One statement of a migration.
public struct MigrationStatement: Hashable, Sendable {
    /// What runs.
    public enum Body: Hashable, Sendable {
        /// One SQL statement, without the semicolon at its end.
        case sql(String)
        /// What SQL cannot say.
        case code(CodeStep)
    }

    /// A SELECT; when it gives a row the statement is skipped. For what SQL has no IF NOT EXISTS.
    public let unless: String?
    public let body: Body

    public init(unless: String? = nil, body: Body) {
        self.unless = unless
        self.body = body
    }
}

/// The parts of migrations that are code, because SQL cannot say them.
public enum CodeStep: String, Hashable, Sendable, CaseIterable {
    /// Previews and key concepts for contexts that have none: ``ContextSummary``.
    case contextSummaries
}

/// One numbered step of a line: up, down, postcondition, and a declaration of what it may change.
public struct Migration: Hashable, Sendable {
    public let line: Line
    /// Its place in the line. Versions rise without having to be dense.
    public let version: Int
    /// A word from its file name, such as `rlm`.
    public let name: String
    /// What it may change of what was there.
    public let changes: Set<Change>
    /// Whether it repairs data that can go bad again: then a postcondition that is no longer true means that it has to run again, and
    /// is no drift.
    public let isRecurring: Bool
    public let up: [MigrationStatement]
    /// What clears the way for `up` where data is in it. Only a repair runs it, before `up`; empty for most.
    public let repair: [MigrationStatement]
    /// nil: a repair of data that cannot be taken back.
    public let down: [MigrationStatement]?
    /// The postcondition: each SELECT gives one sentence per thing that is not as it must be, and nothing when all is well.
    public let verify: [String]
    /// The down section as it is kept in the ledger: nil where there is no way back, and empty where a way back leaves the data as it is.
    public let downText: String?
    /// What its statements make, to be held against what is there afterwards. Nothing for a migration of the user's own: what a later one
    /// makes of its tables is not known, and its postcondition says what it wants.
    public let makes: MadeObjects
    /// Over the whole text with LF line ends and without a byte order mark, so that a checkout with CRLF is no drift.
    public let checksum: SHA256Digest

    /// The way back from a migration as a ledger kept it: it works when no file of the migration is left anywhere.
    ///
    /// - Parameters:
    ///   - name: the migration's name in the ledger
    ///   - down: its down section in the ledger
    public init(keptBy line: Line, version: Int, name: String, down: String) throws(MigrationFileError) {
        self.init(
            line: line, version: version, name: name, changes: [], up: [],
            down: try MigrationFile.parseDown(down, name: "\(line.filePrefix)_\(version)_\(name)", of: line),
            verify: [],
            downText: down,
            checksum: SHA256.digest(of: down))
    }

    /// The same, which does not answer for what `later` adds.
    func withoutWhat(_ later: MadeObjects) -> Migration {
        Migration(
            line: line, version: version, name: name, changes: changes, isRecurring: isRecurring, up: up,
            repair: repair,
            down: down, verify: verify, downText: downText, checksum: checksum, makes: makes.without(later))
    }

    public init(
        line: Line,
        version: Int,
        name: String,
        changes: Set<Change>,
        isRecurring: Bool = false,
        up: [MigrationStatement],
        repair: [MigrationStatement] = [],
        down: [MigrationStatement]?,
        verify: [String],
        downText: String?,
        checksum: SHA256Digest,
        makes: MadeObjects = MadeObjects()
    ) {
        self.line = line
        self.version = version
        self.name = name
        self.changes = changes
        self.isRecurring = isRecurring
        self.up = up
        self.repair = repair
        self.down = down
        self.verify = verify
        self.downText = downText
        self.checksum = checksum
        self.makes = makes
    }
}
