// SPDX-License-Identifier: MIT

internal import HashKit

/// Why a migration file cannot be read.
public struct MigrationFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file's name.
    public let file: String
    /// The line it concerns, from 1, or nil for the file as a whole.
    public let line: Int?
    /// One sentence.
    public let message: String

    public var description: String { line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)" }
}

/// Reads a migration out of its SQL file.
///
/// The file's name gives line, version and name: `sqlite4_0002_rlm.sql`. Sections begin with a comment of their own:
/// ```sql
/// -- changes: fills context_locks.preview
/// -- up
/// -- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'preview'
/// ALTER TABLE context_locks ADD COLUMN preview TEXT;
/// -- code: contextSummaries
/// -- down
/// ALTER TABLE context_locks DROP COLUMN preview;
/// -- verify
/// SELECT 'column context_locks.preview is missing' WHERE NOT EXISTS (…);
/// ```
/// A directive that is misspelt in its place is an error; any other comment is for people.
/// `-- changes:` may stand several times, always before `-- up`: `fills T.c`, `rewrites T.c`, `renames T to U`, `drops table T`,
/// `drops column T.c`, `drops object NAME`, `moves T to U` (rows may leave T when they arrive, unchanged, in U; only in a repair), or
/// `none`. `-- recurring`, also before `-- up`, says that what it repairs can go bad again. A section `-- repair` holds what a repair
/// runs before `up`. A guard goes on in comment lines right below it that begin with three blanks or more. `-- down: none`
/// says that there is no way back. A statement ends at a semicolon outside quotes, comments and bodies.
///
/// Migrations of a PostgreSQL line name their schema as psql does, `:"schema"` as an identifier and `:'schema'` as a text: see
/// ``SQLTemplate``.
struct MigrationFile {
    private enum Section { case head, up, repair, down, verify }

    private let file: String
    private var section = Section.head
    private var changes: Set<Change> = []
    private var declaresChanges = false
    private var hasDown = false
    private var isIrreversible = false
    private var isRecurring = false
    private var unless: String?
    /// Whether the line before was a guard's.
    private var isInGuard = false
    private var begun: Set<Section> = []
    private var statements: [Section: [MigrationStatement]] = [:]
    private var downLines: [Substring] = []

    /// The migration in `text`, which is the content of the file called `file`.
    ///
    /// - Parameter isShipped: whether it is one of ours, of which is known what every later one makes of its tables
    static func parse(
        _ text: String, file: String, isShipped: Bool = false
    ) throws(MigrationFileError) -> Migration {
        let (line, version, name) = try identity(of: file)
        let normalised = normalise(text)
        var parser = MigrationFile(file: file)
        var splitter = StatementSplitter(SQLDialect(of: line))
        for (number, content) in normalised.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if parser.section == .down { parser.downLines.append(content) }
            if splitter.isBetweenStatements, let directive = directive(in: content) {
                if parser.goesOn(content) { continue }
                if try parser.take(directive, at: number + 1) { continue }
            }
            for statement in splitter.take(content) { try parser.add(.sql(statement), at: number + 1) }
        }
        guard splitter.isBetweenStatements else {
            throw parser.error("its last statement does not end with a semicolon")
        }
        return try parser.finish(line, version, name, SHA256.digest(of: normalised), isShipped)
    }

    /// `text` with LF line ends and without a byte order mark.
    static func normalise(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\u{FEFF}", scalars.isEmpty { continue }
            if scalar == "\r" {
                scalars.append("\n")
            } else if !(scalar == "\n" && previous == "\r") {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    private static func identity(of file: String) throws(MigrationFileError) -> (Line, Int, String) {
        let parts = file.dropLast(4).split(separator: "_", maxSplits: 2)
        guard file.hasSuffix(".sql"), parts.count == 3, parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let version = Int(parts[1]),
            let line = Line.allCases.first(where: { $0.filePrefix == parts[0] })
        else {
            throw MigrationFileError(
                file: file, line: nil,
                message: "the name of a migration is LINE_VERSION_NAME.sql, as sqlite4_0005_notes.sql")
        }
        return (line, version, String(parts[2]))
    }

    /// The words of a comment line that stands alone.
    private static func directive(in line: Substring) -> (keyword: String, argument: String?)? {
        let text = trim(line)
        guard text.hasPrefix("--") else { return nil }
        let body = trim(text.dropFirst(2))
        guard let colon = body.firstIndex(of: ":") else { return (String(body), nil) }
        return (String(trim(body[..<colon])), String(trim(body[body.index(after: colon)...])))
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return text
    }

    /// Takes in a directive. False when the line is a comment for people.
    private mutating func take(
        _ directive: (keyword: String, argument: String?),
        at line: Int
    ) throws(MigrationFileError) -> Bool {
        isInGuard = directive.keyword == "unless"
        switch (directive.keyword, directive.argument) {
        case ("up", nil): try begin(.up, at: line)
        case ("down", nil):
            try begin(.down, at: line)
            hasDown = true
        case ("down", "none"?):
            try begin(.head, at: line)
            isIrreversible = true
        case ("repair", nil): try begin(.repair, at: line)
        case ("verify", nil): try begin(.verify, at: line)
        case ("recurring", nil):
            guard section == .head, !isIrreversible else {
                throw error("'-- recurring' stands before '-- up'", at: line)
            }
            isRecurring = true
        case ("up", _), ("down", _), ("verify", _), ("repair", _), ("recurring", _):
            throw error("'-- \(directive.keyword)' stands alone, or as '-- down: none'", at: line)
        case ("changes", let declaration?):
            guard section == .head, !isIrreversible else {
                throw error("'-- changes:' stands before '-- up'", at: line)
            }
            declaresChanges = true
            for item in declaration.split(separator: ",") { try declare(Self.trim(item), at: line) }
        case ("unless", let select?):
            try refuseDanglingGuard(at: line)
            guard section != .head, section != .verify, !select.isEmpty else {
                throw error(
                    "'-- unless:' holds a SELECT and guards a statement of '-- up', '-- repair' or '-- down'", at: line)
            }
            unless = select
        case ("code", let name?):
            guard section == .up else { throw error("'-- code:' stands in '-- up' only", at: line) }
            guard let step = CodeStep(rawValue: name) else {
                throw error("there is no code step called \(name)", at: line)
            }
            try add(.code(step), at: line)
        default: return false
        }
        return true
    }

    /// Takes in `line` when it goes on with the guard before it.
    private mutating func goesOn(_ line: Substring) -> Bool {
        guard isInGuard, let begun = unless, line.hasPrefix("--   ") else { return false }
        unless = begun + " " + Self.trim(line.dropFirst(2))
        return true
    }

    private mutating func begin(_ next: Section, at line: Int) throws(MigrationFileError) {
        try refuseDanglingGuard(at: line)
        // The directive that ends the section is no part of what a ledger keeps of it.
        if section == .down { downLines.removeLast() }
        section = next
        guard begun.insert(next).inserted else { throw error("this section stands twice", at: line) }
    }

    /// A guard that reached over a section's end would guard what its author did not mean.
    private func refuseDanglingGuard(at line: Int? = nil) throws(MigrationFileError) {
        if unless != nil { throw error("'-- unless:' guards nothing: a statement has to follow", at: line) }
    }

    private mutating func declare(_ item: Substring, at line: Int) throws(MigrationFileError) {
        let words = item.split(separator: " ").map(String.init)
        func column(_ text: String) throws(MigrationFileError) -> (String, String) {
            let parts = text.split(separator: ".").map(String.init)
            guard parts.count == 2 else { throw error("expected TABLE.COLUMN, not \(text)", at: line) }
            return (parts[0], parts[1])
        }
        switch (words.first, words.count) {
        case ("none", 1): break
        case ("fills", 2):
            let (table, name) = try column(words[1])
            changes.insert(.fills(table: table, column: name))
        case ("rewrites", 2):
            let (table, name) = try column(words[1])
            changes.insert(.rewrites(table: table, column: name))
        case ("renames", 4) where words[2] == "to": changes.insert(.renames(table: words[1], to: words[3]))
        case ("moves", 4) where words[2] == "to": changes.insert(.moves(table: words[1], to: words[3]))
        case ("drops", 3) where words[1] == "column":
            let (table, name) = try column(words[2])
            changes.insert(.dropsColumn(table: table, column: name))
        case ("drops", 3) where words[1] == "table": changes.insert(.dropsTable(words[2]))
        case ("drops", 3) where words[1] == "object": changes.insert(.dropsObject(words[2]))
        default: throw error("cannot read the declaration '\(item)'", at: line)
        }
    }

    private mutating func add(_ body: MigrationStatement.Body, at line: Int) throws(MigrationFileError) {
        guard section != .head else { throw error("a statement stands in no section", at: line) }
        statements[section, default: []].append(MigrationStatement(unless: unless, body: body))
        unless = nil
        isInGuard = false
    }

    private func finish(
        _ line: Line, _ version: Int, _ name: String, _ checksum: SHA256Digest, _ isShipped: Bool
    ) throws(MigrationFileError) -> Migration {
        try refuseDanglingGuard()
        guard declaresChanges else {
            throw error("'-- changes:' is missing; 'none' says that nothing existing changes")
        }
        guard let up = statements[.up] else { throw error("the section '-- up' is missing or empty") }
        guard hasDown != isIrreversible else { throw error("it needs a section '-- down' or the line '-- down: none'") }
        let movesRows = changes.contains { if case .moves = $0 { true } else { false } }
        if movesRows, statements[.repair] == nil { throw error("'moves' declares what a section '-- repair' does") }
        if begun.contains(.repair), statements[.repair] == nil { throw error("the section '-- repair' is empty") }
        var verify: [String] = []
        for statement in statements[.verify] ?? [] {
            guard case .sql(let sql) = statement.body else { throw error("'-- verify' holds SELECTs only") }
            verify.append(sql)
        }
        guard !verify.isEmpty else { throw error("the section '-- verify' is missing or empty") }
        return Migration(
            line: line, version: version, name: name, changes: changes, isRecurring: isRecurring, up: up,
            repair: statements[.repair] ?? [], down: hasDown ? statements[.down] ?? [] : nil, verify: verify,
            // The way back from a repair of data is to leave the data as it is.
            downText: hasDown ? downLines.joined(separator: "\n") : isRecurring ? "" : nil, checksum: checksum,
            makes: isShipped ? MadeObjects(of: up, SQLDialect(of: line)) : MadeObjects())
    }

    private func error(_ message: String, at line: Int? = nil) -> MigrationFileError {
        MigrationFileError(file: file, line: line, message: message)
    }

    private init(file: String) {
        self.file = file
    }

    /// The statements of a down section that was kept in a ledger, for the migration called `name`.
    static func parseDown(
        _ text: String, name: String, of line: Line
    ) throws(MigrationFileError) -> [MigrationStatement] {
        var parser = MigrationFile(file: name)
        parser.section = .down
        var splitter = StatementSplitter(SQLDialect(of: line))
        for (number, content) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if splitter.isBetweenStatements, let directive = directive(in: content) {
                if parser.goesOn(content) { continue }
                parser.isInGuard = directive.keyword == "unless"
                if parser.isInGuard {
                    parser.unless = directive.argument
                    continue
                }
            }
            for statement in splitter.take(content) { try parser.add(.sql(statement), at: number + 1) }
        }
        guard splitter.isBetweenStatements else {
            throw parser.error("its last statement does not end with a semicolon")
        }
        try parser.refuseDanglingGuard()
        return parser.statements[.down] ?? []
    }
}
