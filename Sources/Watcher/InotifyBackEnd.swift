// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Lets the kernel tell: one inotify instance, a watch per folder, and no folder deeper than it has to be.
final class InotifyBackEnd: BackEnd {
    /// Who is told of one folder's events.
    private struct Watch {
        /// The folder of a tree.
        var node: FolderNode?
        /// Files and folders that are watched by it.
        var subjects: Set<Subject> = []

        /// What it has to be told for all of them.
        var mask: Inotify.Mask {
            var mask: Inotify.Mask = [.create, .delete, .movedFrom, .movedTo, .deleteSelf, .moveSelf]
            // Not for trees: every write to every file of a home would wake us.
            if !subjects.isEmpty { mask.insert(.modify) }
            return mask
        }
    }

    private let rules: WatchRules
    private let inotify: any EventSource
    private var watches: [Int32: Watch] = [:]
    private var roots: [Subject: FolderNode] = [:]
    private var numbers: [Subject: Int32] = [:]
    /// Subjects whose folder is gone, or whose events were lost: what is known of them is nothing any more.
    private(set) var lost: Set<Subject> = []
    /// Folders of trees that did not get a watch.
    private(set) var refusals: [Subject: BackEndRefusal] = [:]
    /// Folders below a tree that another machine or program serves: nobody tells of them.
    private(set) var mounts: [String: (tree: Subject, filesystem: String)] = [:]
    /// How often events were lost.
    private(set) var overflows = 0

    /// How many watches the kernel holds for it.
    var count: Int { watches.count }

    init(_ rules: WatchRules, _ inotify: any EventSource) {
        self.rules = rules
        self.inotify = inotify
    }

    // MARK: Arming

    func arm(_ subject: Subject) throws(BackEndRefusal) {
        disarm(subject)
        let folder = subject.folder
        guard let filesystem = try? Filesystem(holding: folder) else { throw .absent }
        guard filesystem.isLocal else { throw .remote(filesystem.type) }
        guard case .tree(let path) = subject else {
            numbers[subject] = try watch(folder) { $0.subjects.insert(subject) }
            return
        }
        let root = FolderNode(tree: path)
        roots[subject] = root
        do throws(BackEndRefusal) {
            try descend(root) { _ in }
        } catch {
            disarm(subject)
            throw error
        }
    }

    func disarm(_ subject: Subject) {
        lost.remove(subject)
        refusals[subject] = nil
        mounts = mounts.filter { $0.value.tree != subject }
        if let number = numbers.removeValue(forKey: subject) { release(number) { $0.subjects.remove(subject) } }
        if let root = roots.removeValue(forKey: subject) { drop(root) }
    }

    /// Watches `node` and every folder below it, and tells `found` the interesting files that are there.
    ///
    /// First the watch, then the list: what is made in between is told twice, and never missed.
    private func descend(_ node: FolderNode, _ found: (String) -> Void) throws(BackEndRefusal) {
        var waiting = [node]
        while let node = waiting.popLast() {
            let path = node.path
            do throws(BackEndRefusal) {
                node.watch = try watch(path) { $0.node = node }
            } catch {
                // Gone since it was listed: then its name's end is an event of the folder above.
                if case .absent = error, node.depth > 0 { continue }
                throw error
            }
            guard let listing = try? DirectoryListing(path) else { continue }
            node.device = listing.device
            if let above = node.parent?.device, above != listing.device,
                let filesystem = try? Filesystem(holding: path), !filesystem.isLocal
            {
                mounts[path] = (node.tree, filesystem.type)
                continue
            }
            for name in listing.others where rules.isInteresting(name, node.lastName) { found(joined(path, name)) }
            guard node.depth < rules.maxDepth else { continue }
            for name in listing.directories where rules.enters(name, joined(path, name)) {
                waiting.append(node.add(name))
            }
        }
    }

    private func watch(_ folder: String, _ change: (inout Watch) -> Void) throws(BackEndRefusal) -> Int32 {
        var wanted = Watch()
        change(&wanted)
        do throws(SystemCallError) {
            // The kernel gives the number that the folder has already, and takes the new mask in place of the old one.
            let number = try inotify.watch(folder, for: wanted.mask)
            guard var known = watches[number] else {
                watches[number] = wanted
                return number
            }
            change(&known)
            watches[number] = known
            if known.mask != wanted.mask { _ = try inotify.watch(folder, for: known.mask) }
            return number
        } catch {
            throw error.isNoSpace ? .limit : .absent
        }
    }

    private func release(_ number: Int32, _ change: (inout Watch) -> Void) {
        guard var watch = watches[number] else { return }
        change(&watch)
        if watch.node == nil, watch.subjects.isEmpty {
            watches[number] = nil
            // Best effort: a watch that stays tells of what nobody asks for.
            try? inotify.unwatch(number)
        } else {
            // It may be told a little more than it needs.
            watches[number] = watch
        }
    }

    private func drop(_ node: FolderNode) {
        node.visit { node in
            release(node.watch) { watch in
                if watch.node === node { watch.node = nil }
            }
        }
    }

    // MARK: Events

    func collect(_ mark: (Subject, String?) -> Void) {
        let events: [Inotify.Event]
        do throws(SystemCallError) {
            events = try inotify.read()
        } catch {
            // What cannot be read may have told anything.
            loseEverything(mark)
            return
        }
        for event in events {
            if event.mask.contains(.overflow) {
                overflows += 1
                loseEverything(mark)
            } else if let watch = watches[event.watch] {
                tell(event, watch, mark)
            }
        }
    }

    private func loseEverything(_ mark: (Subject, String?) -> Void) {
        for subject in Set(roots.keys).union(numbers.keys) {
            lost.insert(subject)
            mark(subject, nil)
        }
    }

    private func tell(_ event: Inotify.Event, _ watch: Watch, _ mark: (Subject, String?) -> Void) {
        guard event.mask.isDisjoint(with: [.deleteSelf, .moveSelf, .unmount, .ignored]) else {
            lose(event, watch, mark)
            return
        }
        guard let name = event.name else { return }
        for subject in watch.subjects where subject.concerns(name) { mark(subject, nil) }
        guard let node = watch.node, event.mask.isDisjoint(with: .modify) else { return }
        if event.mask.contains(.isDirectory) {
            folderChanged(name, in: node, appeared: !event.mask.isDisjoint(with: [.create, .movedTo]), mark)
        } else if rules.isInteresting(name, node.lastName) {
            mark(node.tree, joined(node.path, name))
        }
    }

    /// A watched folder itself is gone, or is somewhere else.
    private func lose(_ event: Inotify.Event, _ watch: Watch, _ mark: (Subject, String?) -> Void) {
        for subject in watch.subjects {
            lost.insert(subject)
            mark(subject, nil)
        }
        if let node = watch.node, node.depth == 0 {
            lost.insert(node.tree)
            mark(node.tree, nil)
        }
        if event.mask.contains(.ignored) { watches[event.watch] = nil }
    }

    private func folderChanged(
        _ name: String, in node: FolderNode, appeared: Bool, _ mark: (Subject, String?) -> Void
    ) {
        let path = joined(node.path, name)
        if let old = node.remove(name) {
            drop(old)
            // With everything that it held.
            if !appeared { mark(node.tree, path) }
        }
        guard appeared, node.depth < rules.maxDepth, rules.enters(name, path) else { return }
        do throws(BackEndRefusal) {
            try descend(node.add(name)) { mark(node.tree, $0) }
        } catch {
            refusals[node.tree] = error
            mark(node.tree, nil)
        }
    }
}

/// Where events come from: the kernel, or a test that has it refuse.
protocol EventSource: AnyObject {
    /// To be waited for; nil when there is nothing to wait for.
    var descriptor: Int32 { get }
    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32
    func unwatch(_ watch: Int32) throws(SystemCallError)
    func read() throws(SystemCallError) -> [Inotify.Event]
}

/// The kernel's events.
final class KernelEvents: EventSource {
    private let inotify: Inotify

    init() throws(SystemCallError) {
        inotify = try Inotify()
    }

    var descriptor: Int32 { inotify.descriptor }

    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32 {
        try inotify.watch(path, for: mask)
    }

    func unwatch(_ watch: Int32) throws(SystemCallError) { try inotify.unwatch(watch) }

    func read() throws(SystemCallError) -> [Inotify.Event] { try inotify.read() }
}
