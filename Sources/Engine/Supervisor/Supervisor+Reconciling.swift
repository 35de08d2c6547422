// SPDX-License-Identifier: MIT

internal import ControlAPI
public import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores

/// What a look at everything gave.
struct Scan {
    /// The places that there is work for.
    var discovered = Discovered(locations: [])
    /// Whether everything was looked at since the start.
    var isComplete = false
    /// Why the watched folders could not be looked into; nil when they could.
    var failure: GuardError?
    /// Why an operation could not write down its end, the first time; nil when each could.
    var stateFailure: GuardError?
    /// Other daemons over the same folders, as they were told.
    var rivals: [Finding] = []
    /// The places that were told not to answer, and have not answered since.
    var silent: Set<BlockingCalls.Silence> = []
}

/// Looking at stores, and starting what is due.
extension Supervisor {
    /// Looks for memories and releases, examines each, and starts what is pending where that may happen without asking.
    ///
    /// When it returns, every root was looked through and every store found is described, or known not to answer.
    public func rescan(startingWork: Bool) async throws(GuardError) {
        // First the watch, then the look: what appears in between is told twice, and never missed.
        await watchAll()
        let unreached = Set(scan.discovered.problems.map(\.message))
        do throws(GuardError) {
            scan.discovered = applyingOverrides(try await settings.discover())
            scan.failure = nil
        } catch {
            scan.failure = error
            // A home that is not there: what was known in it is missing.
            if !settings.isSinglePass { await lookAtAll() }
            tell()
            throw error
        }
        let silent = Set(tools.calls.silences)
        for silence in silent.subtracting(scan.silent) { tools.observe(.noticed(.notAnswering(GuardError(silence)))) }
        scan.silent = silent
        for problem in scan.discovered.problems where !unreached.contains(problem.message) {
            tools.observe(.noticed(problem.code == .notAnswering ? .notAnswering(problem) : .unreached(problem)))
        }
        await readReleases(scan.discovered.releaseFolders)
        await watchAll()
        let locations = scan.discovered.locations
        let failure = await looks.forEach(locations) { [self] (location) async throws(GuardError) in
            try await attend(
                location, because: settings.isSinglePass ? "once" : "discovery", startingWork: startingWork)
        }
        if let failure { throw failure }
        // A pass looks at what it was sent to, and leaves nothing for later.
        guard !settings.isSinglePass else { return }
        // A home that is not mounted makes its memories missing, and nothing is forgotten.
        let present = Set(locations)
        await looks.forEach(stores.seen.filter { !present.contains($0) }) {
            [self] (location) async throws(GuardError) in
            await lookInTurn(at: location)
        }
        scan.isComplete = true
        _ = await snapshot()
        if startingWork { await planner.plan(for: stores.seen.map(\.id)) }
        tell()
    }

    /// Looks at every memory again, in its turn.
    func lookAtAll() async {
        await looks.forEach(stores.seen) { [self] (location) async throws(GuardError) in
            await lookInTurn(at: location)
        }
    }

    /// Examines the store at `location` and starts what is due for it, in its turn. Comes back early when the store does not answer: the
    /// look then goes on in the background, and costs nobody else anything.
    func attend(
        _ location: StoreLocation, because trigger: String, startingWork: Bool = true
    ) async throws(GuardError) {
        let id = location.id
        guard stores[id].override?.kind != .forgotten else { return }
        stores[id].location = location
        let queue = stores.queue(of: id)
        if queue.operation != nil {
            // Its end looks again.
            stores[id].needsReconcile = true
            return
        }
        // One that is known to hang is not waited for.
        if stores.isSilent(id) { return }
        guard let turn = await queue.enter(.maintenance, within: patience) else {
            stores[id].needsReconcile = true
            return
        }
        watchSilences()
        let result = await untilSilent(queue) { (supervisor) async -> Result<Bool, GuardError> in
            let result: Result<Bool, GuardError>
            do throws(GuardError) {
                result = .success(try await supervisor.attendInTurn(location, trigger, startingWork))
            } catch {
                result = .failure(error)
            }
            queue.leave(turn)
            return result
        }
        guard try result?.get() ?? false else { return }
        do throws(GuardError) {
            _ = try await startMigration(
                .upgrade(to: nil), .migrate, location, Origin(trigger: trigger, uid: tools.uid), isExplicit: false)
        } catch {
            // Somebody was faster; the end of his work looks again.
            guard [.storeBusy, .notAnswering].contains(error.code) || isStopping else { throw error }
            stores[id].needsReconcile = true
        }
    }

    /// Does `work`, and waits for its end as long as something is heard of the turn at `queue`. nil when it was silent for too long; it goes
    /// on in the background.
    private func untilSilent<Value: Sendable>(
        _ queue: StoreQueue, _ work: @escaping @Sendable (Supervisor) async -> Value
    ) async -> Value? {
        let number = operations.addUpkeep()
        let task = Task {
            let value = await work(self)
            operations.endUpkeep(number)
            return value
        }
        operations.runUpkeep(
            number,
            Task {
                await withTaskCancellationHandler {
                    _ = await task.value
                } onCancel: {
                    task.cancel()
                }
            })
        while true {
            let end = await value(of: task, within: min(.seconds(5), patience))
            if let end { return end }
            if let turn = queue.turn, turn.silence < patience { continue }
            // The turn may have ended in the same moment.
            return await value(of: task, within: .milliseconds(100))
        }
    }

    /// Whether a migration is due that may be made without asking.
    private func attendInTurn(
        _ location: StoreLocation, _ trigger: String, _ startingWork: Bool
    ) async throws(GuardError) -> Bool {
        let id = location.id
        let queue = stores.queue(of: id)
        // One piece of work at a time: what still waits for its evidence comes first.
        guard try await settleWaiting(id) else {
            await examine(location)
            return false
        }
        if settings.watcher != nil, watch(on: location) == nil {
            if !scan.discovered.locations.contains(location) { scan.discovered.locations.append(location) }
            await watchAll()
        }
        var before: Reconciler.Before?
        if let form = stores[id].form, let seenAt = stores[id].seenAt { before = .init(form: form, seenAt: seenAt) }
        guard let examination = await examine(location), startingWork, !isStopping else { return false }
        queue.goesOn()
        let reconciler = Reconciler(
            tools: tools, trigger: trigger, mode: mode(of: location), tellsAbsence: settings.isSinglePass)
        if ![.missing, .notAnswering].contains(examination.form.state) {
            await reconciler.discardScratch(of: location)
            if !settings.isSinglePass { try await prepare(location, examination, before, reconciler) }
        }
        queue.goesOn()
        switch try await reconciler.next(for: location, examination) {
        case .nothing: return false
        case .done(let operation):
            stores[id].lastOperation = operation
            await examine(location)
            return false
        case .migrate: return true
        }
    }

    /// Compares the store at `location` with what was known of it, and backs it up when a release may change it.
    private func prepare(
        _ location: StoreLocation, _ examination: Examination, _ before: Reconciler.Before?, _ reconciler: Reconciler
    ) async throws(GuardError) {
        let id = location.id
        if let before { try await reconciler.compare(location, with: before, examination.form) }
        stores.queue(of: id).goesOn()
        let prepared = try await reconciler.prepare(
            location, examination, for: await releaseMonitor.releases, prepared: stores[id].preparedFor)
        guard let prepared else { return }
        stores[id].preparedFor = prepared
        await examine(location)
    }

    /// What may happen to the store at `location` without asking.
    func mode(of location: StoreLocation) -> MigrationMode {
        let mode = settings.mode(location)
        return scan.discovered.asking.contains(location) ? min(mode, .ask) : mode
    }

    /// Settles the operations on `store` that wait for a server. Only in a turn of the store. Whether none waits any more.
    func settleWaiting(_ store: StoreID) async throws(GuardError) -> Bool {
        let open = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.unsettled()
        }
        // An operation of this process that is at work ends by itself.
        for record in open where record.store == store && operations.tasks[record.id] == nil {
            guard let settled = try await Recovery(tools: tools).settle(record) else { return false }
            stores[store].lastOperation = settled
            await operations.feeds[record.id]?.report(settled)
        }
        return true
    }

    // MARK: Looks

    /// Examines the store at `location` and remembers what was seen. Only in a turn of the store. nil when the journal or the vault cannot
    /// be read.
    @discardableResult
    func examine(_ location: StoreLocation) async -> Examination? {
        let id = location.id
        // Taken before: a write during the look leaves another one behind it.
        let footprint = await footprint(of: location)
        do throws(GuardError) {
            let examiner = StoreExaminer(tools: tools)
            var examination = try await examiner.examine(location)
            examination.form.watch = watch(on: location)
            let before = stores[id].form
            try await examiner.remember(examination.form, after: before)
            stores[id].lookFailure = nil
            stores[id].footprint = footprint
            stores[id].form = examination.form
            stores[id].seenAt = tools.clock()
            let silence = stores[id].note(examination.refusal, at: tools.clock())
            if let silence { tools.observe(.noticed(silence)) }
            notice(examination.form, after: before)
            return examination
        } catch {
            // The next look tells; until then the store stands as it was seen last.
            stores[id].lookFailure = error
            return nil
        }
    }

    /// What `stat` tells of the files of the store at `location`.
    func footprint(of location: StoreLocation) async -> FileSignature? {
        guard location.engine == .sqlite else { return nil }
        return await tools.calls.ask(location.name, silentFor: .seconds(5)) { FileSignature(location) }.value ?? nil
    }

    /// Looks at the store at `location` again, in its turn, when that comes soon. An operation that is at work on it looks at its end.
    ///
    /// - Returns: whether it was looked at
    @discardableResult
    func lookInTurn(at location: StoreLocation, within limit: Duration = .seconds(10)) async -> Bool {
        let queue = stores.queue(of: location.id)
        if stores.isSilent(location.id) { return false }
        guard let turn = await queue.enter(.maintenance, within: limit) else { return false }
        watchSilences()
        let task = Task {
            await examine(location)
            queue.leave(turn)
        }
        return await value(of: task, within: limit) != nil
    }
}

extension StoreForm {
    /// Where it is, as the engine names it.
    var place: StoreLocation { StoreLocation(engine: engine, name: location) }
}
