// SPDX-License-Identifier: MIT

/// The exit codes of `dementiad` and `dementiactl`. A promise: the list only grows.
public enum ExitCode: Int32, Sendable, Codable, CaseIterable {
    case done = 0
    case failed = 1
    case findings = 3
    case failedRestored = 4
    case needsAttention = 5
    case verificationFailed = 6
    case noBackup = 7
    case failedUntouched = 8
    case notFound = 10
    case busy = 11
    case notPermitted = 12
    case confirmationNeeded = 13
    case notMigratable = 14
    case rejectedRows = 15
    case usage = 64
    case notReachable = 69
    case timedOut = 75
    case configuration = 78
    case interrupted = 130

    /// The order in which `dementiad once` picks the worst of its stores.
    public static let worstFirst: [ExitCode] = [
        .needsAttention, .verificationFailed, .failedRestored, .failed, .failedUntouched, .noBackup, .notPermitted,
        .busy, .notMigratable, .notFound, .done,
    ]

    /// The worst of `codes` in the order of ``worstFirst``; ``done`` for none.
    public static func worst(of codes: some Sequence<ExitCode>) -> ExitCode {
        let codes = Set(codes)
        return worstFirst.first(where: codes.contains) ?? .done
    }
}

/// The one table of errors: what each code is called, what a script gets and whether trying again can help.
public struct ErrorTable: Sendable {
    /// One code's line in the table.
    public struct Line: Sendable {
        /// A title that stays the same for every occurrence.
        public let title: String
        /// The exit status of the command line.
        public let exit: ExitCode
        /// The HTTP status of the API.
        public let status: Int
        /// Whether the same request may succeed later.
        public let retryable: Bool
    }

    /// The line of `code`.
    public static func line(for code: GuardError.Code) -> Line {
        func line(_ title: String, _ exit: ExitCode, _ status: Int, retryable: Bool = false) -> Line {
            Line(title: title, exit: exit, status: status, retryable: retryable)
        }
        return switch code {
        case .notADatabase: line("Not a database", .notMigratable, 422)
        case .damaged: line("The database is damaged", .notMigratable, 422)
        case .foreignSchema: line("Not a Dementia memory", .notMigratable, 422)
        case .foreignLedger: line("Another tool's migration ledger is in the way", .notMigratable, 422)
        case .drift: line("Ledger and schema disagree", .notMigratable, 422)
        case .unknownShape: line("A shape that is not known", .notMigratable, 422)
        case .newerVersion: line("Newer than this dementiad", .notMigratable, 422)
        case .noWayBack: line("No way back", .notMigratable, 422)
        case .severalNames: line("The file has several names", .notMigratable, 422)
        case .pathTooLong: line("The path is too long for SQLite", .notMigratable, 422)
        case .pathNotText: line("The path is not UTF-8", .notMigratable, 422)
        case .nameTaken: line("A name that the migration needs is taken", .notMigratable, 422)
        case .unsupportedEncoding: line("Bytes that are no text", .notMigratable, 422)
        case .storeBusy: line("The store is busy", .busy, 409, retryable: true)
        case .storeMoved: line("The store keeps changing", .busy, 409, retryable: true)
        case .stateDirectoryBusy: line("Another dementiad is at work", .busy, 409, retryable: true)
        case .permissionDenied: line("Not permitted", .notPermitted, 403)
        case .readOnlyStore: line("The store cannot be written", .notPermitted, 403)
        case .remoteFilesystem: line("On a network filesystem", .notPermitted, 422)
        case .noSpace: line("Not enough room", .noBackup, 507, retryable: true)
        case .backupFailed: line("No proved backup could be made", .noBackup, 500, retryable: true)
        case .inputOutput: line("The system reported an input or output error", .noBackup, 500, retryable: true)
        case .serverLimit: line("The server's settings are too small", .noBackup, 507)
        case .rehearsalFailed: line("The rehearsal failed", .failedUntouched, 500)
        case .migrationFailed: line("The migration failed", .failedUntouched, 500)
        case .conservationFailed:
            line("The migration would have changed what it did not declare", .failedUntouched, 500)
        case .checkVetoed: line("The check command vetoed", .failedUntouched, 500)
        case .verificationFailed: line("Verification failed", .verificationFailed, 500)
        // A script must not write once more over data in an unknown state: a person looks first.
        case .restoreFailed: line("The restore failed", .needsAttention, 500)
        case .restoreRefused: line("The restore was refused", .failedUntouched, 409)
        case .transferFailed: line("The transfer failed", .failedUntouched, 500)
        case .targetNotEmpty: line("The schema holds other data", .notMigratable, 409)
        case .notFound: line("Not found", .notFound, 404)
        case .storeMissing: line("The store is missing", .notFound, 404, retryable: true)
        case .held: line("Automation is on hold", .busy, 409)
        case .confirmationNeeded: line("Confirmation needed", .confirmationNeeded, 409)
        case .usage: line("Wrong use", .usage, 400)
        case .configuration: line("The configuration is not valid", .configuration, 422)
        case .refusesRoot: line("Refuses to run as root", .configuration, 403)
        case .methodNotAllowed: line("Not a method of this resource", .usage, 405)
        case .unsupportedMediaType: line("Not JSON", .usage, 415)
        case .bodyTooLarge: line("The body is too large", .usage, 413)
        case .headerTooLarge: line("The header is too large", .usage, 431)
        case .requestTimeout: line("The request took too long to arrive", .timedOut, 408, retryable: true)
        case .tooManyConnections: line("Too many connections", .busy, 503, retryable: true)
        case .tooManyStreams: line("Too many streams", .busy, 429, retryable: true)
        case .tooManyPlans: line("Too many plans at once", .busy, 429, retryable: true)
        case .planChanged:
            line("The plan is no longer the one that was confirmed", .confirmationNeeded, 409, retryable: true)
        case .notCancellable: line("Too late to cancel", .failed, 409)
        case .keyReused: line("The idempotency key belongs to another request", .usage, 422)
        case .serverUnreachable: line("The database server cannot be reached", .failed, 503, retryable: true)
        case .notAnswering: line("Does not answer", .failedUntouched, 503, retryable: true)
        case .notReachable: line("The daemon cannot be reached", .notReachable, 503, retryable: true)
        case .timedOut: line("Timed out", .timedOut, 504, retryable: true)
        case .interrupted: line("Interrupted", .interrupted, 499, retryable: true)
        case .internalError: line("Internal error", .failed, 500)
        }
    }
}

/// An error as scripts read it: RFC 9457's problem details with our additions.
public struct Problem: Codable, Sendable, Equatable {
    public let type: String
    public let code: GuardError.Code
    public let status: Int
    public let title: String
    public let detail: String
    public let hint: String?
    public let dataState: DataState
    public let retryable: Bool
    public let store: StoreID?
    public let operation: OperationID?
    public let causes: [String]

    /// The form of `error`, which happened in `operation`.
    public init(_ error: GuardError, operation: OperationID? = nil) {
        let line = ErrorTable.line(for: error.code)
        type = "urn:dementiad:error:\(error.code.rawValue)"
        code = error.code
        status = line.status
        title = line.title
        detail = error.message
        hint = error.hint
        dataState = error.dataState
        retryable = line.retryable
        store = error.store
        self.operation = operation
        causes = error.causes
    }

    /// Every key is there, with null for what is not known.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(code, forKey: .code)
        try container.encode(status, forKey: .status)
        try container.encode(title, forKey: .title)
        try container.encode(detail, forKey: .detail)
        try container.encode(hint, forKey: .hint)
        try container.encode(dataState, forKey: .dataState)
        try container.encode(retryable, forKey: .retryable)
        try container.encode(store, forKey: .store)
        try container.encode(operation, forKey: .operation)
        try container.encode(causes, forKey: .causes)
    }
}
