// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import HashKit
import Stores
import Synchronization

/// A file of which a restore, a look or a drill goes wrong when a test says so. Everything else a SQLite file does.
actor TroubledStore: Store {
    /// What goes wrong, for all stores of a test.
    final class Trouble: Sendable {
        private struct State {
            var afterRestore: GuardError?
            var insteadOfRestore: GuardError?
            var look: GuardError?
            var drill: GuardError?
            var isSilent = false
        }

        private let state = Mutex(State())
        /// Told that a drill has begun; the drill goes on when ``drillMayEnd`` says so.
        let drillBegan: AsyncStream<Void>
        fileprivate let drillBegins: AsyncStream<Void>.Continuation
        fileprivate let drillEnds: AsyncStream<Void>
        let drillMayEnd: AsyncStream<Void>.Continuation

        init() {
            (drillBegan, drillBegins) = AsyncStream.makeStream()
            (drillEnds, drillMayEnd) = AsyncStream.makeStream()
            var ends: [Int32] = [-1, -1]
            _ = pipe(&ends)
            gate = (ends[0], ends[1])
        }

        /// The look that follows the next restore's COMMIT fails with `error`, and every look after it unless `once`.
        func lookFails(_ error: GuardError, once: Bool = false) {
            state.withLock { ($0.afterRestore, $0.look) = (error, once ? nil : error) }
        }

        /// The next restore fails with `error` before it changes anything, whatever it says of the data.
        func restoreFails(_ error: GuardError) { state.withLock { $0.insteadOfRestore = error } }

        /// Every drill fails with `error`, before it has looked at the copy.
        func drillsFail(_ error: GuardError) { state.withLock { $0.drill = error } }

        fileprivate var drill: GuardError? { state.withLock(\.drill) }

        /// Every look hangs, as in a mount whose server is gone, until everything works again.
        func looksHang() { state.withLock { $0.isSilent = true } }

        /// Keeps the thread of the store.
        fileprivate func hang() {
            guard state.withLock(\.isSilent) else { return }
            // A wait in which the thread computes nothing. It ends with the other end of the pipe.
            var byte: UInt8 = 0
            _ = read(gate.reading, &byte, 1)
        }

        /// Everything works again.
        func isOver() {
            let wasSilent = state.withLock { state in
                defer { state = State() }
                return state.isSilent
            }
            if wasSilent { Glibc.close(gate.writing) }
        }

        /// What hanging looks wait at.
        private let gate: (reading: Int32, writing: Int32)

        fileprivate func restore(_ body: () throws(GuardError) -> Void) throws(GuardError) {
            let plan = state.withLock { state in
                defer { (state.afterRestore, state.insteadOfRestore) = (nil, nil) }
                return state
            }
            if let error = plan.insteadOfRestore { throw error }
            try body()
            if let error = plan.afterRestore {
                isCommitted.withLock { $0 = true }
                throw error.with(dataState: .unverified)
            }
        }

        fileprivate func look() throws(GuardError) {
            guard isCommitted.withLock({ $0 }), let error = state.withLock({ $0.look }) else { return }
            throw error
        }

        private let isCommitted = Mutex(false)
    }

    nonisolated let location: StoreLocation
    private let file: SQLiteStore
    private let trouble: Trouble

    // The same thread as the file's, so that what is synchronous here is synchronous there.
    nonisolated var unownedExecutor: UnownedSerialExecutor { file.unownedExecutor }

    init(_ location: StoreLocation, _ trouble: Trouble) throws(GuardError) {
        self.location = location
        self.trouble = trouble
        file = try SQLiteStore.open(location)
    }

    // MARK: What is different

    func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot {
        try trouble.look()
        return try there { try $0.snapshot(into: path, progress: progress) }
    }

    func restore(from source: String, expecting content: StoreDigest, replacing kept: Snapshot) throws(GuardError) {
        try trouble.restore { () throws(GuardError) in
            try there { try $0.restore(from: source, expecting: content, replacing: kept) }
        }
    }

    func drill(
        _ copy: String, holds content: StoreDigest, for operation: OperationID
    ) async throws(GuardError) -> CopyProof {
        if let error = trouble.drill { throw error }
        trouble.drillBegins.yield()
        for await _ in trouble.drillEnds { break }
        return try await file.drill(copy, holds: content, for: operation)
    }

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

    func preflight() throws(GuardError) -> [Finding] { try there { try $0.preflight() } }
    func prove(
        _ copy: String, of snapshot: Snapshot, for operation: OperationID, progress: ProgressSink?
    ) async throws(GuardError) -> CopyProof { .restored }
    func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord? {
        try await file.rehearse(plan, on: scratch, of: snapshot, entry: entry, progress: progress)
    }
    func changes(from old: String, to new: String) async throws(GuardError) -> [TableChange]? {
        try await file.changes(from: old, to: new)
    }
    func checkTarget(rehearsedOn scratch: String?) -> CheckTarget {
        CheckTarget(argument: scratch ?? location.name, environment: [:])
    }
    func discardScratch(of operation: OperationID) async {}
    func describe() throws(GuardError) -> StoreDescription {
        trouble.hang()
        return try there { try $0.describe() }
    }
    func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey { try there { try $0.survey(catalogue) } }
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
    func recreate(
        from source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError) {
        try there { try $0.recreate(from: source, rights: rights, suffix: suffix, expecting: content) }
    }
    func close() { try? there { $0.close() } }
}
