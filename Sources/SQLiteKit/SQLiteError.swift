// SPDX-License-Identifier: MIT

internal import CSQLite
internal import Glibc

/// A result code of SQLite, primary or extended, as a value that a `catch` can name.
///
/// `code ~= .busy` matches every extended form of `SQLITE_BUSY`. See <https://sqlite.org/rescode.html>.
public struct ResultCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The code without its extension.
    public var primary: ResultCode { ResultCode(rawValue: rawValue & 0xff) }

    public static let ok = ResultCode(rawValue: SQLITE_OK)
    public static let row = ResultCode(rawValue: SQLITE_ROW)
    public static let done = ResultCode(rawValue: SQLITE_DONE)
    public static let error = ResultCode(rawValue: SQLITE_ERROR)
    public static let permission = ResultCode(rawValue: SQLITE_PERM)
    public static let busy = ResultCode(rawValue: SQLITE_BUSY)
    public static let locked = ResultCode(rawValue: SQLITE_LOCKED)
    public static let readOnly = ResultCode(rawValue: SQLITE_READONLY)
    public static let interrupted = ResultCode(rawValue: SQLITE_INTERRUPT)
    public static let inputOutput = ResultCode(rawValue: SQLITE_IOERR)
    public static let corrupt = ResultCode(rawValue: SQLITE_CORRUPT)
    public static let full = ResultCode(rawValue: SQLITE_FULL)
    public static let cannotOpen = ResultCode(rawValue: SQLITE_CANTOPEN)
    public static let constraint = ResultCode(rawValue: SQLITE_CONSTRAINT)
    public static let authorization = ResultCode(rawValue: SQLITE_AUTH)
    /// A value is longer than the connection takes.
    public static let tooBig = ResultCode(rawValue: SQLITE_TOOBIG)
    public static let notADatabase = ResultCode(rawValue: SQLITE_NOTADB)

    /// Whether one is the other or an extension of it; so `case .busy:` and `code ~= .busy` mean the same.
    public static func ~= (left: ResultCode, right: ResultCode) -> Bool {
        left == right || left == right.primary || left.primary == right
    }

    public var description: String { String(cString: sqlite3_errstr(rawValue)) }
}

/// What SQLite answered when it did not do as asked.
///
/// Carries the SQL, never the bound values: those may be somebody's secrets.
public struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// The extended result code.
    public let code: ResultCode
    /// SQLite's own sentence.
    public let message: String
    /// The statement, when there was one.
    public let sql: String?
    /// errno of the system call that failed below SQLite, or 0.
    public let systemError: Int32

    public init(code: ResultCode, message: String, sql: String? = nil, systemError: Int32 = 0) {
        self.code = code
        self.message = message
        self.sql = sql
        self.systemError = systemError
    }

    /// The error that `handle` holds after a call answered `result`.
    init(_ result: Int32, on handle: OpaquePointer?, sql: String? = nil) {
        if let handle {
            // A backup reports errors of its source too, of which its destination's handle knows nothing.
            let extended = sqlite3_extended_errcode(handle)
            let isItsOwn = extended & 0xff == result & 0xff
            self.init(
                code: ResultCode(rawValue: isItsOwn ? extended : result),
                message: String(cString: isItsOwn ? sqlite3_errmsg(handle) : sqlite3_errstr(result)),
                sql: sql,
                systemError: Self.systemError(handle, ResultCode(rawValue: result))
            )
        } else {
            self.init(code: ResultCode(rawValue: result), message: String(cString: sqlite3_errstr(result)), sql: sql)
        }
    }

    /// errno of what failed below `handle`. For an error of input or output the file itself remembers it: by the time an error is read,
    /// the rollback that followed may have set errno anew.
    private static func systemError(_ handle: OpaquePointer, _ code: ResultCode) -> Int32 {
        var kept: Int32 = 0
        guard code ~= .inputOutput, sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &kept) == SQLITE_OK,
            kept != 0
        else { return sqlite3_system_errno(handle) }
        return kept
    }

    /// Whether a write found no room: on the disk, in a quota, or under a limit on the length of files.
    public var isNoSpace: Bool {
        code ~= .full || (code ~= .inputOutput && [ENOSPC, EDQUOT, EFBIG].contains(systemError))
    }

    public var description: String {
        sql.map { "SQLite \(code.rawValue): \(message), in: \($0)" } ?? "SQLite \(code.rawValue): \(message)"
    }
}
