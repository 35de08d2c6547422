// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Lets the kernel tell: one inotify instance, a watch per folder, and no folder deeper than it has to be.
final class InotifyBackEnd {
    /// Who is told of one folder's events.
    private struct Watch {
        /// The folder of a tree.
        var node: FolderNode?
        /// The same folder in other trees, or at another place of this one where it is mounted too.
        var others: [FolderNode] = []
        /// Files and folders that are watched by it.
        var subjects: Set<Subject> = []

        var isUseless: Bool { node == nil && subjects.isEmpty }

        mutating func add(_ new: FolderNode) {
            if node == nil { node = new } else { others.append(new) }
        }

        mutating func remove(_ old: FolderNode) {
            if node === old { node = others.popLast() } else { others.removeAll { $0 === old } }
        }
    }

    /// A folder below a tree that another machine or program serves: nobody tells of it.
    struct Mount: Hashable {
        let tree: Subject
        let path: String
        let depth: Int
    }

    private static let names: Inotify.Mask = [.create, .delete, .movedFrom, .movedTo, .deleteSelf, .moveSelf]

    var rules: WatchRules
    private let inotify: any EventSource
    private var watches: [Int32: Watch] = [:]
    private var roots: [Subject: FolderNode] = [:]
    private var numbers: [Subject: Int32] = [:]
    /// The folder that each subject was watched by at first.
    private var places: [Subject: FileStatus] = [:]
    /// Subjects whose folder is gone, or whose events were lost: what is known of them is nothing any more.
    private var lost: Set<Subject> = []
    /// Trees of which a new folder did not get a watch.
    private var refusals: [Subject: Refusal] = [:]
    /// What has to be looked at in place of events.
    private(set) var mounts: Set<Mount> = []
    /// How often events were lost.
    private(set) var overflows = 0

    /// How many watches the kernel holds for it.
    var count: Int { watches.count }

    init(_ rules: WatchRules, _ inotify: any EventSource) {
        self.rules = rules
        self.inotify = inotify
    }

    // MARK: Arming

    /// Begins to watch. What is there by then counts as seen, and what comes later does not.
    ///
    /// Throws why the kernel does not tell of it; then nothing of it is left.
    func arm(_ subject: Subject) throws(Refusal) {
        disarm(subject)
        do throws(Refusal) {
            places[subject] = try place(of: subject)
            if case .tree(let path) = subject {
                let root = FolderNode(tree: path)
                roots[subject] = root
                try descend(root) { _ in }
            } else {
                numbers[subject] = try watch(subject.folder, [.modify]) { $0.subjects.insert(subject) }
            }
        } catch {
            disarm(subject)
            throw error
        }
    }

    func disarm(_ subject: Subject) {
        lost.remove(subject)
        refusals[subject] = nil
        places[subject] = nil
        mounts = mounts.filter { $0.tree != subject }
        if let number = numbers.removeValue(forKey: subject) { release(number) { $0.subjects.remove(subject) } }
        if let root = roots.removeValue(forKey: subject) { drop(root) }
    }

    /// Whether another folder stands now where `subject` was watched first: a folder above it was moved, or somebody works in the old
    /// one, so that the kernel did not tell of its end.
    func isElsewhere(_ subject: Subject) -> Bool {
        guard let place = places[subject] else { return false }
        guard let now = try? FileStatus(ofLink: subject.folder) else { return true }
        return !now.isSameFile(as: place)
    }

    private func place(of subject: Subject) throws(Refusal) -> FileStatus {
        let filesystem: Filesystem
        let place: FileStatus
        do throws(SystemCallError) {
            filesystem = try Filesystem(holding: subject.folder)
            place = try FileStatus(ofLink: subject.folder)
        } catch {
            throw Refusal(error, ours: count)
        }
        guard filesystem.isLocal else { throw .remote(filesystem.type) }
        return place
    }

    /// Watches `node` and every folder below it, and tells `found` the interesting files that are there.
    ///
    /// First the watch, then the list: what is made in between is told twice, and never missed.
    private func descend(_ node: FolderNode, _ found: (String) -> Void) throws(Refusal) {
        var waiting = [node]
        while let node = waiting.popLast() {
            let path = node.path
            do throws(Refusal) {
                node.watch = try watch(path, []) { $0.add(node) }
            } catch {
                // Gone since it was listed, or closed to us: no reason to give up the others.
                if case .limit = error { throw error }
                if node.depth == 0 { throw error }
                continue
            }
            guard let listing = list(node, path) else { continue }
            node.device = listing.device
            if let above = node.parent?.device, above != listing.device,
                let filesystem = try? Filesystem(holding: path), !filesystem.isLocal
            {
                mounts.insert(Mount(tree: node.tree, path: path, depth: node.depth))
                continue
            }
            for name in listing.others where rules.isInteresting(name, node.lastName) { found(joined(path, name)) }
            guard node.depth < rules.maxDepth else { continue }
            for name in listing.directories where rules.enters(name, joined(path, name)) {
                waiting.append(node.add(name))
            }
        }
    }

    private func list(_ node: FolderNode, _ path: String) -> DirectoryListing? {
        do throws(SystemCallError) {
            return try DirectoryListing(path)
        } catch {
            // Other than gone or closed: for now only, such as no descriptor left. What is below it is to be watched later.
            if !error.isNotFound, !error.isPermission { lost.insert(node.tree) }
            return nil
        }
    }

    private func watch(
        _ folder: String, _ more: Inotify.Mask, _ change: (inout Watch) -> Void
    ) throws(Refusal) -> Int32 {
        do throws(SystemCallError) {
            // The kernel gives the number that the folder has already, and adds to what it tells. Writes are not told for trees:
            // every one to every file of a home would wake us.
            let number = try inotify.watch(folder, for: Self.names.union(more))
            change(&watches[number, default: Watch()])
            return number
        } catch {
            throw Refusal(error, ours: count)
        }
    }

    private func release(_ number: Int32, _ change: (inout Watch) -> Void) {
        guard var watch = watches[number] else { return }
        change(&watch)
        // One that stays may tell a little more than is needed.
        watches[number] = watch.isUseless ? nil : watch
        // Best effort: a watch that stays tells of what nobody asks for.
        if watch.isUseless { try? inotify.unwatch(number) }
    }

    private func drop(_ node: FolderNode) {
        node.visit { node in
            release(node.watch) { $0.remove(node) }
        }
    }

    // MARK: Events

    /// Tells everything that happened since the last time; nil for a path means to all of the subject.
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

    /// Subjects that have to be watched anew.
    func takeLost() -> Set<Subject> {
        defer { lost = [] }
        return lost
    }

    /// Trees that have outgrown the limits.
    func takeRefusals() -> [Subject: Refusal] {
        defer { refusals = [:] }
        return refusals
    }

    private func loseEverything(_ mark: (Subject, String?) -> Void) {
        for subject in places.keys { lose(subject, mark) }
    }

    private func lose(_ subject: Subject, _ mark: (Subject, String?) -> Void) {
        lost.insert(subject)
        mark(subject, nil)
    }

    private func tell(_ event: Inotify.Event, _ watch: Watch, _ mark: (Subject, String?) -> Void) {
        let nodes = [watch.node].compactMap(\.self) + watch.others
        guard event.mask.isDisjoint(with: [.deleteSelf, .moveSelf, .unmount, .ignored]) else {
            // A folder below a tree's own is an event of the folder above as well.
            for subject in watch.subjects { lose(subject, mark) }
            for node in nodes where node.depth == 0 { lose(node.tree, mark) }
            if event.mask.contains(.ignored) { watches[event.watch] = nil }
            return
        }
        guard let name = event.name else { return }
        for subject in watch.subjects where subject.concerns(name) { mark(subject, nil) }
        guard event.mask.isDisjoint(with: .modify) else { return }
        for node in nodes {
            if event.mask.contains(.isDirectory) {
                folderChanged(name, in: node, event.mask, mark)
            } else if rules.isInteresting(name, node.lastName) {
                mark(node.tree, joined(node.path, name))
            }
        }
    }

    private func folderChanged(
        _ name: String, in node: FolderNode, _ mask: Inotify.Mask, _ mark: (Subject, String?) -> Void
    ) {
        // Found when the folder above was listed: its end would have been told before its new beginning.
        if mask.contains(.create), node.has(name) { return }
        let path = joined(node.path, name)
        let appeared = !mask.isDisjoint(with: [.create, .movedTo])
        if let old = node.remove(name) {
            drop(old)
            mounts = mounts.filter { $0.tree != node.tree || !($0.path + "/").hasPrefix(path + "/") }
            // With everything that it held.
            if !appeared { mark(node.tree, path) }
        }
        guard appeared, node.depth < rules.maxDepth, rules.enters(name, path) else { return }
        do throws(Refusal) {
            try descend(node.add(name)) { mark(node.tree, $0) }
        } catch {
            refusals[node.tree] = error
            mark(node.tree, nil)
        }
    }
}
