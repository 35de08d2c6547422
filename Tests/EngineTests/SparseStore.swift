// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import Stores
import Synchronization

/// A store as on a server that allows no scratch database: no restore can be tried, and no rehearsal. Everything else a SQLite file does.
actor SparseStore: Store {
    /// What was asked of all stores of a test.
    final class Diary: Sendable {
        private let lines = Mutex<[String]>([])

        var entries: [String] { lines.withLock { $0 } }
        func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    nonisolated let location: StoreLocation
    private let file: SQLiteStore
    private let diary: Diary

    // The same thread as the file's, so that what is synchronous here is synchronous there.
    nonisolated var unownedExecutor: UnownedSerialExecutor { file.unownedExecutor }

    init(_ location: StoreLocation, _ diary: Diary) throws(GuardError) {
        self.location = location
        self.diary = diary
        file = try SQLiteStore.open(location)
    }

    // MARK: What is different

    func preflight() throws(GuardError) -> [Finding] {
        _ = try there { try $0.preflight() }
        return [Finding(code: "sparse", message: "there is no room for scratch")]
    }

    func prove(
        _ copy: String, of snapshot: Snapshot, for operation: OperationID, progress: ProgressSink?
    ) async throws(GuardError) -> CopyProof {
        diary.note("prove \(operation)")
        return .decoded(because: "no scratch database may be created")
    }

    func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord? { nil }

    func checkTarget(rehearsedOn scratch: String?) -> CheckTarget {
        CheckTarget(argument: "sparse://" + location.name, environment: ["SPARSE": scratch ?? "live"])
    }

    func discardScratch(of operation: OperationID) async { diary.note("discard \(operation)") }

    // MARK: What is not

    private func there<T: Sendable>(_ body: (isolated SQLiteStore) throws -> T) throws(GuardError) -> T {
        do {
            return try file.assumeIsolated(body)
        } catch let error as GuardError {
            throw error
        } catch {
            throw GuardError(.internalError, "\(error)")
        }
    }

    func describe() throws(GuardError) -> StoreDescription { try there { try $0.describe() } }
    func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey { try there { try $0.survey(catalogue) } }
    func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot {
        try there { try $0.snapshot(into: path, progress: progress) }
    }
    func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        try there { try $0.migrate(plan, from: snapshot, entry: entry, progress: progress) }
    }
    func lock() throws(GuardError) { try there { try $0.lock() } }
    func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError) {
        try there { try $0.recordFailure(error, of: plan, entry: entry) }
    }
    func verify(_ plan: Plan, entry: LedgerEntry, since token: StateToken?) throws(GuardError) -> Verification {
        try there { try $0.verify(plan, entry: entry, since: token) }
    }
    func history() throws(GuardError) -> LedgerHistory { try there { try $0.history() } }
    func hasCommitted(_ operation: OperationID) throws(GuardError) -> Bool {
        try there { try $0.hasCommitted(operation) }
    }
    func restore(from source: String, expecting content: StoreDigest, replacing kept: Snapshot) throws(GuardError) {
        try there { try $0.restore(from: source, expecting: content, replacing: kept) }
    }
    func recreate(
        from source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError) {
        try there { try $0.recreate(from: source, rights: rights, suffix: suffix, expecting: content) }
    }
    func close() { try? there { $0.close() } }
}
