// SPDX-License-Identifier: MIT

internal import CLibpq

/// What the server, or libpq on the way to it, answered when it did not do as asked.
///
/// Never carries parameters or a connection text: those may be somebody's secrets. `detail` may quote values of the row that was
/// refused; it is for the store's own ledger and not for a log.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// Five characters, see <https://www.postgresql.org/docs/current/errcodes-appendix.html>; nil when libpq itself failed, and for
    /// whatever a server refused a connection for: libpq keeps no more of that than the sentence.
    public let sqlState: SQLState?
    /// One sentence.
    public let message: String
    /// More of it, with values.
    public let detail: String?
    /// What the server advises.
    public let hint: String?
    /// Where in functions and triggers it happened.
    public let context: String?
    /// The table, column or constraint that it is about.
    public let table: String?
    public let column: String?
    public let constraint: String?
    /// Whether the connection is gone with it. What became of a COMMIT is unknown then.
    public let isConnectionLost: Bool
    /// Whether we cancelled the statement ourselves, because whoever ran it was told to stop.
    public let isStop: Bool

    public init(
        sqlState: SQLState?, message: String, detail: String? = nil, hint: String? = nil, context: String? = nil,
        table: String? = nil, column: String? = nil, constraint: String? = nil, isConnectionLost: Bool = false,
        isStop: Bool = false
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
        self.table = table
        self.column = column
        self.constraint = constraint
        self.isConnectionLost = isConnectionLost
        self.isStop = isStop
    }

    public var description: String {
        sqlState.map { "\(message) (SQLSTATE \($0.rawValue))" } ?? message
    }

    /// What libpq says of `result`, or of the connection where there is no result.
    init(_ result: OpaquePointer?, on handle: OpaquePointer) {
        func field(_ code: Int32) -> String? {
            guard let result, let text = PQresultErrorField(result, code) else { return nil }
            return String(cString: text)
        }
        let state = field(DiagnosticField.sqlState).map(SQLState.init(rawValue:))
        // After a FATAL error the server hangs up, which libpq may not have seen yet.
        let isFatal = ["FATAL", "PANIC"].contains(field(DiagnosticField.severity))
        let isLost = isFatal || PQstatus(handle) != CONNECTION_OK
        self.init(
            sqlState: state,
            message: field(DiagnosticField.primary) ?? Self.sentence(PQerrorMessage(handle)),
            detail: field(DiagnosticField.detail), hint: field(DiagnosticField.hint),
            context: field(DiagnosticField.context), table: field(DiagnosticField.table),
            column: field(DiagnosticField.column), constraint: field(DiagnosticField.constraint),
            isConnectionLost: isLost)
    }

    /// libpq's messages end in a line break and may have several lines.
    static func sentence(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "libpq gives no reason" }
        let lines = String(cString: text).split(whereSeparator: \.isNewline)
        return lines.isEmpty ? "libpq gives no reason" : lines.joined(separator: " ")
    }
}

/// The field codes of libpq's diagnostics, which its header has as character macros that Swift does not see.
enum DiagnosticField {
    /// In English, whatever language the server speaks.
    static let severity = Int32(UInt8(ascii: "V"))
    static let sqlState = Int32(UInt8(ascii: "C"))
    static let primary = Int32(UInt8(ascii: "M"))
    static let detail = Int32(UInt8(ascii: "D"))
    static let hint = Int32(UInt8(ascii: "H"))
    static let context = Int32(UInt8(ascii: "W"))
    static let table = Int32(UInt8(ascii: "t"))
    static let column = Int32(UInt8(ascii: "c"))
    static let constraint = Int32(UInt8(ascii: "n"))
}

/// A SQLSTATE, as a value that a `catch` can name.
public struct SQLState: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The first two characters, which name the class of the error.
    public var errorClass: String { String(rawValue.prefix(2)) }

    public static let uniqueViolation = SQLState(rawValue: "23505")
    public static let insufficientPrivilege = SQLState(rawValue: "42501")
    public static let undefinedTable = SQLState(rawValue: "42P01")
    public static let undefinedFile = SQLState(rawValue: "58P01")
    public static let undefinedSchema = SQLState(rawValue: "3F000")
    public static let undefinedDatabase = SQLState(rawValue: "3D000")
    public static let duplicateTable = SQLState(rawValue: "42P07")
    public static let duplicateObject = SQLState(rawValue: "42710")
    public static let duplicateDatabase = SQLState(rawValue: "42P04")
    public static let duplicateSchema = SQLState(rawValue: "42P06")
    public static let dependentObjects = SQLState(rawValue: "2BP01")
    public static let lockNotAvailable = SQLState(rawValue: "55P03")
    public static let objectInUse = SQLState(rawValue: "55006")
    public static let queryCanceled = SQLState(rawValue: "57014")
    public static let adminShutdown = SQLState(rawValue: "57P01")
    public static let deadlock = SQLState(rawValue: "40P01")
    public static let serializationFailure = SQLState(rawValue: "40001")
    public static let programLimitExceeded = SQLState(rawValue: "54000")
    public static let diskFull = SQLState(rawValue: "53100")
    public static let tooManyConnections = SQLState(rawValue: "53300")
    public static let failedTransaction = SQLState(rawValue: "25P02")
    public static let characterNotInRepertoire = SQLState(rawValue: "22021")
    public static let untranslatableCharacter = SQLState(rawValue: "22P05")
    public static let outOfMemory = SQLState(rawValue: "53200")
    public static let configurationLimitExceeded = SQLState(rawValue: "53400")
    public static let invalidPassword = SQLState(rawValue: "28P01")
    public static let invalidAuthorization = SQLState(rawValue: "28000")
}
