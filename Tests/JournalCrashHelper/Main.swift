// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import Journal

/// Writes to a journal until somebody kills it, and tells on standard output what was acknowledged: a line `<id>
/// <writes>` for each write of an operation that has returned. The crash tests start it.
///
/// Usage: `JournalCrashHelper PATH` writes for ever; `PATH NAME` kills itself at the write of that name, such as `after
/// intent(migrate)`; `PATH --file-limit` fails a write in the middle and tries the next ones.
@main
enum Main {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else { exit(64) }
        let point = arguments.count > 2 ? arguments[2] : ""
        let journal = try Journal(
            path: arguments[1],
            clock: { Timestamp(milliseconds: Int64(time(nil)) * 1000) },
            observer: { write in
                if write.description == point { kill(getpid(), SIGKILL) }
            }
        )
        if point == "--file-limit" { return try await writeBeyondLimit(journal, path: arguments[1]) }
        while true { try await runOperation(in: journal) }
    }

    /// The writes of one migration, as the engine would make them.
    private static func runOperation(in journal: Journal) async throws {
        let record = operation()
        let backup = BackupID(sequence: 1, root: "9f3c1a77b2e0")
        var writes = 0
        func acknowledge() {
            writes += 1
            print("\(record.id) \(writes)")
            fflush(nil)
        }
        try await journal.begin(record)
        acknowledge()
        try await journal.start(.step(.preflight), of: record.id)
        acknowledge()
        try await journal.transition(of: record.id, finishing: .done(.preflight), starting: .step(.backup))
        acknowledge()
        try await journal.transition(
            of: record.id, finishing: .done(.backup), starting: .step(.migrate), dataState: .changing, backup: backup)
        acknowledge()
        let hold = Hold(
            id: record.id.value, store: record.store, reason: "a test", createdAt: record.startedAt, until: nil)
        try await journal.settle(
            record.id, as: .succeeded, dataState: .migratedVerified, finishing: .done(.migrate), hold: hold)
        acknowledge()
    }

    /// Lets the kernel refuse to make any file longer, then lifts the limit: one line per write with what came of it.
    private static func writeBeyondLimit(_ journal: Journal, path: String) async throws {
        signal(SIGXFSZ, SIG_IGN)
        await report { try await journal.begin(operation()) }
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(71) }
        var tight = limit
        var log = stat()
        guard stat(path + "-wal", &log) == 0 else { exit(71) }
        tight.rlim_cur = rlim_t(log.st_size)
        guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &tight) == 0 else { exit(71) }
        await report { try await journal.begin(operation()) }
        guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(71) }
        await report { try await journal.begin(operation()) }
    }

    private static func report(_ body: () async throws -> Void) async {
        do {
            try await body()
            print("written")
        } catch let error as JournalError {
            print(error.code)
        } catch {
            print(error)
        }
        fflush(nil)
    }

    private static func operation() -> OperationRecord {
        var generator = SystemRandomNumberGenerator()
        let now = UInt64(time(nil)) * 1000
        return OperationRecord(
            id: OperationID(milliseconds: now, using: &generator),
            kind: .migrate,
            store: StoreLocation(engine: .sqlite, name: "/srv/shop/.claude-memory.db").id,
            state: .queued,
            trigger: "once",
            actor: .init(uid: 1000),
            startedAt: Timestamp(milliseconds: Int64(now))
        )
    }
}
