// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import Releases
internal import Stores
internal import Watcher

/// What changes on disk leads to. An event says where to look, and nothing else; what is there is found out by looking.
extension Guardian {
    /// Looks where the watcher says that something changed, until it stops.
    public func followWatcher() async {
        guard let watcher = settings.watcher else { return }
        for await change in watcher.changes {
            guard !isStopping else { continue }
            await look(where: change)
        }
    }

    private func look(where change: Change) async {
        switch change.subject {
        case .file(let path):
            let location = StoreLocation(engine: .sqlite, name: path)
            // The echo of our own look, or of our own migration.
            if let known = footprints[location.id], known == StoreFootprint(location) { return }
            request(location, because: "change")
        case .folder:
            await releasesChanged()
        case .tree where change.isWhole:
            if let watcher = settings.watcher, watcher.overflows > toldOverflows {
                toldOverflows = watcher.overflows
                tools.observe(.noticed(.overflow))
            }
            plan { $0.set(.rescan, in: .zero) }
        case .tree:
            await look(at: change.paths)
        }
    }

    /// Looks at what appeared or disappeared in a watched folder: memories, files of releases, and whole folders that are gone.
    private func look(at paths: Set<String>) async {
        var isRelease = false
        for path in paths.sorted() {
            let name = Directory.name(of: path)
            let folder = Directory.parent(of: path)
            if Discovery.isMemory(name, in: Directory.name(of: folder)) {
                let location = StoreLocation(engine: .sqlite, name: path)
                // A link is not followed: what it leads to is found where it is.
                let isLink = (try? FileStatus(ofLink: path))?.kind == .symbolicLink
                if forms[location.id] != nil || !isLink { request(location, because: "discovery") }
            } else if ReleaseFinder.isReleaseName(String(name)) {
                isRelease = true
                discovered.releaseFolders.insert(folder)
            } else {
                for form in forms.values where Directory.isBelow(form.location, path) {
                    request(form.place, because: "discovery")
                }
                isRelease = isRelease || discovered.releaseFolders.contains { Directory.isBelow($0, path) }
            }
        }
        if isRelease { await releasesChanged() }
    }

    /// Has everything watched that is known: the folders, every memory in a file, and every release.
    func watchAll() async {
        guard let watcher = settings.watcher else { return }
        var subjects: Set<Subject> = []
        for tree in settings.trees() { subjects.insert(.tree(tree)) }
        for location in forms.values.map(\.place) + discovered.locations where location.engine == .sqlite {
            subjects.insert(.file(location.name))
        }
        for folder in releaseFolders { subjects.insert(.folder(folder)) }
        let rules = newWatchRules
        newWatchRules = nil
        await watcher.watch(subjects, by: rules)
        for problem in watcher.problems.subtracting(watchProblems) {
            tools.observe(.noticed(.watchProblem(place: problem.path, problem: problem.message)))
        }
        watchProblems = watcher.problems
    }

    /// How changes of the store at `location` are noticed.
    func watch(on location: StoreLocation) -> StoreForm.Watch? {
        guard location.engine == .sqlite else { return .database }
        switch settings.watcher?.method(of: .file(location.name)) {
        case .inotify: return .inotify
        case .poll: return .poll
        case nil: return nil
        }
    }
}
