// SPDX-License-Identifier: MIT

internal import CLibpq
internal import Glibc

/// One connection to one database.
///
/// Not `Sendable`: it blocks, and belongs to the one thread or actor that opened it. Only ``canceller`` may be used from elsewhere.
/// Everything is text on the wire: values come as the server writes them, and so depend on its settings, which the caller pins.
public final class Connection {
    /// Where a connection stands between BEGIN and COMMIT.
    public enum TransactionStatus: Sendable {
        case idle
        /// A statement is running, or a COPY is under way.
        case active
        case inTransaction
        /// Only ROLLBACK is understood.
        case failed
        /// The connection is gone.
        case unknown
    }

    let handle: OpaquePointer
    private let notices: NoticeBox
    /// How long it waits for the server.
    public var patience = Patience()
    /// Whether whoever uses the connection was told to stop: from then on a statement has only ``Patience/afterStop``.
    public var isStopped: () -> Bool = { Task.isCancelled }
    /// How far the wait for the statement at work is.
    var wait = StatementWait()

    /// Connects. Waits as long as `connect_timeout` says, for each address of the host.
    ///
    /// - Parameter notice: is told what the server remarks; its notices are dropped without it
    public init(_ target: ConnectionTarget, notice: ((String) -> Void)? = nil) throws(PostgresError) {
        let opened = CStringArray.with(target.withDefaults()) { keywords, values in
            PQconnectdbParams(keywords, values, 0)
        }
        guard let opened else { throw PostgresError(sqlState: nil, message: "libpq has no memory left") }
        handle = opened
        notices = NoticeBox(notice)
        // From here on a throw runs deinit, which finishes the connection.
        PQsetNoticeReceiver(handle, NoticeBox.receive, Unmanaged.passUnretained(notices).toOpaque())
        guard PQstatus(handle) == CONNECTION_OK else { throw Self.refusal(on: handle) }
        // From here on libpq waits for nothing; `Waiting.swift` does.
        guard PQsetnonblocking(handle, 1) == 0 else { throw PostgresError(nil, on: handle) }
    }

    /// Why there is no connection. libpq gives no SQLSTATE for that, but in the text of a try that asks for nothing else: worth a second
    /// one only where the server wanted a password, and so is there.
    private static func refusal(on handle: OpaquePointer) -> PostgresError {
        let error = PostgresError(nil, on: handle)
        if PQconnectionNeedsPassword(handle) == 1 {
            return PostgresError(sqlState: .invalidPassword, message: error.message)
        }
        guard PQconnectionUsedPassword(handle) == 1 else { return error }
        PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
        PQreset(handle)
        let state = PQerrorMessage(handle).flatMap { text in
            // A second line may tell which file the password came from.
            String(cString: text).split(separator: "\n").first?.split(separator: " ").last.map(String.init)
        }
        guard let state, state.utf8.count == 5 else { return error }
        return PostgresError(sqlState: SQLState(rawValue: state), message: error.message)
    }

    deinit {
        PQfinish(handle)
    }

    // MARK: What it is connected to

    /// The host, or the folder of the socket, that libpq chose.
    public var host: String { PQhost(handle).map { String(cString: $0) } ?? "" }
    public var port: String { PQport(handle).map { String(cString: $0) } ?? "" }
    public var database: String { PQdb(handle).map { String(cString: $0) } ?? "" }
    public var user: String { PQuser(handle).map { String(cString: $0) } ?? "" }

    /// As in `server_version_num`: 150018 is 15.18.
    public var serverVersion: Int { Int(PQserverVersion(handle)) }

    /// The process that answered when we connected. A pooler makes this up: another number than `pg_backend_pid()` tells it.
    public var processID: Int32 { PQbackendPID(handle) }

    /// Whether it repeats another server, and can change nothing. Asked, because a pooler does not pass on what the server reports.
    public func isStandby() throws(PostgresError) -> Bool {
        try value("SELECT pg_catalog.pg_is_in_recovery()") == "t"
    }

    /// A setting that the server reports by itself, such as `server_encoding`.
    public func parameterStatus(_ name: String) -> String? {
        PQparameterStatus(handle, name).map { String(cString: $0) }
    }

    public var transactionStatus: TransactionStatus {
        switch PQtransactionStatus(handle) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// Whether the server has not hung up since the last statement, as far as that can be told without asking it.
    public var isOpen: Bool {
        // Its last words come before the end of what it sends.
        while PQstatus(handle) == CONNECTION_OK {
            var entry = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 0) > 0, PQconsumeInput(handle) == 1 else { break }
        }
        return PQstatus(handle) == CONNECTION_OK
    }

    /// What stops a statement from another thread.
    public var canceller: Canceller { Canceller(PQgetCancel(handle)) }

    // MARK: Statements

    /// Runs every statement of `script`, which may be several, and drops their rows. The script is a constant of the program: a statement
    /// that names something of others is one of its own, by ``run(_:_:)``.
    ///
    /// - Returns: the tag of the last one, such as `COMMIT`. COMMIT in a failed transaction answers `ROLLBACK`.
    @discardableResult
    public func execute(_ script: StaticString) throws(PostgresError) -> String { try execute([script]) }

    /// The same for several scripts, which are sent as one.
    @discardableResult
    public func execute(_ scripts: [StaticString]) throws(PostgresError) -> String {
        try lastResult(ofScript: Array(scripts.map(\.description).joined(separator: ";\n").utf8)).commandTag
    }

    /// Runs the statements of `section`, a piece of a script that was written to be run as a whole.
    ///
    /// - Important: whatever stands in it is run. Only for scripts whose origin is known, such as a dump out of the vault.
    public func replay(_ section: [UInt8]) throws(PostgresError) { _ = try lastResult(ofScript: section) }

    private func lastResult(ofScript text: [UInt8]) throws(PostgresError) -> QueryResult {
        guard !text.contains(0) else { throw Self.holdsNUL }
        try start {
            (text + [0]).withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { PQsendQuery(handle, $0.baseAddress) }
            }
        }
        return try lastResult()
    }

    /// Runs one statement. Its rows are given to `transform` one after the other.
    ///
    /// - Parameter parameters: the values of `$1`, `$2`, …, as text; nil is NULL
    public func rows<Value>(
        _ sql: String, _ parameters: [String?] = [], _ transform: (Row) throws(PostgresError) -> Value
    ) throws(PostgresError) -> [Value] {
        let result = try query(sql, parameters)
        var values: [Value] = []
        values.reserveCapacity(result.count)
        for index in 0..<result.count { values.append(try transform(Row(result: result, index: Int32(index)))) }
        return values
    }

    /// The first column of the first row, as text; nil for NULL or no row.
    public func value(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> String? {
        let result = try query(sql, parameters)
        return result.count > 0 ? Row(result: result, index: 0).string(0) : nil
    }

    /// Runs one statement with parameters and drops its rows.
    ///
    /// - Returns: how many rows it touched, where the server counts them
    @discardableResult
    public func run(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> Int {
        try query(sql, parameters).touchedRows
    }

    func query(_ sql: String, _ parameters: [String?]) throws(PostgresError) -> QueryResult {
        try send(sql, parameters)
        return try lastResult()
    }

    /// Sends one statement: the extended protocol takes no more.
    func send(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) {
        try refuseNUL(sql)
        for case let parameter? in parameters { try refuseNUL(parameter) }
        try start {
            CStringArray.with(parameters) { values in
                PQsendQueryParams(handle, sql, Int32(parameters.count), nil, values, nil, nil, 0)
            }
        }
    }

    /// The last result of what was sent, or the first that is a failure. A COPY is begun or, when `copy` is not its direction, ended.
    ///
    /// - Parameter copy: the direction of the COPY that was asked for
    func lastResult(_ copy: ExecStatusType? = nil) throws(PostgresError) -> QueryResult {
        var last: QueryResult?
        var failure: PostgresError?
        while let pointer = try nextResult() {
            let result = QueryResult(pointer, notices)
            switch PQresultStatus(pointer) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: last = result
            case PGRES_COPY_IN, PGRES_COPY_OUT:
                if PQresultStatus(pointer) == copy { return result }
                drain()
                throw PostgresError(sqlState: nil, message: "this statement is a COPY that nobody reads or feeds")
            default: failure = failure ?? explained(PostgresError(pointer, on: handle))
            }
        }
        if let failure { throw failure }
        guard let last else { throw PostgresError(nil, on: handle) }
        return last
    }

    /// A C string ends at its first NUL: half a statement would be run, half a value kept.
    func refuseNUL(_ text: String) throws(PostgresError) {
        guard text.utf8.contains(0) else { return }
        throw Self.holdsNUL
    }

    private static let holdsNUL = PostgresError(
        sqlState: .characterNotInRepertoire, message: "PostgreSQL holds no text with a NUL in it")
}

/// A result that frees itself.
final class QueryResult {
    let pointer: OpaquePointer
    /// A result may remark as well, of a column that it does not have, and may do so when its connection is gone.
    private let notices: NoticeBox

    init(_ pointer: OpaquePointer, _ notices: NoticeBox) {
        self.pointer = pointer
        self.notices = notices
    }

    deinit {
        PQclear(pointer)
    }

    var count: Int { Int(PQntuples(pointer)) }
    var commandTag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }
    var touchedRows: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }
}

/// Keeps the closure alive that libpq gives notices to.
final class NoticeBox {
    private let notice: ((String) -> Void)?

    init(_ notice: ((String) -> Void)?) {
        self.notice = notice
    }

    static let receive: PQnoticeReceiver = { context, result in
        guard let context, let text = PQresultErrorField(result, DiagnosticField.primary) else { return }
        Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().notice?(String(cString: text))
    }
}
