// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import LinuxKit

/// What happens by the clock, and what was asked for in passing.
extension Supervisor {
    /// Does what is due by the clock, until the task is cancelled. The first item is a look at everything.
    public func keepSchedule() async {
        schedule.plan { $0.set(.rescan, in: .zero) }
        while let item = await schedule.next() {
            await perform(item)
            if operations.isIdle { ProcessMemory.release() }
        }
    }

    /// Looks at the stores that something happened to, a few at the same time, until it stops.
    public func attendToRequests() async {
        for await (location, trigger) in requests.stream {
            guard !isStopping else { continue }
            let place = await looks.enter()
            Task {
                await reportingFailure { (supervisor) async throws(GuardError) in
                    try await supervisor.attend(location, because: trigger)
                }
                place.release()
                tell()
            }
        }
    }

    /// Has the store at `location` looked at soon.
    func request(_ location: StoreLocation, because trigger: String) {
        requests.add(location, trigger)
    }

    private func perform(_ item: Schedule.Item) async {
        switch item {
        case .rescan:
            await reportingFailure { (supervisor) async throws(GuardError) in
                try await supervisor.rescan(startingWork: true)
            }
            // What does not answer is asked again soon: only the call that hangs costs a thread, and the others are told by events.
            let delay = tools.calls.silences.isEmpty ? settings.rescanEvery : .seconds(60)
            schedule.plan { $0.set(.rescan, in: delay) }
        case .releases:
            await releasesChanged()
        case .store(let id):
            if let form = stores.form(id) { request(form.place, because: "retry") }
        case .backup(let id):
            backUpIfDue(id)
        case .prune:
            runUpkeep { await $0.prune() }
        case .drill:
            runUpkeep { await $0.drill() }
        case .silences:
            tellSilences()
        }
    }

    /// Does `work` of the daemon's own in the background. A stop cancels it and waits for it.
    func runUpkeep(_ work: @escaping @Sendable (Supervisor) async -> Void) {
        guard !isStopping else { return }
        let number = operations.addUpkeep()
        operations.runUpkeep(
            number,
            Task {
                await work(self)
                operations.endUpkeep(number)
                tell()
            })
    }

    /// Does `work`. What goes wrong is told, and tried again at the next look.
    func reportingFailure(_ work: @Sendable (isolated Supervisor) async throws(GuardError) -> Void) async {
        do throws(GuardError) {
            try await work(self)
        } catch {
            tools.observe(.noticed(.lookFailed(error)))
        }
    }

    /// Plans what follows from the end of an operation: another try of what could not go on, and room for what was added.
    func planAfter(_ record: OperationRecord) {
        if record.result?.removed?.isEmpty == false {
            // Room again: who had none tries now.
            for id in stores.ids where stores[id].backOff.tries > 0 { schedule.plan { $0.set(.store(id), in: .zero) } }
        }
        guard let store = record.store else { return }
        if let form = stores.form(store), stores[store].needsReconcile {
            stores[store].needsReconcile = false
            request(form.place, because: "discovery")
        }
        let isPaused = record.error?.code == .held
        if let error = record.error, error.retryable, !isPaused, record.outcome != .cancelled {
            let delay = stores[store].backOff.next()
            schedule.plan { $0.set(.store(store), in: delay) }
        } else {
            stores[store].backOff = RetryDelay()
            schedule.plan { $0.drop(.store(store)) }
        }
        if record.backup != nil { schedule.plan { $0.hasten(.prune, in: .seconds(60)) } }
        if record.error?.code == .noSpace { schedule.plan { $0.hasten(.prune, in: .zero) } }
    }

    // MARK: Telling

    /// Tells what a look changed in how a store stands.
    func notice(_ form: StoreForm, after before: StoreForm?) {
        if let notice = Notice(of: form, after: before) { tools.observe(.noticed(notice)) }
        if form.state == .pending, before?.state != .pending, mode(of: form.place) == .ask {
            tools.observe(.noticed(.approvalNeeded(form)))
        }
    }

    /// Looks for silent turns again before long, as long as there are turns.
    func watchSilences() {
        schedule.plan { $0.hasten(.silences, in: stores.patience / 3) }
    }

    /// Tells of the work that does not come back, once, and gives its place in line to others.
    private func tellSilences() {
        var isBusy = false
        for id in stores.ids {
            let queue = stores[id].queue
            guard queue.turn != nil else { continue }
            isBusy = true
            guard stores.isSilent(id), let turn = queue.newlySilent(for: stores.patience) else { continue }
            stores[id].place?.release()
            if let form = stores.form(id) {
                tools.observe(.noticed(.notAnswering(StoreRegistry.error(form.place, turn))))
            }
        }
        if isBusy { watchSilences() }
        tell()
    }

    /// Tells how everything stands, when that changed.
    func tell() {
        let summary = summary
        guard summary != toldSummary else { return }
        toldSummary = summary
        tools.observe(.noticed(.summary(summary)))
    }
}

/// Memories that are to be looked at soon, and why. Read once.
final class RequestQueue: Sendable {
    let stream: AsyncStream<(StoreLocation, String)>
    private let continuation: AsyncStream<(StoreLocation, String)>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func add(_ location: StoreLocation, _ trigger: String) { continuation.yield((location, trigger)) }
    func finish() { continuation.finish() }
}
