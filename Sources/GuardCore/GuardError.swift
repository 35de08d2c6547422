// SPDX-License-Identifier: MIT

/// A failure as its reader meets it: what happened, to what, in which state the data is, and what to do next.
public struct GuardError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as a word that scripts may rely on. The list only grows; each code's exit status, HTTP status and advice
    /// stand in one table, `ErrorTable`.
    public enum Code: String, Codable, Sendable, CaseIterable {
        // Not a store we may migrate.
        case notADatabase, damaged, foreignSchema, foreignLedger, drift, unknownShape, newerVersion, noWayBack
        case severalNames, pathTooLong, pathNotText, nameTaken
        case unsupportedEncoding
        // Somebody else has it.
        case storeBusy, storeMoved, stateDirectoryBusy
        // The system says no.
        case permissionDenied, readOnlyStore, remoteFilesystem, noSpace, backupFailed, inputOutput, serverLimit
        // The work failed.
        case rehearsalFailed, migrationFailed, conservationFailed, checkVetoed, verificationFailed, restoreFailed
        case restoreRefused
        case transferFailed, targetNotEmpty
        // The request cannot be served.
        case notFound, storeMissing, held, confirmationNeeded, usage, configuration, refusesRoot
        // The control socket refuses the request as such.
        case methodNotAllowed, unsupportedMediaType, bodyTooLarge, headerTooLarge, requestTimeout, tooManyConnections,
            tooManyStreams, tooManyPlans
        // The request came too late, or does not fit what it refers to.
        case planChanged, notCancellable, keyReused
        // Elsewhere.
        case serverUnreachable, notAnswering, notReachable, timedOut, interrupted, internalError
    }

    /// The documented word.
    public let code: Code
    /// One sentence that names the thing.
    public let message: String
    /// The store concerned.
    public let store: StoreID?
    /// What is true of its data. Always truthful.
    public let dataState: DataState
    /// The next step, for a person.
    public let hint: String?
    /// What lies below, in words without secrets.
    public let causes: [String]
    /// The version of the migration that failed, when it was one of them and not the plan as a whole.
    public let migration: Int?

    /// - Parameter hint: the next step; nil: the one that ``ErrorTable/nextStep(for:)`` knows for every error of this code
    public init(
        _ code: Code,
        _ message: String,
        store: StoreID? = nil,
        dataState: DataState = .untouched,
        hint: String? = nil,
        causes: [String] = [],
        migration: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.store = store
        self.dataState = dataState
        self.hint = hint ?? ErrorTable.nextStep(for: code)
        self.causes = causes
        self.migration = migration
    }

    /// The same error about data in `state`.
    public func with(dataState state: DataState) -> GuardError {
        GuardError(code, message, store: store, dataState: state, hint: hint, causes: causes, migration: migration)
    }

    /// The same error under another code, about data in `state`, with another next step.
    public func with(code: Code, dataState state: DataState, hint: String?) -> GuardError {
        GuardError(code, message, store: store, dataState: state, hint: hint, causes: causes, migration: migration)
    }

    /// The same error with another next step.
    public func hinting(_ hint: String) -> GuardError { with(code: code, dataState: dataState, hint: hint) }

    public var description: String { causes.isEmpty ? message : "\(message) (\(causes.joined(separator: "; ")))" }
}
