// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import LinuxKit

/// What happens by the clock, and what was asked for in passing.
extension Guardian {
    /// Does what is due by the clock, until the task is cancelled. The first item is a look at everything.
    public func keepAgenda() async {
        agenda.set(.rescan, in: .zero)
        while !Task.isCancelled {
            if let item = agenda.next() {
                await perform(item)
                if tasks.isEmpty { ProcessMemory.release() }
            } else {
                await sleep(for: agenda.wait)
            }
        }
    }

    /// Looks at the stores that something happened to, one after the other, until the guardian stops.
    public func attendToRequests() async {
        for await (location, trigger) in requests {
            guard !isStopping else { continue }
            await tryTo { (guardian) async throws(GuardError) in
                try await guardian.attend(location, because: trigger)
            }
            tell()
        }
    }

    /// Has the store at `location` looked at soon.
    func request(_ location: StoreLocation, because trigger: String) {
        requesting.yield((location, trigger))
    }

    /// Changes the agenda, and wakes whoever sleeps until the earliest item of the old one.
    func plan(_ change: (inout Agenda) -> Void) {
        change(&agenda)
        sleeper?.cancel()
    }

    private func perform(_ item: Agenda.Item) async {
        switch item {
        case .rescan:
            await tryTo { (guardian) async throws(GuardError) in try await guardian.rescan(startingWork: true) }
            agenda.set(.rescan, in: settings.rescanEvery)
        case .releases:
            await releasesChanged()
        case .store(let id):
            if let form = forms[id] { request(form.place, because: "retry") }
        case .backup(let id):
            await backUpIfDue(id)
        case .prune:
            await prune()
        case .drill:
            await drill()
        }
    }

    /// Does `work`. What goes wrong is told, and tried again at the next look.
    func tryTo(_ work: (isolated Guardian) async throws(GuardError) -> Void) async {
        do throws(GuardError) {
            try await work(self)
        } catch {
            tools.observe(.noticed(.lookFailed(error)))
        }
    }

    /// Sleeps for `delay`, for ever without one, or until the agenda changes or the task is cancelled.
    private func sleep(for delay: Duration?) async {
        let sleeper = Task { _ = try? await Task.sleep(for: delay ?? .seconds(86_400)) }
        self.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
    }

    /// Plans what follows from the end of an operation: another try of what could not go on, and room for what was added.
    func planAfter(_ record: OperationRecord) {
        if record.result?.removed?.isEmpty == false {
            // Room again: who had none tries now.
            for id in backOffs.keys { plan { $0.set(.store(id), in: .zero) } }
        }
        guard let store = record.store else { return }
        if neglected.remove(store) != nil, let form = forms[store] { request(form.place, because: "discovery") }
        let isPaused = record.error?.code == .held
        if let error = record.error, error.retryable, !isPaused, record.outcome != .cancelled {
            let delay = backOffs[store, default: BackOff()].next()
            plan { $0.set(.store(store), in: delay) }
        } else {
            backOffs[store] = nil
            plan { $0.drop(.store(store)) }
        }
        if record.backup != nil { plan { $0.hasten(.prune, in: .seconds(60)) } }
        if record.error?.code == .noSpace { plan { $0.hasten(.prune, in: .zero) } }
    }

    // MARK: Telling

    /// Tells what a look changed in how a store stands.
    func notice(_ form: StoreForm, after before: StoreForm?) {
        switch (before?.state, form.state) {
        case (nil, .missing): break
        case (nil, _): tools.observe(.noticed(.storeFound(form)))
        case (.missing?, let now) where now != .missing: tools.observe(.noticed(.storeBack(form)))
        case (let then?, .missing) where then != .missing: tools.observe(.noticed(.storeMissing(form)))
        default: break
        }
        if form.state == .pending, before?.state != .pending, mode(of: form.place) == .ask {
            tools.observe(.noticed(.approvalNeeded(form)))
        }
    }

    /// How everything stands, as a line.
    public var summary: String {
        let count = forms.count
        guard count > 0 else { return standing(running: busy.count).summary }
        return "\(count == 1 ? "1 memory" : "\(count) memories") · " + standing(running: busy.count).summary
    }

    /// Tells how everything stands, when that changed.
    func tell() {
        let summary = summary
        guard summary != toldSummary else { return }
        toldSummary = summary
        tools.observe(.noticed(.summary(summary)))
    }
}
