// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// The daemon's own durable record: operations and their steps, the audit, holds, pins, proofs and the stores that were
/// seen.
///
/// Intent is committed before the effect and the result after it, so that a restart can tell from here what was under
/// way. When a method returns, what it wrote is on the disk; when it throws, nothing of it is (see
/// ``JournalError/Code/inputOutput`` for the one exception). Every write appends its events to the audit in the same
/// transaction, with one `fsync`.
///
/// One process writes, which its caller makes sure of. Anybody may read the file with stock tools meanwhile: no read
/// transaction is held here, and readers keep nobody from writing.
public actor Journal {
    /// Where the file is.
    public nonisolated let path: String

    // SQLite blocks on fsync; on a thread of its own nobody else waits for it.
    private let thread: ThreadExecutor
    let connection: Connection
    let clock: WallClock
    private let observer: WriteObserver?
    private var writes = 0
    /// Backups that are being removed from the vault. In memory, because one process has the vault's journal at a time.
    var leaving: Set<BackupID> = []
    /// The verification of the audit that is under way, for everybody who asks meanwhile.
    var verification: Task<Result<ChainVerdict, JournalError>, Never>?
    /// A failed fsync is final: the kernel may have dropped the pages, and a second try could succeed and lie.
    private var failure: JournalError?

    /// The journal's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Opens the journal at `path`, and makes it with mode 0600 when it is not there. Runs on the caller's thread.
    ///
    /// - Parameters:
    ///   - path: in a directory that exists and is the user's alone
    ///   - clock: the time of steps, events, pins and settlements
    ///   - observer: told of every commit; for crash tests and for those who wait for events
    /// - Throws: ``JournalError/Code/newer``, ``JournalError/Code/foreign`` and ``JournalError/Code/damaged`` leave the
    ///   file as it is.
    public init(path: String, clock: @escaping WallClock, observer: WriteObserver? = nil) throws(JournalError) {
        self.path = path
        self.clock = clock
        self.observer = observer
        do {
            thread = try ThreadExecutor(name: "journal")
        } catch {
            throw JournalError(.inputOutput, "no thread for the journal", causes: [error.description])
        }
        connection = try Opening(path: path).connection()
    }

    // MARK: Transactions

    /// Runs `body` in a transaction and commits it.
    func write<Result>(
        _ content: JournalWrite.Content,
        _ body: () throws -> Result
    ) throws(JournalError) -> Result {
        if let failure { throw failure }
        writes += 1
        do {
            try connection.execute("BEGIN IMMEDIATE")
            let result = try body()
            try observer?(JournalWrite(ordinal: writes, moment: .before, content: content))
            try connection.execute("COMMIT")
            try observer?(JournalWrite(ordinal: writes, moment: .after, content: content))
            return result
        } catch {
            let error = journalError(error)
            rollBack()
            if error.code == .inputOutput { failure = error }
            throw error
        }
    }

    /// Fails when nothing can be written any more before the journal is opened again: after an error of the disk.
    public func checkWritable() throws(JournalError) {
        if let failure { throw failure }
    }

    /// Runs `body`, which only reads, statement by statement.
    func reading<Result>(_ body: () throws -> Result) throws(JournalError) -> Result {
        do {
            return try body()
        } catch {
            throw journalError(error)
        }
    }

    private func rollBack() {
        // SQLite has already rolled back by itself after the worse errors.
        guard !connection.isAutocommit else { return }
        do {
            try connection.execute("ROLLBACK")
        } catch {
            failure = JournalError(error, path: path)
        }
    }

    private func journalError(_ error: any Error) -> JournalError {
        switch error {
        case let error as JournalError: error
        case let error as SQLiteError: JournalError(error, path: path)
        case let error as UnreadableValue: .damaged(path, error.description)
        case let error as EncodingError: JournalError(.misuse, "a value has no JSON form", causes: ["\(error)"])
        default: JournalError(.misuse, "the journal failed in an unforeseen way", causes: ["\(error)"])
        }
    }
}
