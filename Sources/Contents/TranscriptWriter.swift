// SPDX-License-Identifier: MIT

internal import SQLiteKit
internal import SchemaDump

/// Takes the parts of a script in its order, and writes the transcript.
///
/// What reads the script cannot be told of an error of SQLite: the first one ends all writing, and ``finish()`` throws it.
final class TranscriptWriter {
    /// The storage of a value, by the type of its column.
    enum Kind {
        case integer, real, bytes, text

        init(_ type: String) {
            self =
                switch type {
                case "smallint", "integer", "bigint": .integer
                case "real", "double precision": .real
                case "bytea": .bytes
                default: .text
                }
        }
    }

    private var failure: SQLiteError?
    private let connection: Connection
    /// The types of the columns, by table and column; the tables' names as they are in the script.
    private var types: [String: [String: String]] = [:]
    private var definitions: [String: String] = [:]
    private var keys: [String: [String]] = [:]
    /// The names that the tables have here.
    private var names: [String: SQLiteName] = [:]
    private var current: Insertion?

    /// The columns that each table has here, in its order.
    private var columns: [String: [SQLiteName]] = [:]

    /// The table whose rows come.
    private final class Insertion {
        let statement: Statement
        let kinds: [Kind]

        init(_ statement: consuming Statement, _ kinds: [Kind]) {
            self.statement = statement
            self.kinds = kinds
        }
    }

    init(_ path: String) throws(SQLiteError) {
        connection = try Connection(path: path, access: .create)
        // Scratch that nobody relies on after a crash.
        try connection.execute(
            """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
            PRAGMA cache_size = -8192; BEGIN
            """)
        try connection.execute("CREATE TABLE \(ScriptTranscript.notes) (name, kind, place, note)" as SQL)
    }

    // MARK: Definitions

    /// Takes the text of a section: a table's definition before its rows, a constraint after them.
    func note(_ kind: String, _ sql: [UInt8]) {
        let text = String(decoding: sql, as: UTF8.self)
        switch kind {
        case "TABLE":
            let quoted = DumpRows<Never>.names(in: String(text.prefix { $0 != "(" }))
            guard quoted.count >= 2 else { return }
            definitions[quoted[1]] = text
            types[quoted[1]] = Self.types(in: text)
        case "CONSTRAINT":
            guard let mark = text.firstRange(of: " PRIMARY KEY (") else { return }
            let quoted = DumpRows<Never>.names(in: String(text[..<mark.lowerBound]))
            guard quoted.count >= 2 else { return }
            keys[quoted[1]] = Self.columns(in: text[mark.upperBound...])
        default: break
        }
    }

    /// The types of the columns in the definition of a table, which stand a line each.
    static func types(in definition: String) -> [String: String] {
        var types: [String: String] = [:]
        for line in definition.split(separator: "\n") where line.hasPrefix("    \"") {
            guard let name = DumpRows<Never>.names(in: String(line)).first else { continue }
            // The name with its marks, each of those within it doubled.
            let length = name.unicodeScalars.count { $0 == "\"" } + name.unicodeScalars.count + 2
            var rest = Substring(line.unicodeScalars.dropFirst(4 + length + 1))
            if rest.last == "," { rest = rest.dropLast() }
            let ends = [" DEFAULT ", " NOT NULL", " CONSTRAINT ", " COLLATE ", " GENERATED ", " WITH OPTIONS"]
            let end = ends.compactMap { rest.firstRange(of: $0)?.lowerBound }.min() ?? rest.endIndex
            // The first line of that name: what follows it may be text of a default.
            if types[name] == nil { types[name] = String(rest[..<end]) }
        }
        return types
    }

    /// The names in `list`, which the server quotes only where it has to, up to the parenthesis that closes it.
    static func columns(in list: Substring) -> [String] {
        var names: [String] = []
        var name = String.UnicodeScalarView()
        var isQuoted = false
        var rest = list.unicodeScalars
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                name.append("\"")
                rest = rest.dropFirst()
            case "\"": isQuoted.toggle()
            case "," where !isQuoted, ")" where !isQuoted:
                names.append(String(name))
                name = String.UnicodeScalarView()
                if character == ")" { return names }
            case " " where !isQuoted: break
            default: name.append(character)
            }
        }
        return names
    }

    // MARK: Rows

    /// Begins the table that a COPY statement quotes: schema, table and columns.
    func begin(_ quoted: [String]) {
        current = nil
        guard failure == nil, quoted.count > 2 else { return }
        let (table, columns) = (quoted[1], Array(quoted[2...]))
        let known = types[table] ?? [:]
        let name = freeName(table, among: Set(names.values.map(\.folded)))
        names[table] = name
        var taken: Set<SQLiteName> = []
        let own = columns.map { column in
            let own = freeName(column, among: taken)
            taken.insert(own.folded)
            return own
        }
        self.columns[table] = own
        attempt { () throws(SQLiteError) in
            // Without types: no affinity makes another value of what PostgreSQL printed.
            try connection.execute("CREATE TABLE \(name) (\(ContentState.list(own)))" as SQL)
            let marks = own.map { _ in "?" as SQL }.joined(separator: ", ")
            current = Insertion(
                try connection.prepare("INSERT INTO \(name) VALUES (\(marks))" as SQL),
                columns.map { Kind(known[$0] ?? "") })
            for (place, column) in columns.enumerated() { try note(name, "type", place, known[column] ?? "") }
        }
    }

    /// Takes one row, as COPY writes it.
    func add(_ row: UnsafeRawBufferPointer) {
        guard failure == nil, let current else { return }
        attempt { () throws(SQLiteError) in
            var place = 0
            // A tab of a value is written as two other characters.
            for field in row.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false) {
                guard place < current.kinds.count else {
                    place += 1
                    break
                }
                try current.statement.bind(CopyText.value(Array(field), current.kinds[place]), to: Int32(place + 1))
                place += 1
            }
            guard place == current.kinds.count else {
                throw SQLiteError(code: .corrupt, message: "a row has other fields than its table has columns")
            }
            try current.statement.run()
        }
    }

    /// Notes definitions and keys, makes an index of each key, along which comparisons go, and ends the file.
    func finish() throws(SQLiteError) {
        current = nil
        if let failure { throw failure }
        var number = 0
        for (table, name) in names.sorted(by: { $0.key < $1.key }) {
            if let definition = definitions[table] { try note(name, "definition", 0, definition) }
            let own = columns[table] ?? []
            let key = (keys[table] ?? []).compactMap { column in
                own.first { $0 == SQLiteName(column) }
            }
            for (place, column) in key.enumerated() { try note(name, "key", place, column.text) }
            let known = ["session_id", "label", "version"].filter { own.contains($0) } as [SQLiteName]
            let indices = [key, name == ContentTable.contexts && known.count == 3 ? known : []]
            for columns in indices where !columns.isEmpty {
                number += 1
                let index = SQLiteName("\u{1}key \(number)")
                try connection.execute("CREATE INDEX \(index) ON \(name) (\(ContentState.list(columns)))" as SQL)
            }
        }
        try connection.execute("COMMIT")
    }

    private func note(
        _ table: SQLiteName, _ kind: String, _ place: Int, _ text: String
    ) throws(SQLiteError) {
        try connection.run(
            "INSERT INTO \(ScriptTranscript.notes) VALUES (?, ?, ?, ?)" as SQL,
            [.text(table.bytes), .text(kind), .integer(Int64(place)), .text(text)])
    }

    private func attempt(_ body: () throws(SQLiteError) -> Void) {
        do {
            try body()
        } catch {
            failure = error
        }
    }

    /// `text` as a name that SQLite takes and that none of `taken` is: SQLite knows no case of ASCII letters, and keeps names for itself.
    private func freeName(_ text: String, among taken: Set<SQLiteName>) -> SQLiteName {
        let base = SQLiteName(text).hasPrefix("sqlite_") ? "pg." + text : text
        var name = SQLiteName(base)
        var number = 2
        while taken.contains(name.folded) {
            name = SQLiteName("\(base) (\(number))")
            number += 1
        }
        return name
    }
}

/// COPY's text format: see <https://www.postgresql.org/docs/current/sql-copy.html>.
enum CopyText {
    /// The value that `field` spells.
    static func value(_ field: [UInt8], _ kind: TranscriptWriter.Kind) -> Value {
        if field == [UInt8(ascii: "\\"), UInt8(ascii: "N")] { return .null }
        let bytes = field.contains(UInt8(ascii: "\\")) ? unescaped(field) : field
        switch kind {
        case .text: return .text(bytes)
        case .integer: return Int64(String(decoding: bytes, as: UTF8.self)).map { .integer($0) } ?? .text(bytes)
        case .real:
            // SQLite has no NaN, and would keep NULL for it.
            guard let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite else {
                return .text(bytes)
            }
            return .real(number)
        case .bytes: return hexadecimal(bytes).map { .blob($0) } ?? .text(bytes)
        }
    }

    private static func unescaped(_ field: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.count)
        var rest = field[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "b"): bytes.append(8)
            case UInt8(ascii: "f"): bytes.append(12)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "v"): bytes.append(11)
            default: bytes.append(next)
            }
        }
        return bytes
    }

    /// The bytes of `\x0AFF`; nil for anything else.
    private static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
        guard text.starts(with: "\\x".utf8), text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for place in stride(from: 2, to: text.count, by: 2) {
            guard let byte = UInt8(String(decoding: text[place..<(place + 2)], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
