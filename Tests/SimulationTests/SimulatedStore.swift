// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Synchronization

@testable import Stores

/// The third implementation of a store: a memory of the model, whose every call may go wrong.
///
/// It keeps the promises of ``Store`` and nothing more. What a fault leaves open, an engine may not take for granted.
actor SimulatedStore: Store {
    nonisolated let location: StoreLocation
    private let memory: SimulatedMemory
    private let chaos: Chaos
    private let passes: @Sendable (Duration) -> Void
    /// Whether a migration of the catalogue cannot be run.
    private let isBroken: @Sendable () -> Bool
    private var session: UInt64?

    /// - Parameter passes: lets the world's time go by
    init(
        _ memory: SimulatedMemory, _ chaos: Chaos, passes: @escaping @Sendable (Duration) -> Void,
        isBroken: @escaping @Sendable () -> Bool
    ) {
        location = memory.location
        self.memory = memory
        self.chaos = chaos
        self.passes = passes
        self.isBroken = isBroken
    }

    // MARK: Faults

    private func error(
        _ code: GuardError.Code, _ doing: String, _ dataState: DataState = .untouched
    ) -> GuardError {
        GuardError(code, "\(location.name): \(doing) failed", store: location.id, dataState: dataState)
    }

    /// Runs `body`, which only looks.
    private func looking<Result>(
        _ name: String, _ body: () throws(GuardError) -> Result
    ) throws(GuardError) -> Result {
        let codes: [GuardError.Code] = [.storeBusy, .inputOutput, .permissionDenied, .notAnswering]
        let fault = try fault(of: name)
        if case .error? = fault.before { throw error(codes[chaos.choose(0..<codes.count)], name) }
        // The answer of a look that is lost is a look that failed.
        if case .lostReply? = fault.before { throw error(.inputOutput, name) }
        let result = try body()
        if fault.isLast { throw end(name, .untouched) }
        return result
    }

    /// The fault of the call `name`; what happens beside it has happened.
    private func fault(of name: String) throws(GuardError) -> (before: Chaos.Fault?, isLast: Bool) {
        let answer: (before: Chaos.Fault?, isLast: Bool)
        do throws(Chaos.Crashed) {
            answer = try chaos.call(name)
        } catch {
            throw self.error(.inputOutput, name)
        }
        switch answer.before {
        case .write?: memory.write()
        case .delay(let duration)?: passes(duration)
        case .error?, .lostReply?, .verdict?, nil: break
        }
        return answer
    }

    /// The process ends after the effect of `name`.
    private func end(_ name: String, _ dataState: DataState) -> GuardError {
        chaos.crash()
        return error(.inputOutput, name, dataState)
    }

    private func missing(_ doing: String) -> GuardError {
        GuardError(.storeMissing, "\(location.name) is not there", store: location.id)
    }

    private func present() throws(GuardError) -> MemoryContent {
        guard let content = memory.content else { throw missing("looking") }
        return content
    }

    private func open() -> UInt64 {
        if let session { return session }
        let opened = memory.newSession()
        session = opened
        return opened
    }

    private var token: StateToken {
        .sqlite(SQLiteState(session: open(), version: memory.commits, pagerVersion: 0))
    }

    func close() {
        if let session { memory.unlock(session) }
        session = nil
    }

    // MARK: Looks

    func describe() throws(GuardError) -> StoreDescription {
        try looking("describe") { () throws(GuardError) in
            _ = try present()
            return StoreDescription(
                location: location, project: "shop", sizeBytes: 4096,
                file: FileRights(uid: 1000, gid: 1000, mode: 0o600))
        }
    }

    func preflight() throws(GuardError) -> [Finding] {
        try looking("preflight") { () throws(GuardError) in
            _ = try present()
            return []
        }
    }

    func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey {
        try looking("survey") { () throws(GuardError) in try present().survey(catalogue) }
    }

    func history() throws(GuardError) -> LedgerHistory {
        try looking("history") { () throws(GuardError) in
            let content = try present()
            return LedgerHistory(
                rows: (content.ledger ?? []).map {
                    .init(
                        version: $0.version, name: $0.name, appliedAt: "2026-01-01T00:00:00Z", success: $0.isDone,
                        errorMessage: nil, checksum: $0.checksum, executionMilliseconds: nil, operation: nil,
                        release: nil, backup: nil, origin: nil)
                }, events: [])
        }
    }

    func hasCommitted(_ operation: OperationID) throws(GuardError) -> Bool {
        try looking("hasCommitted") { () throws(GuardError) in try present().hasCommitted(operation) }
    }

    func verify(_ plan: Plan, entry: LedgerEntry, since token: StateToken?) throws(GuardError) -> Verification {
        let fault = try fault(of: "verify")
        if case .error? = fault.before { throw error(.inputOutput, "verify") }
        if case .lostReply? = fault.before { throw error(.storeBusy, "verify") }
        let content = try present()
        var problems: [String] = []
        if case .verdict? = fault.before { problems.append("something is wrong in the simulation") }
        for step in plan.steps {
            let isRecorded = (content.ledger ?? []).contains { $0.version == step.migration.version && $0.isDone }
            if isRecorded == (step.action == .revert) { problems.append("the ledger is wrong") }
            if step.action != .revert, step.migration.version > content.version { problems.append("a part is missing") }
        }
        if fault.isLast { throw end("verify", .untouched) }
        return Verification(problems: problems, wasWrittenSince: token.map { $0 != self.token } ?? true)
    }

    func checkTarget(rehearsedOn scratch: String?) -> CheckTarget {
        CheckTarget(argument: scratch ?? location.name, environment: [:])
    }

    // MARK: Copies

    func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot {
        let (content, token) = try looking("snapshot") { () throws(GuardError) in (try present(), self.token) }
        let bytes: Int64
        do {
            bytes = try content.write(to: path)
        } catch {
            throw self.error(.inputOutput, "snapshot")
        }
        return Snapshot(
            path: path, token: token, content: content.digest, bytes: bytes, integrity: "ok", foreignKeyViolations: 0,
            engineFacts: [:], seconds: [:])
    }

    private func copy(at path: String) throws(GuardError) -> MemoryContent {
        do {
            return try MemoryContent(copyAt: path)
        } catch {
            throw self.error(.damaged, "reading a copy")
        }
    }

    func prove(
        _ copy: String, of snapshot: Snapshot, for operation: OperationID, progress: ProgressSink?
    ) async throws(GuardError) -> CopyProof {
        let fault = try fault(of: "prove")
        switch fault.before {
        case .error?: throw error(.inputOutput, "prove")
        case .verdict?: throw error(.backupFailed, "prove")
        default: break
        }
        guard try self.copy(at: copy).digest == snapshot.content else { throw error(.backupFailed, "prove") }
        if fault.isLast { throw end("prove", .untouched) }
        return .restored
    }

    func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord? {
        let fault = try fault(of: "rehearse")
        if case .error? = fault.before { throw error(.inputOutput, "rehearse") }
        if case .verdict? = fault.before { throw error(.rehearsalFailed, "rehearse") }
        if isBroken(), !plan.isDowngrade { throw error(.rehearsalFailed, "rehearse") }
        var content = try copy(at: scratch)
        for step in plan.steps { content.run(step, entry.operation) }
        if fault.isLast { throw end("rehearse", .untouched) }
        return record(of: plan, snapshot.token)
    }

    private func record(of plan: Plan, _ token: StateToken) -> MigrationRecord {
        MigrationRecord(
            applied: plan.steps.map {
                .init(version: $0.migration.version, name: $0.migration.name, action: $0.action, milliseconds: 1)
            }, findings: [], lost: [], lockedMilliseconds: 1, token: token)
    }

    // MARK: Changes

    func lock() throws(GuardError) {
        try looking("lock") { () throws(GuardError) in
            _ = try present()
            guard memory.lock(open()) else { throw error(.storeBusy, "lock") }
        }
    }

    func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        defer { if let session { memory.unlock(session) } }
        let fault = try fault(of: "migrate")
        switch fault.before {
        case .error?:
            // Before COMMIT, or with a COMMIT of which nobody knows what became of it.
            throw chaos.choose(0..<2) == 0
                ? error(.storeBusy, "migrate") : error(.inputOutput, "committing", .changing)
        case .verdict?: throw error(.conservationFailed, "migrate")
        default: break
        }
        var content = try present()
        guard snapshot.token == token else { throw error(.storeMoved, "migrate") }
        for step in plan.steps where step.action == .apply && step.migration.version <= content.version {
            throw error(.storeMoved, "a step is done already, so it")
        }
        guard memory.lock(open()) else { throw error(.storeBusy, "migrate") }
        for step in plan.steps { content.run(step, entry.operation) }
        let session = open()
        guard let after = memory.commit(content, since: snapshot.token.sqlite?.version, .migrated, entry.operation)
        else { throw error(.storeMoved, "migrate") }
        if case .lostReply? = fault.before { throw error(.inputOutput, "committing", .changing) }
        if fault.isLast { throw end("migrate", .changing) }
        return record(of: plan, .sqlite(SQLiteState(session: session, version: after, pagerVersion: 0)))
    }

    func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError) {
        try looking("recordFailure") { () throws(GuardError) in
            _ = try present()
            guard let step = plan.steps.first(where: { $0.action != .adopt }) ?? plan.steps.first else { return }
            memory.writeLedger { $0.fail(step.migration, entry.operation) }
        }
    }

    func restore(from source: String, expecting content: StoreDigest, replacing kept: Snapshot) throws(GuardError) {
        let fault = try fault(of: "restore")
        switch fault.before {
        case .error?:
            throw chaos.choose(0..<2) == 0
                ? error(.storeBusy, "restore") : error(.inputOutput, "committing", .changing)
        case .verdict?: throw error(.restoreRefused, "restore")
        default: break
        }
        _ = try present()
        let restored = try copy(at: source)
        guard restored.digest == content else { throw error(.verificationFailed, "restore") }
        guard kept.token == token else { throw error(.storeMoved, "restore") }
        let operation = source.split(separator: "/").dropLast().last.flatMap { OperationID(String($0)) }
        guard memory.commit(restored, since: kept.token.sqlite?.version, .restored, operation) != nil else {
            throw error(.storeMoved, "restore")
        }
        if case .lostReply? = fault.before { throw error(.inputOutput, "looking at what was restored", .unverified) }
        if fault.isLast { throw end("restore", .unverified) }
    }

    func recreate(
        from source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError) {
        let fault = try fault(of: "recreate")
        if case .error? = fault.before { throw error(.storeBusy, "recreate") }
        let restored = try copy(at: source)
        guard restored.digest == content else { throw error(.verificationFailed, "recreate") }
        let operation = source.split(separator: "/").dropLast().last.flatMap { OperationID(String($0)) }
        _ = memory.commit(restored, since: nil, .recreated, operation)
        if case .lostReply? = fault.before { throw error(.inputOutput, "looking at what was made", .unverified) }
        if fault.isLast { throw end("recreate", .unverified) }
    }

    func discardScratch(of operation: OperationID) async {}
}
