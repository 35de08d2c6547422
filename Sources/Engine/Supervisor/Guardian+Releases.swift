// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import LinuxKit
internal import Releases

/// From releases to wanted versions.
extension Guardian {
    /// Looks again at every release; what changed has its stores looked at.
    func releasesChanged() async {
        let changed = await readReleases(discovered.releaseFolders)
        await watchAll()
        guard !changed.isEmpty else { return }
        for (form, _) in lineOffers { tools.observe(.noticed(.lineOffer(form))) }
        for form in forms.values.sorted(by: { $0.location < $1.location }) where form.isTouched(by: changed) {
            request(form.place, because: "release")
        }
        tell()
    }

    /// Reads the releases in `folders` and remembers them. Gives those that are new, or others than before.
    ///
    /// One that is in the middle of a pull or rebase stays what it was, and is looked at again when that is over.
    @discardableResult
    func readReleases(_ folders: Set<String>) async -> [Release] {
        var readings: [String: Reading] = [:]
        for folder in folders.sorted() {
            guard let reading = await reading(of: folder) else { continue }
            if case .busy(let what, _) = reading {
                noteBusy(folder, what)
                // What it was before stands until it is something else.
                if let before = self.readings[folder], case .release = before { readings[folder] = before }
            } else {
                busyCheckouts[folder] = nil
                readings[folder] = reading
            }
        }
        await findFoldersToWatch(folders.filter { readings[$0]?.installed != nil || busyCheckouts[$0] != nil })
        for folder in busyCheckouts.keys where !folders.contains(folder) { busyCheckouts[folder] = nil }
        let known = Set(self.readings.values.compactMap(\.installed?.fingerprint))
        self.readings = readings
        // One that is named twice, or by a link, is one release.
        var seen: Set<String> = []
        let installed = readings.sorted { $0.key < $1.key }.compactMap(\.value.installed)
            .filter { seen.insert($0.release.path).inserted }
        tools.installed.replace(with: installed.map(\.release))
        let changed = installed.filter { !known.contains($0.fingerprint) }.map(\.release)
        for release in changed {
            tools.observe(.noticed(release.isKnown ? .release(release) : .unknownRelease(release)))
        }
        return changed
    }

    private func reading(of folder: String) async -> Reading? {
        do throws(GuardError) {
            let reader = releaseReader
            return try await tools.looker.run { () throws(GuardError) in try reader.read(folder) }
        } catch {
            tools.observe(.noticed(.lookFailed(error)))
            return readings[folder]
        }
    }

    /// Finds out which folders' entries tell that one of `releases` changed.
    private func findFoldersToWatch(_ releases: some Sequence<String>) async {
        var folders: Set<String> = []
        let reader = releaseReader
        for release in releases {
            // One that cannot be watched is looked at with everything else.
            let found = try? await tools.looker.run { () throws(GuardError) in try reader.foldersToWatch(release) }
            folders.formUnion(found ?? [])
        }
        releaseFolders = folders
    }

    /// Remembers since when the checkout in `folder` is busy, and says so when it has been for long.
    private func noteBusy(_ folder: String, _ what: String) {
        let now = tools.clock()
        var busy = busyCheckouts[folder] ?? BusyCheckout(since: now)
        busy.what = what
        if !busy.isTold, now.milliseconds - busy.since.milliseconds >= 600_000 {
            busy.isTold = true
            tools.observe(.noticed(.checkoutBusy(path: folder, what: what, since: busy.since)))
        }
        busyCheckouts[folder] = busy
        // Its end is an event, in most cases; a lock that a crash left behind has none.
        plan { $0.hasten(.releases, in: .seconds(60)) }
    }

    /// What the releases that are there make worth knowing, for the status.
    var releaseFindings: [Finding] {
        let busy = busyCheckouts.sorted { $0.key < $1.key }.map { folder, busy in
            Finding(
                code: "checkoutBusy",
                message:
                    "\(folder) is in the middle of \(busy.what) since \(busy.since); it is looked at when that is over")
        }
        let unknown = tools.installed.now.unknown.map {
            Finding(
                code: "unknownRelease",
                message: "Dementia \($0.label) in \($0.path) makes what is not known here; its memories are backed up")
        }
        return busy + unknown + lineOffers.map { Finding(code: "lineOffer", message: $0.sentence) }
    }

    /// Moves to another line that could be made. Never made by themselves: the other line keeps its memories elsewhere.
    private var lineOffers: [(store: StoreForm, sentence: String)] {
        forms.values.sorted { $0.location < $1.location }.flatMap { form in
            let line = form.line.flatMap { Line(rawValue: $0) }
            let offers = line.map { tools.installed.now.offers(for: $0, store: form.id.value) } ?? []
            return offers.filter { $0.command != nil }.map { (form, "\(form.location): \($0.sentence)") }
        }
    }
}

/// A release in the middle of something.
struct BusyCheckout {
    let since: Timestamp
    var what = ""
    /// Whether the log has it.
    var isTold = false

    init(since: Timestamp) {
        self.since = since
    }
}

extension Reading {
    /// What is installed there.
    fileprivate var installed: InstalledRelease? {
        if case .release(let installed) = self { installed } else { nil }
    }
}

extension StoreForm {
    /// Whether one of `releases` keeps its memories in stores like this one. A release of no known line may touch any.
    fileprivate func isTouched(by releases: [Release]) -> Bool {
        releases.contains { $0.line == nil || $0.line?.rawValue == line || line == nil }
    }
}
