// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    /// Pages per step of a copy: 4 MiB of the usual page size, often enough for progress and for the limits.
    private static let stride = 1024

    public func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot {
        let session = try open()
        do {
            return try snapshot(session, into: path, progress: progress)
        } catch {
            // After `lock()`: nobody comes back to end that transaction.
            if !session.connection.isAutocommit { close() }
            throw error
        }
    }

    private func snapshot(
        _ session: Session, into path: String, progress: ProgressSink?
    ) throws(GuardError) -> Snapshot {
        let clock = ContinuousClock()
        let start = clock.now
        let (token, facts) = try copy(session, to: path, progress: progress)
        let copied = clock.now
        // The copy is ours and nobody writes it: immutable, so that nothing is created beside it.
        let copy = try translating("reading its copy") { () throws(SQLiteError) in
            try Connection(path: path, access: .immutable)
        }
        let check = try translating("checking its copy") { () throws(SQLiteError) in
            try IntegrityCheck(copy)
        }
        guard check.isWhole else {
            throw GuardError(
                .damaged, "\(self.path) is damaged: \(check.summary)", store: location.id,
                hint: "Restore the newest good backup, or rescue what is left with: sqlite3 FILE .recover")
        }
        let checked = clock.now
        let content = try translating("reading its copy") { () throws(SQLiteError) in
            try SQLiteSchema(copy).content()
        }
        let digested = clock.now
        let bytes: Int64
        do {
            bytes = try FileStatus(of: path).size
        } catch {
            throw failure.translate(error, "copying it")
        }
        return Snapshot(
            path: path, token: .sqlite(token), content: content, bytes: bytes, integrity: check.summary,
            foreignKeyViolations: check.foreignKeyViolations, engineFacts: facts, findings: check.findings,
            seconds: [
                "copy": (copied - start).seconds, "check": (checked - copied).seconds,
                "digest": (digested - checked).seconds,
            ])
    }

    /// Copies the database inside one read transaction of its connection.
    ///
    /// That transaction is what keeps the copy from starting over when somebody commits meanwhile (`backup.c` goes on with a
    /// transaction that is open), and what makes `data_version` the version of exactly this state. It ends right after the last page.
    /// When the connection holds the write lock (`lock()`), another one reads the same state: SQLite copies from no connection that
    /// is in a write transaction.
    private func copy(
        _ session: Session, to path: String, progress: ProgressSink?
    ) throws(GuardError) -> (SQLiteState, [String: String]) {
        let connection = session.connection.isAutocommit ? session.connection : try connect().connection
        let (start, wal) = (ContinuousClock.now, walSize)
        do throws(SQLiteError) {
            try connection.execute("BEGIN")
            defer { try? connection.execute("ROLLBACK") }  // Read only: nothing could be lost.
            _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
            let token = try token(session)
            let facts = try Self.facts(connection, isWAL: session.isWAL)
            let target = try Connection(path: path, access: .create)
            // A crash leaves a copy that nobody reads: scratch is swept at start. The vault's own files are synced.
            try target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")
            let pages = try PageCopy(from: connection, into: target)
            let pageSize = try connection.integer("PRAGMA page_size") ?? 4096
            while try !pages.step(Self.stride) {
                progress?(
                    Progress(
                        step: .backup, done: Int64(pages.pageCount - pages.remaining) * pageSize,
                        total: Int64(pages.pageCount) * pageSize, unit: .bytes))
                try stayWithinLimits(session, since: start, wal)
            }
            try pages.finish()
            return (token, facts)
        } catch {
            // Only the copy grows.
            guard error.isNoSpace else { throw failure.translate(error, "copying it") }
            throw GuardError(
                .noSpace, "there is no room left for a copy of \(self.path) in \(Directory.parent(of: path))",
                store: location.id, hint: "Nothing was changed. " + SQLiteFailure.makeRoom,
                causes: [error.description])
        }
    }

    /// A read transaction must not keep others waiting, or the WAL growing, for ever.
    ///
    /// - Parameter before: how long the `-wal` was at `start`; a long one may be left of another day
    private func stayWithinLimits(
        _ session: Session, since start: ContinuousClock.Instant, _ before: Int64
    ) throws(SQLiteError) {
        let elapsed = ContinuousClock.now - start
        guard session.isWAL else {
            guard elapsed <= limits.rollbackRead else {
                throw SQLiteError(
                    code: .busy,
                    message:
                        "a copy of a rollback-journal file keeps its writers from committing; gave up after \(elapsed)")
            }
            return
        }
        let growth = walSize - before
        guard elapsed <= limits.walRead, growth <= limits.walGrowth else {
            throw SQLiteError(
                code: .busy,
                message: "a copy keeps the WAL from being reset; gave up after \(elapsed) and \(growth) bytes")
        }
    }

    /// How long the `-wal` is, in bytes; 0 when there is none.
    private var walSize: Int64 { (try? FileStatus.ifPresent(path + "-wal"))?.size ?? 0 }

    private static func facts(_ connection: Connection, isWAL: Bool) throws(SQLiteError) -> [String: String] {
        var facts = ["journalMode": isWAL ? "wal" : try connection.string("PRAGMA journal_mode") ?? ""]
        for (key, pragma) in [
            ("pageSize", "page_size"), ("pageCount", "page_count"), ("userVersion", "user_version"),
            ("applicationId", "application_id"), ("autoVacuum", "auto_vacuum"),
        ] {
            facts[key] = try connection.integer("PRAGMA \(pragma)").map(String.init)
        }
        facts["encoding"] = try connection.string("PRAGMA encoding")
        facts["sqliteVersion"] = try connection.string("SELECT sqlite_version()")
        return facts
    }
}
