// SPDX-License-Identifier: MIT

internal import CSQLite
internal import Glibc

/// One connection to one database file.
///
/// Not `Sendable`: it belongs to the one thread or actor that opened it, and it is opened without SQLite's own mutex for that reason.
/// Only ``interrupter`` may be used from elsewhere.
public final class Connection {
    /// How to open a file.
    public enum Access: Sendable {
        /// An existing file, for reading and writing. When the system allows only reading, opening fails.
        case readWrite
        /// A new or existing file of our own.
        case create
        /// An existing file of our own that nobody writes (an archive's copy): nothing is created beside it, and collations that this process
        /// does not have do not keep it from being read.
        case immutable
    }

    let handle: OpaquePointer
    /// Keeps the authorizer's closure alive as long as SQLite may call it.
    var authorizer: AuthorizerBox?
    /// Keeps the busy handler's closure alive as long as SQLite may call it.
    var busyHandler: BusyBox?
    /// What stands in for what this process does not have; nil where nothing does.
    var standIns: StandIns?

    /// Opens the database at `path`, which must not lead through a symbolic link at its end.
    ///
    /// SQLite reads nothing yet: a file that is no database shows at the first statement.
    /// - Throws: also for a path that is longer than ``pathLimit``, with ENAMETOOLONG as its system error.
    public init(path: String, access: Access) throws(SQLiteError) {
        guard path.utf8.count <= Self.pathLimit else {
            throw SQLiteError(
                code: .cannotOpen,
                message: "the path has \(path.utf8.count) bytes, and SQLite takes at most \(Self.pathLimit)",
                systemError: ENAMETOOLONG)
        }
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE
        var name = path
        switch access {
        case .readWrite: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW
        case .create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW
        case .immutable:
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            name = Self.immutableName(path)
        }
        var opened: OpaquePointer?
        let result = sqlite3_open_v2(name, &opened, flags, nil)
        guard result == SQLITE_OK, let opened else {
            let error = SQLiteError(result, on: opened)
            sqlite3_close(opened)
            throw error
        }
        handle = opened
        // From here on a throw runs deinit, which closes: closing here as well would free the connection twice.
        try refuseDoubleQuotedStrings()
        if access == .immutable { acceptMissingCollations() }
        if access == .readWrite, sqlite3_db_readonly(handle, "main") == 1 {
            throw SQLiteError(code: .readOnly, message: "attempt to write a readonly database")
        }
    }

    /// The most bytes that a database's path may have: SQLite's own limit, less the end of the journal's name.
    public static let pathLimit = Int(sqlite3_vfs_find(nil)?.pointee.mxPathname ?? 512) - "-journal".utf8.count

    deinit {
        // close_v2 cannot fail: with statements alive (they are not Copyable and end before us) it would only wait for them.
        sqlite3_close_v2(handle)
    }

    /// Runs every statement of `sql` and drops their rows.
    public func execute(_ sql: SQL) throws(SQLiteError) {
        let result = Self.withText(sql) { sqlite3_exec(handle, $0, nil, nil, nil) }
        guard result == SQLITE_OK else { throw SQLiteError(result, on: handle, sql: sql.text) }
    }

    /// Prepares the one statement of `sql`. A second one, which SQLite would pass over in silence, is an error, and so is none.
    public func prepare(_ sql: SQL) throws(SQLiteError) -> Statement {
        var prepared: OpaquePointer?
        var result = SQLITE_OK
        var isAlone = true
        Self.withText(sql) { text in
            var rest: UnsafePointer<CChar>?
            result = sqlite3_prepare_v2(handle, text, -1, &prepared, &rest)
            if result == SQLITE_OK, let rest { isAlone = Self.isBlank(rest) }
        }
        guard result == SQLITE_OK else { throw SQLiteError(result, on: handle, sql: sql.text) }
        // Comments alone compile to nothing at all.
        guard let prepared else { throw SQLiteError(code: .error, message: "no statement", sql: sql.text) }
        let statement = Statement(handle: prepared, connection: handle)
        guard isAlone else { throw SQLiteError(code: .error, message: "more than one statement", sql: sql.text) }
        return statement
    }

    private static func withText<Result>(_ sql: SQL, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        (sql.bytes + [0]).withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self)) }
    }

    /// Whether there is nothing to run in `sql`: white space, semicolons and comments at most.
    private static func isBlank(_ sql: UnsafePointer<CChar>) -> Bool {
        var rest = String(cString: sql).utf8[...]
        while let byte = rest.first {
            if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if rest.starts(with: "/*".utf8) {
                rest = rest.dropFirst(2)
                while !rest.isEmpty, !rest.starts(with: "*/".utf8) { rest = rest.dropFirst() }
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: ";") || byte == 32 || (9...13).contains(byte) {
                rest = rest.dropFirst()
            } else {
                return false
            }
        }
        return true
    }

    /// Runs one statement with `parameters` and drops its rows.
    public func run(_ sql: SQL, _ parameters: [Value] = []) throws(SQLiteError) {
        let statement = try prepare(sql)
        try statement.bind(parameters)
        try statement.run()
    }

    /// Runs one statement and calls `body` for each row.
    public func forEachRow(
        _ sql: SQL,
        _ parameters: [Value] = [],
        _ body: (borrowing Statement) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        let statement = try prepare(sql)
        try statement.bind(parameters)
        while try statement.step() { try body(statement) }
    }

    /// What `transform` makes of each row of one statement.
    public func rows<Element>(
        _ sql: SQL,
        _ parameters: [Value] = [],
        _ transform: (borrowing Statement) -> Element
    ) throws(SQLiteError) -> [Element] {
        var elements: [Element] = []
        try forEachRow(sql, parameters) { row in elements.append(transform(row)) }
        return elements
    }

    /// The first column of the first row, or nil without a row.
    public func value(_ sql: SQL, _ parameters: [Value] = []) throws(SQLiteError) -> Value? {
        let statement = try prepare(sql)
        try statement.bind(parameters)
        return try statement.step() ? statement.value(0) : nil
    }

    /// The first column of the first row as an integer, or nil without a row.
    public func integer(_ sql: SQL, _ parameters: [Value] = []) throws(SQLiteError) -> Int64? {
        guard case .integer(let integer)? = try value(sql, parameters) else { return nil }
        return integer
    }

    /// The first column of the first row as text, or nil without a row.
    public func string(_ sql: SQL, _ parameters: [Value] = []) throws(SQLiteError) -> String? {
        guard case .text(let bytes)? = try value(sql, parameters) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Opens a second file of our own that nobody writes, under the name `schema`. For a connection that was opened as
    /// ``Access/immutable`` itself.
    public func attach(immutable path: String, as schema: SQLiteName) throws(SQLiteError) {
        try run("ATTACH ? AS \(schema)" as SQL, [.text(Self.immutableName(path))])
    }

    private static func immutableName(_ path: String) -> String { "file:" + percentEncoded(path) + "?immutable=1" }

    /// Every byte but the plain ones of a path as `%xx`: see <https://sqlite.org/uri.html>.
    private static func percentEncoded(_ path: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.".utf8)
        return path.utf8.reduce(into: "") { encoded, byte in
            if plain.contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
    }
}
