// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import Journal
internal import LinuxKit
internal import Stores
internal import Synchronization
internal import Transfer
internal import Vault

/// How a person wants a memory to be transferred.
struct TransferWish: Sendable {
    var policy = TransferPolicy.standard
    /// Whether it is for good: then the backup of the file is pinned, and the file is marked as moved.
    var isArchiving = false
    /// What was agreed to; nil for whatever is there.
    var agreed: SHA256Digest?
}

/// The life of one transfer: a proved backup of the file, one of the schema where there is one, one transaction that loads every row and reads
/// it back, verification from a new connection.
///
/// The file is only ever read. If the power fails
/// - before `transfer` is written down: nothing was begun;
/// - between `transfer` and settling: the schema's own register of transfers tells whether COMMIT happened, see ``TransferRecovery``.
struct TransferRun {
    let tools: EngineContext
    let store: any Store
    let destination: TransferDestination
    let log: OperationLog
    let scratch: ScratchFolder
    let wish: TransferWish

    private var id: OperationID { log.record.id }
    private var target: PostgresStore { destination.store }

    /// What is loaded: a copy that nobody writes.
    private struct Source {
        let path: String
        let digest: String
        let backup: Entry?
        let footprint: FileSignature?
    }

    /// Transfers, and settles the operation. Throws only when the journal cannot be written.
    func run() async throws(GuardError) -> OperationRecord {
        let report: TransferReport
        var kept: Entry?
        do throws(GuardError) {
            try await log.step(.preflight)
            let (line, version) = try await lineAndVersion()
            try await log.step(.backup)
            let (source, earlier) = try await copy(line: line, version)
            if let earlier { return try await settle(earlier, source.backup?.id) }
            kept = try await keepTarget()
            report = try await load(source)
        } catch {
            await close()
            // A COMMIT without an answer: what is there tells as soon as the server does.
            let evidence = Evidence(error)
            if evidence == .untouched { removeRejects() }
            return try await log.settle(evidence, because: error)
        }
        return try await TransferEnd(tools: tools, log: log, destination: destination)
            .verifyAndSettle(report, of: store.location, isArchiving: wish.isArchiving, kept: kept?.id) {
                await close()
            }
    }

    // MARK: The copy

    /// Backs the file up, and gives what the restore that proved the backup holds; or the report of an earlier transfer of this very
    /// content, after which nothing is to be done and nothing goes into the vault.
    private func copy(line: String, _ version: Int?) async throws(GuardError) -> (Source, TransferReport?) {
        let footprint = FileSignature(store.location)
        let seen = Seen()
        do throws(GuardError) {
            let backup = try await BackupTaker(tools: tools, store: store, log: log, scratch: scratch)
                .take(.transfer, line: line, version: version) { (snapshot) throws(GuardError) in
                    let digest = snapshot.content.fingerprint
                    if let agreed = wish.agreed, agreed != digest { throw IssuedPlans.moved(store.location) }
                    seen.earlier = try await look(snapshot.path, digest.hex)
                    // For good only with a backup that is there for good.
                    if seen.earlier != nil, !wish.isArchiving {
                        throw GuardError(.interrupted, "nothing is to be done")
                    }
                }
            log.note(backup: backup.entry.id)
            let digest = backup.snapshot.content.fingerprint.hex
            return (
                Source(path: backup.restored, digest: digest, backup: backup.entry, footprint: footprint), seen.earlier
            )
        } catch {
            if let earlier = seen.earlier, !wish.isArchiving {
                return (Source(path: "", digest: "", backup: nil, footprint: nil), earlier)
            }
            guard error.code == .damaged else { throw error }
            return (try await rescue(error, footprint), nil)
        }
    }

    /// What was found while the copy was looked at.
    private final class Seen {
        var earlier: TransferReport?
    }

    /// A file with damaged pages: what can be read of it is transferred, and there is no proved backup of such a thing.
    private func rescue(_ damage: GuardError, _ footprint: FileSignature?) async throws(GuardError) -> Source {
        guard !wish.isArchiving else { throw damage }
        let path = scratch.copy("\(BackupReason.transfer.rawValue)-copy", of: store)
        let digest = try await tools.reading { (_) throws(VaultError) in try BackupTaker.digest(of: path).hex }
        log.add([
            Finding(
                code: "sourceDamaged",
                message: "\(damage.message); what can be read of it is transferred, and no backup of it could be proved"
            )
        ])
        return Source(path: path, digest: "damaged:" + digest, backup: nil, footprint: footprint)
    }

    // MARK: The target

    /// Asks the schema whether it could be filled, before anything is put into the vault for it.
    private func look(_ path: String, _ digest: String) async throws(GuardError) -> TransferReport? {
        let job = try job(path, digest)
        return try await TransferThread.run { (_) throws(GuardError) in try job.look() }
    }

    /// Backs up the schema where there is one, whatever little is in it.
    private func keepTarget() async throws(GuardError) -> Entry? {
        do throws(GuardError) {
            _ = try await target.describe()
        } catch {
            guard error.code == .storeMissing else { throw error }
            return nil
        }
        try await log.step(.keep, detail: TransferEnd.detail(of: destination, isArchiving: wish.isArchiving))
        let kept = try await BackupTaker(tools: tools, store: target, log: log, scratch: scratch)
            .take(.transfer, line: Line.postgres4.rawValue, version: nil)
        return kept.entry
    }

    private func load(_ source: Source) async throws(GuardError) -> TransferReport {
        var job = try job(source.path, source.digest)
        job.rejectsPath = try TransferRejects.path(for: id, in: tools)
        let (tools, id, location, footprint) = (tools, id, store.location, source.footprint)
        job.progress = { tools.observe(.progressed(id, $0)) }
        job.hasSourceMoved = { footprint != nil && FileSignature(location) != footprint }
        try await log.step(
            .transfer, detail: TransferEnd.detail(of: destination, isArchiving: wish.isArchiving), dataState: .changing)
        let ready = job
        return try await TransferThread.run { (isCancelled) throws(GuardError) in
            var job = ready
            job.isCancelled = isCancelled
            return try job.run()
        }
    }

    private func job(_ path: String, _ digest: String) throws(GuardError) -> TransferJob {
        var job = TransferJob(
            source: path, identity: try TransferIdentity.text(of: store.location), contentDigest: digest, into: target,
            operation: id, startedAt: log.record.startedAt, catalogue: tools.catalogue)
        job.policy = wish.policy
        return job
    }

    // MARK: The ends

    /// An earlier transfer has brought this very content there already.
    private func settle(_ earlier: TransferReport, _ backup: BackupID?) async throws(GuardError) -> OperationRecord {
        await close()
        log.add(earlier.findings)
        if wish.isArchiving {
            try await TransferEnd(tools: tools, log: log, destination: destination).archive(store.location, backup)
        }
        return try await log.settle(.alreadySo, result: OperationResult(earlier))
    }

    private func removeRejects() { TransferRejects.remove(for: id, in: tools) }

    private func close() async {
        await store.close()
        await target.discardScratch(of: id)
        await target.close()
    }

    private func lineAndVersion() async throws(GuardError) -> (String, Int?) {
        let survey = try await store.survey(tools.catalogue)
        // What is no memory is refused; a shape that is none of ours is looked at row by row, and nothing of it is lost.
        let line = try tools.planner.line(of: store.location.id, at: store.location.name, survey)
        return (line.rawValue, tools.planner.shownVersion(of: survey, in: line))
    }
}

/// Which file a memory is, whatever it holds: its place, and what the system knows it by.
enum TransferIdentity {
    static func text(of location: StoreLocation) throws(GuardError) -> String {
        do {
            let status = try FileStatus(of: location.name)
            return "\(location.name) \(status.device):\(status.inode)"
        } catch {
            throw EngineFailure(location).system(error, "looking at the file")
        }
    }
}

/// The file that tells of the rows which a transfer had to reject. It outlives the operation.
enum TransferRejects {
    static func path(for operation: OperationID, in tools: EngineContext) throws(GuardError) -> String {
        let folder = Directory.parent(of: tools.scratch) + "/transfers"
        do throws(SystemCallError) {
            try Directory.createAll(folder)
        } catch {
            throw GuardError(
                error.isNoSpace ? .noSpace : .inputOutput, "there is no place for the rows that may be rejected",
                causes: [error.description])
        }
        return "\(folder)/\(operation.value).rejected.jsonl"
    }

    /// Removes the file of a transfer that did not happen.
    static func remove(for operation: OperationID, in tools: EngineContext) {
        guard let path = try? path(for: operation, in: tools), (try? FileStatus.ifPresent(path)) != nil else { return }
        // Best effort: a file that tells of a transfer which did not happen misleads nobody who looks at its operation.
        try? Directory.unlink(path)
    }
}

/// A thread of its own for what blocks for as long as a transfer takes.
enum TransferThread {
    /// Runs `body`, which may ask at any time whether its task was cancelled.
    static func run<T: Sendable>(
        _ body: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws(GuardError) -> T
    ) async throws(GuardError) -> T {
        let thread: ThreadExecutor
        do throws(SystemCallError) {
            thread = try ThreadExecutor(name: "transfer")
        } catch {
            throw GuardError(.internalError, "no thread could be made", causes: [error.description])
        }
        let flag = CancelFlag()
        let result: Result<T, GuardError> = await withTaskCancellationHandler {
            do throws(GuardError) {
                return .success(try await thread.run { () throws(GuardError) in try body { flag.isSet } })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            flag.set()
        }
        return try result.get()
    }

    private final class CancelFlag: Sendable {
        private let value = Mutex(false)

        var isSet: Bool { value.withLock { $0 } }

        func set() { value.withLock { $0 = true } }
    }
}
