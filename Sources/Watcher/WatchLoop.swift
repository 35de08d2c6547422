// SPDX-License-Identifier: MIT

internal import LinuxKit

/// What the watcher's thread does: wait, collect, tell. Everything here is that thread's own.
final class WatchLoop {
    private typealias Instant = ContinuousClock.Instant

    private var rules: WatchRules
    private let switchboard: Switchboard
    private let tell: (Change) -> Void
    private let makeEvents: () throws(SystemCallError) -> (any EventSource)?
    private let clock = ContinuousClock()
    private var events: (any EventSource)?
    private var kernel: InotifyBackEnd?
    private var polling: PollingBackEnd
    private var dirt = Dirt()
    private var report = Switchboard.Report()
    private var subjects: Set<Subject> = []
    /// Folders of trees that are looked at from time to time, and whose they are.
    private var mounts: [Subject: Subject] = [:]
    private var nextPoll: Instant?
    private var nextRepair: Instant?
    /// How long to wait before what was lost is watched again: longer each time that it happens soon.
    private var patience: Duration = .seconds(1)
    private var isStopped = false

    init(
        _ rules: WatchRules, _ switchboard: Switchboard,
        _ events: @escaping () throws(SystemCallError) -> (any EventSource)?, tell: @escaping (Change) -> Void
    ) {
        self.rules = rules
        self.switchboard = switchboard
        self.tell = tell
        makeEvents = events
        polling = PollingBackEnd(rules)
    }

    func run() {
        startKernel()
        while !isStopped {
            sleep()
            report.turns += 1
            for order in switchboard.take() { follow(order) }
            collect()
            for change in dirt.take(rules, at: clock.now) { tell(change) }
            publish()
        }
        switchboard.close()
    }

    private func startKernel() {
        do throws(SystemCallError) {
            events = try makeEvents()
            kernel = events.map { InotifyBackEnd(rules, $0) }
        } catch {
            note(WatchLimit.instances.problem("/"))
        }
    }

    private func sleep() {
        let due = [dirt.nextDue(rules), nextPoll, nextRepair].compactMap(\.self).min()
        let descriptors = [switchboard.descriptor] + (events.map { [$0.descriptor] } ?? [])
        // A wait that fails is a wait that ended: everything is looked at in any case.
        try? wait(for: descriptors, atMost: due.map { clock.now.duration(to: $0) })
    }

    // MARK: Orders

    private func follow(_ order: Switchboard.Order) {
        switch order {
        case .stop:
            isStopped = true
        case .watch(let wanted, let newRules, let continuation):
            if let newRules { adopt(newRules) }
            for subject in subjects.subtracting(wanted) { drop(subject) }
            for subject in wanted.subtracting(subjects) { arm(subject) }
            subjects = wanted
            pollMounts()
            publish()
            continuation.resume()
        }
    }

    /// Goes by other rules: everything is watched anew.
    private func adopt(_ rules: WatchRules) {
        for subject in subjects { drop(subject) }
        subjects = []
        self.rules = rules
        kernel = events.map { InotifyBackEnd(rules, $0) }
        polling = PollingBackEnd(rules)
    }

    private func drop(_ subject: Subject) {
        kernel?.disarm(subject)
        polling.disarm(subject)
        for (mount, owner) in mounts where owner == subject {
            polling.disarm(mount)
            mounts[mount] = nil
        }
        dirt.drop(subject)
        report.methods[subject] = nil
        report.problems = report.problems.filter { $0.path != subject.path }
    }

    private func arm(_ subject: Subject) {
        guard let kernel else {
            poll(subject, because: "no inotify instance")
            return
        }
        do throws(BackEndRefusal) {
            try kernel.arm(subject)
            polling.disarm(subject)
            report.methods[subject] = .inotify
        } catch {
            refuse(subject, error)
        }
    }

    private func refuse(_ subject: Subject, _ refusal: BackEndRefusal) {
        kernel?.disarm(subject)
        switch refusal {
        case .remote(let filesystem):
            poll(subject, because: filesystem)
        case .limit:
            note(WatchLimit.watches(ours: kernel?.count ?? 0).problem(subject.path))
            poll(subject, because: "limit of inotify watches")
        case .absent:
            poll(subject, because: "not there")
            scheduleRepair()
        }
    }

    private func poll(_ subject: Subject, because reason: String) {
        polling.arm(subject)
        report.methods[subject] = .poll(reason)
        if nextPoll == nil { nextPoll = clock.now.advanced(by: rules.pollEvery) }
    }

    /// Looks from time to time at what is mounted in a tree and tells nobody of its changes.
    private func pollMounts() {
        for (path, mount) in kernel?.mounts ?? [:] where mounts[.tree(path)] == nil {
            mounts[.tree(path)] = mount.tree
            poll(.tree(path), because: mount.filesystem)
        }
    }

    private func note(_ problem: WatchProblem) {
        report.problems.insert(problem)
    }

    // MARK: What happened

    private func collect() {
        let now = clock.now
        if let kernel {
            kernel.collect { mark($0, $1, now) }
            pollMounts()
            for (subject, refusal) in kernel.refusals { refuse(subject, refusal) }
            if !kernel.lost.isEmpty { scheduleRepair() }
        }
        if let due = nextPoll, due <= now {
            polling.collect { mark($0, $1, now) }
            // A large tree is not looked at all the time: a hundredth of a processor at most.
            let pause = max(rules.pollEvery, clock.now.duration(to: now) * -100)
            nextPoll = polling.isIdle ? nil : clock.now.advanced(by: pause)
        }
        if let due = nextRepair, due <= now { repair() }
    }

    private func mark(_ subject: Subject, _ path: String?, _ now: Instant) {
        dirt.mark(mounts[subject] ?? subject, path, at: now)
    }

    /// Plans to watch again what was lost, later each time that it happens in a row.
    private func scheduleRepair() {
        guard nextRepair == nil else { return }
        nextRepair = clock.now.advanced(by: patience)
        patience = min(patience * 2, .seconds(60))
    }

    /// Watches again what was lost, and what was not there.
    private func repair() {
        nextRepair = nil
        let absent = report.methods.filter { $0.value == .poll("not there") }.map(\.key)
        let lost = (kernel?.lost ?? []).union(absent)
        for subject in lost {
            kernel?.disarm(subject)
            arm(subject)
            // What happened before it was watched again nobody told.
            if report.methods[subject] == .inotify { dirt.mark(subject, nil, at: clock.now) }
        }
        if (kernel?.lost ?? []).isEmpty, report.methods.values.allSatisfy({ $0 != .poll("not there") }) {
            patience = .seconds(1)
        } else {
            scheduleRepair()
        }
    }

    private func publish() {
        report.watches = kernel?.count ?? 0
        report.overflows = kernel?.overflows ?? 0
        switchboard.publish(report)
    }
}
