// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import Releases
internal import Stores
internal import Watcher

/// What is known of the watching.
struct WatchState {
    /// What was told of it.
    var problems: Set<WatchProblem> = []
    /// How many overflows were told.
    var toldOverflows = 0
    /// Rules that the watcher has not heard of.
    var newRules: WatchRules?
}

/// What changes on disk leads to. An event says where to look, and nothing else; what is there is found out by looking.
extension Supervisor {
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
            if let known = stores[location.id].footprint, known == (await footprint(of: location)) { return }
            request(location, because: "change")
        case .folder:
            await releasesChanged()
        case .tree where change.isWhole:
            if let watcher = settings.watcher, watcher.overflows > watching.toldOverflows {
                watching.toldOverflows = watcher.overflows
                tools.observe(.noticed(.overflow))
            }
            schedule.plan { $0.set(.rescan, in: .zero) }
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
                let kind = await tools.calls.ask(path, silentFor: .seconds(5)) { (try? FileStatus(ofLink: path))?.kind }
                let isLink = kind.value == .symbolicLink
                if stores.form(location.id) != nil || !isLink { request(location, because: "discovery") }
            } else if ReleaseFinder.isReleaseName(String(name)) {
                isRelease = true
                scan.discovered.releaseFolders.insert(folder)
            } else {
                for form in stores.forms where Directory.isBelow(form.location, path) {
                    request(form.place, because: "discovery")
                }
                isRelease = isRelease || scan.discovered.releaseFolders.contains { Directory.isBelow($0, path) }
            }
        }
        if isRelease { await releasesChanged() }
    }

    /// Has everything watched that is known: the folders, every memory in a file, and every release.
    func watchAll() async {
        guard let watcher = settings.watcher else { return }
        var subjects: Set<Subject> = []
        for tree in await settings.trees() { subjects.insert(.tree(tree)) }
        for location in stores.seen + scan.discovered.locations where location.engine == .sqlite {
            subjects.insert(.file(location.name))
        }
        for folder in await releaseMonitor.folders { subjects.insert(.folder(folder)) }
        let rules = watching.newRules
        watching.newRules = nil
        await watcher.watch(subjects, by: rules)
        for problem in watcher.problems.subtracting(watching.problems) {
            tools.observe(.noticed(.watchProblem(place: problem.path, problem: problem.message)))
        }
        watching.problems = watcher.problems
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

    // MARK: Releases

    /// Looks again at every release; what changed has its stores looked at.
    func releasesChanged() async {
        let changed = await readReleases(scan.discovered.releaseFolders)
        await watchAll()
        guard !changed.isEmpty else { return }
        let forms = stores.forms
        for (form, _) in await releaseMonitor.offers(to: forms) { tools.observe(.noticed(.lineOffer(form))) }
        for form in forms where form.isTouched(by: changed) { request(form.place, because: "release") }
        tell()
    }

    /// Reads the releases in `folders`. Gives those that are new, or others than before.
    @discardableResult
    func readReleases(_ folders: Set<String>) async -> [Release] {
        let changed = await releaseMonitor.read(folders)
        // The end of a change is an event, in most cases; a lock that a crash left behind has none.
        if await releaseMonitor.isWaiting { schedule.plan { $0.hasten(.releases, in: .seconds(60)) } }
        return changed
    }
}
