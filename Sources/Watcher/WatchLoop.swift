// SPDX-License-Identifier: MIT

internal import LinuxKit

/// What the watcher's thread does: wait, collect, tell. Everything here is that thread's own.
final class WatchLoop {
    private typealias Instant = ContinuousClock.Instant

    private var rules: WatchRules
    private let switchboard: WatchCommandQueue
    private let tell: (Change) -> Void
    private let makeEvents: () throws(SystemCallError) -> (any EventSource)?
    private let clock = ContinuousClock()
    private var events: (any EventSource)?
    private var kernel: InotifyBackEnd?
    private let polling: PollingBackEnd
    /// For what is mounted below trees and tells nobody of its changes, and the trees that each mount is below of.
    private let below: PollingBackEnd
    private var owners: [Subject: Set<Subject>] = [:]
    private let table: MountTable?
    private var mounted: Set<MountTable.Mount> = []
    private var dirt = PendingChanges()
    private var report = WatchCommandQueue.Report()
    private var subjects: Set<Subject> = []
    /// To be watched anew.
    private var broken: Set<Subject> = []
    private var repairs = BackOff()
    /// Looked at until the kernel can tell of them: they were not there, or closed to us.
    private var waiting: Set<Subject> = []
    /// Looked at until there is room for them under the limits, which were these.
    private var crowded: Set<Subject> = []
    private var limits: [Int?] = []
    private var isWithoutInstance = false
    private var isStopped = false

    init(
        _ rules: WatchRules, _ switchboard: WatchCommandQueue,
        _ events: @escaping () throws(SystemCallError) -> (any EventSource)?, tell: @escaping (Change) -> Void
    ) {
        self.rules = rules
        self.switchboard = switchboard
        self.tell = tell
        makeEvents = events
        polling = PollingBackEnd(rules)
        below = PollingBackEnd(rules)
        // Without it a mount is not noticed: not worth to do without everything else.
        table = try? MountTable()
    }

    func run() {
        startKernel()
        mounted = readTable()
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
        limits = WatchLimit.values
        do throws(SystemCallError) {
            events = try makeEvents()
            kernel = events.map { InotifyBackEnd(rules, $0) }
            report.problems = report.problems.filter { $0.path != "/" }
            isWithoutInstance = false
        } catch {
            isWithoutInstance = true
            report.problems.insert(WatchLimit.instances.problem("/"))
        }
    }

    private func sleep() {
        let due = [dirt.nextDue(rules), polling.due, below.due, repairs.due].compactMap(\.self).min()
        let descriptors = [switchboard.descriptor] + (events.map { [$0.descriptor] } ?? [])
        let urgent = table.map { [$0.descriptor] } ?? []
        // A wait that fails is a wait that ended: everything is looked at in any case.
        let ready = try? wait(for: descriptors, urgent: urgent, atMost: due.map { clock.now.duration(to: $0) })
        if let ready, !ready.isDisjoint(with: urgent) { mountsChanged() }
    }

    // MARK: Orders

    private func follow(_ order: WatchCommandQueue.Order) {
        switch order {
        case .stop:
            isStopped = true
        case .watch(let wanted, let newRules, let end):
            for subject in subjects.subtracting(wanted) { drop(subject) }
            let kept = subjects.intersection(wanted)
            if let newRules { adopt(newRules, kept) }
            // Those that need one watch come before those that may take all there are.
            let new = wanted.subtracting(subjects)
            for subject in new.filter({ !$0.isTree }) { arm(subject) }
            for subject in new.filter(\.isTree) { arm(subject) }
            subjects = wanted
            for subject in kept where kernel?.isElsewhere(subject) == true { rearm(subject) }
            followMounts()
            publish()
            end.reach()
        }
    }

    /// Goes by other rules: everything is watched anew.
    private func adopt(_ rules: WatchRules, _ kept: Set<Subject>) {
        self.rules = rules
        kernel?.rules = rules
        polling.rules = rules
        below.rules = rules
        for subject in kept { rearm(subject) }
    }

    private func drop(_ subject: Subject) {
        forget(subject)
        broken.remove(subject)
        dirt.drop(subject)
        report.methods[subject] = nil
    }

    private func forget(_ subject: Subject) {
        kernel?.disarm(subject)
        polling.disarm(subject)
        waiting.remove(subject)
        crowded.remove(subject)
        report.problems = report.problems.filter { $0.path != subject.path }
    }

    private func arm(_ subject: Subject) {
        forget(subject)
        guard let kernel else {
            if isWithoutInstance { crowded.insert(subject) }
            poll(subject, because: "no inotify instance")
            return
        }
        do throws(Refusal) {
            try kernel.arm(subject)
            report.methods[subject] = .inotify
        } catch {
            refuse(subject, error)
        }
    }

    /// Watches anew. What happened before that nobody told.
    private func rearm(_ subject: Subject) {
        arm(subject)
        dirt.mark(subject, nil, at: clock.now)
    }

    private func refuse(_ subject: Subject, _ refusal: Refusal) {
        forget(subject)
        switch refusal {
        case .remote(let filesystem):
            poll(subject, because: filesystem)
        case .limit(let ours):
            report.problems.insert(WatchLimit.watches(ours: ours).problem(subject.path))
            limits = WatchLimit.values
            crowded.insert(subject)
            poll(subject, because: "limit of inotify watches")
        case .absent:
            waiting.insert(subject)
            poll(subject, because: "not there")
        case .failed(let reason):
            waiting.insert(subject)
            poll(subject, because: reason)
        }
    }

    private func poll(_ subject: Subject, because reason: String) {
        polling.arm(subject)
        report.methods[subject] = .poll(reason)
    }

    // MARK: What happened

    private func collect() {
        if let kernel {
            kernel.collect { dirt.mark($0, $1, at: clock.now) }
            for (subject, refusal) in kernel.takeRefusals() { refuse(subject, refusal) }
            broken.formUnion(kernel.takeLost())
        }
        if let due = polling.due, due <= clock.now {
            polling.collect { dirt.mark($0, $1, at: clock.now) }
            promote()
        }
        if let due = below.due, due <= clock.now {
            below.collect { mount, path in
                for owner in owners[mount] ?? [] { dirt.mark(owner, path, at: clock.now) }
            }
        }
        if !broken.isEmpty { repairs.plan(at: clock.now) }
        if repairs.isDue(at: clock.now) {
            for subject in broken { rearm(subject) }
            broken = []
        }
        followMounts()
    }

    /// Has the kernel tell of what it can tell of by now.
    private func promote() {
        for subject in waiting {
            do throws(Refusal) {
                try kernel?.arm(subject)
                waiting.remove(subject)
                polling.disarm(subject)
                report.methods[subject] = .inotify
                dirt.mark(subject, nil, at: clock.now)
            } catch .absent, .failed {
                continue
            } catch {
                refuse(subject, error)
                dirt.mark(subject, nil, at: clock.now)
            }
        }
        guard !crowded.isEmpty, WatchLimit.values != limits else { return }
        limits = WatchLimit.values
        if kernel == nil { startKernel() }
        for subject in crowded { rearm(subject) }
    }

    // MARK: Mounts

    private func readTable() -> Set<MountTable.Mount> {
        // What cannot be read is as it was.
        guard let now = try? table?.read() else { return mounted }
        return now
    }

    /// Something was mounted, or is not any more: the kernel tells nothing of it where we listen.
    private func mountsChanged() {
        let now = readTable()
        let places = now.symmetricDifference(mounted).map(\.path)
        mounted = now
        for subject in subjects where places.contains(where: { isReached(subject, $0) }) {
            broken.insert(subject)
            dirt.mark(subject, nil, at: clock.now)
        }
    }

    private func isReached(_ subject: Subject, _ mount: String) -> Bool {
        guard subject.isReached(byMountAt: mount) else { return false }
        // Not below what is not entered.
        var (path, depth) = (mount, 0)
        while path.utf8.count > subject.path.utf8.count {
            depth += 1
            if depth > rules.maxDepth || !rules.enters(String(Directory.name(of: path)), path) {
                return false
            }
            path = Directory.parent(of: path)
        }
        return true
    }

    /// Looks from time to time at what is mounted in trees and tells nobody of its changes.
    private func followMounts() {
        let mounts = kernel?.mounts ?? []
        guard !(mounts.isEmpty && owners.isEmpty) else { return }
        let before = owners
        owners = Dictionary(grouping: mounts) { .tree($0.path) }.mapValues { Set($0.map(\.tree)) }
        for mount in before.keys where owners[mount] == nil { below.disarm(mount) }
        for mount in mounts where before[.tree(mount.path)] == nil { below.arm(.tree(mount.path), depth: mount.depth) }
    }

    private func publish() {
        report.watches = kernel?.count ?? 0
        report.overflows = kernel?.overflows ?? 0
        switchboard.publish(report)
    }
}
