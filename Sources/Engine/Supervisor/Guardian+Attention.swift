// SPDX-License-Identifier: MIT

internal import ControlAPI
public import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores

/// Looking at stores, and starting what is due.
extension Guardian {
    /// Looks for memories and releases, examines each, and starts what is pending where that may happen without asking.
    ///
    /// When it returns, every root was looked through and every store found is described.
    public func rescan(startingWork: Bool) async throws(GuardError) {
        // First the watch, then the look: what appears in between is told twice, and never missed.
        await watchAll()
        let unreached = Set(discovered.problems.map(\.message))
        do throws(GuardError) {
            discovered = heeding(try await settings.discover())
        } catch {
            // A home that is not there: what was known in it is missing.
            for id in forms.keys { await look(at: id) }
            tell()
            throw error
        }
        for problem in discovered.problems where !unreached.contains(problem.message) {
            tools.observe(.noticed(.unreached(problem)))
        }
        await readReleases(discovered.releaseFolders)
        await watchAll()
        for location in discovered.locations {
            try await attend(location, because: "discovery", startingWork: startingWork)
        }
        // A home that is not mounted makes its memories missing, and nothing is forgotten.
        let present = Set(discovered.locations.map(\.id))
        for id in forms.keys where !present.contains(id) { await look(at: id) }
        hasLooked = true
        if startingWork { await planUpkeep() }
        tell()
    }

    /// Examines the store at `location` and starts what is due for it; one look at a time.
    func attend(
        _ location: StoreLocation, because trigger: String, startingWork: Bool = true
    ) async throws(GuardError) {
        await enter(location.id)
        do throws(GuardError) {
            try await attendAlone(location, trigger, startingWork)
        } catch {
            leave(location.id)
            throw error
        }
        leave(location.id)
    }

    private func attendAlone(
        _ location: StoreLocation, _ trigger: String, _ startingWork: Bool
    ) async throws(GuardError) {
        let id = location.id
        guard choices[id]?.kind != .forgotten else { return }
        // One piece of work at a time: what still waits for its evidence comes first.
        guard try await settleWaiting(id) else {
            await examine(location)
            return
        }
        guard busy[id] == nil else {
            // Its end looks again.
            neglected.insert(id)
            await examine(location)
            return
        }
        if settings.watcher != nil, watch(on: location) == nil {
            discovered.locations.append(location)
            await watchAll()
        }
        let (before, seen) = (forms[id], seenAt[id])
        guard let examination = await examine(location), startingWork, busy[id] == nil, !isStopping else { return }
        // One that is not there is seen to be missing, and that is no failure of anything.
        guard examination.form.state != .missing else { return }
        if let store = try? tools.open(location) { await ScratchFolder.discardOld(of: store, with: tools) }
        if let before, let seen { try await compareIfMigratedByOthers(location, before, seen, examination.form) }
        try await backUpForReleases(location, examination)
        let tools = tools
        let cared = try await occupying(id) { (_) async throws(GuardError) in
            try await Safekeeping(tools: tools, trigger: trigger).care(at: location, examination)
        }
        if case .some(.some) = cared {
            await examine(location)
            return
        }
        guard let plan = examination.plan, !plan.isEmpty, examination.hold == nil, busy[id] == nil else { return }
        guard mode(of: location) == .auto else { return }
        do throws(GuardError) {
            _ = try await startMigration(
                .upgrade(to: nil), .migrate, location, Origin(trigger: trigger, uid: tools.uid), isExplicit: false)
        } catch {
            // Somebody was faster; the end of his work looks again.
            guard error.code == .storeBusy else { throw error }
            neglected.insert(id)
        }
    }

    /// What may happen to the store at `location` without asking.
    func mode(of location: StoreLocation) -> MigrationMode {
        let mode = settings.mode(location)
        return discovered.asking.contains(location) ? min(mode, .ask) : mode
    }

    /// Settles the operations on `store` that wait for a server, where nobody is at work on it. Whether none waits any more.
    func settleWaiting(_ store: StoreID) async throws(GuardError) -> Bool {
        guard busy[store] == nil else { return true }
        let open = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.unsettled()
        }
        // An operation of this process that runs has its end before it.
        for record in open where record.store == store && tasks[record.id] == nil {
            // Somebody asked for other work meanwhile; it ends first.
            guard busy[store] == nil else { return true }
            busy[store] = .operation(record.id)
            defer { busy[store] = nil }
            guard let settled = try await Recovery(tools: tools).settle(record) else { return false }
            await feeds[record.id]?.report(settled)
        }
        return true
    }

    // MARK: Looks

    /// Examines the store at `location` and remembers what was seen. nil when the journal or the vault cannot be read.
    @discardableResult
    func examine(_ location: StoreLocation) async -> Examination? {
        // Taken before: a write during the look leaves another one behind it.
        let footprint = StoreFootprint(location)
        do throws(GuardError) {
            let examiner = StoreExaminer(tools: tools)
            var examination = try await examiner.examine(location)
            examination.form.watch = watch(on: location)
            let before = forms[location.id]
            try await examiner.remember(examination.form, after: before)
            footprints[location.id] = footprint
            forms[location.id] = examination.form
            seenAt[location.id] = tools.clock()
            notice(examination.form, after: before)
            return examination
        } catch {
            // The next look tells; until then the store stands as it was seen last.
            return nil
        }
    }

    /// Looks at the known store `id` again.
    func look(at id: StoreID) async {
        guard let form = forms[id] else { return }
        await examine(form.place)
    }

    // MARK: One at a time

    private func enter(_ id: StoreID) async {
        guard attending[id] != nil else {
            attending[id] = []
            return
        }
        await withCheckedContinuation { attending[id, default: []].append($0) }
    }

    /// Hands the turn on.
    private func leave(_ id: StoreID) {
        guard var waiting = attending[id], !waiting.isEmpty else {
            attending[id] = nil
            return
        }
        let next = waiting.removeFirst()
        attending[id] = waiting
        next.resume()
    }
}

extension StoreForm {
    /// Where it is, as the engine names it.
    var place: StoreLocation { StoreLocation(engine: engine, name: location) }
}
