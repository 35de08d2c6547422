// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore

/// From releases to wanted versions.
extension Guardian {
    /// Looks again at every release; what changed has its stores looked at.
    func releasesChanged() async {
        let changed = await readReleases(discovered.releaseFolders)
        guard !changed.isEmpty else { return }
        for form in lineOffers { tools.observe(.noticed(.lineOffer(form))) }
        await watchAll()
        for form in forms.values.sorted(by: { $0.location < $1.location }) where form.isTouched(by: changed) {
            request(form.place, because: "release")
        }
        tell()
    }

    /// Reads the releases in `folders` and remembers them: those that are new or another one than before.
    ///
    /// One that is in the middle of a pull or rebase stays what it was, and is looked at again when that is over.
    @discardableResult
    func readReleases(_ folders: Set<String>) async -> [Release] {
        var releases: [Release] = []
        var seen: [String: ReleaseSight] = [:]
        for folder in folders.sorted() {
            guard let sight = await sight(of: folder) else { continue }
            seen[folder] = sight
            switch sight.reading {
            case .release(let release):
                releases.append(release)
                busyCheckouts[folder] = nil
            case .busy(let what):
                // What it was before stands until it is something else.
                releases += tools.installed.all.filter { $0.path == folder }
                noteBusy(folder, what)
            case .none:
                busyCheckouts[folder] = nil
            }
        }
        let before = sights
        sights = seen
        tools.installed.replace(with: releases)
        let changed = releases.filter { release in
            seen[release.path]?.reading == .release(release)
                && seen[release.path]?.fingerprint != before[release.path]?.fingerprint
        }
        for release in changed { tools.observe(.noticed(release.isKnown ? .release(release) : .unknownRelease(release))) }
        return changed
    }

    private func sight(of folder: String) async -> ReleaseSight? {
        do throws(GuardError) {
            return try await settings.readRelease(folder)
        } catch {
            tools.observe(.noticed(.lookFailed(error)))
            return sights[folder]
        }
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
        var findings = busyCheckouts.sorted { $0.key < $1.key }.map { folder, busy in
            Finding(
                code: "checkoutBusy",
                message: "\(folder) is in the middle of \(busy.what) since \(busy.since); it is looked at when that is over")
        }
        for release in tools.installed.all where !release.isKnown {
            findings.append(
                Finding(
                    code: "unknownRelease",
                    message:
                        "\(release.label) in \(release.path) makes what this dementiad does not know; its memories are backed up before it does"
                ))
        }
        return findings
            + lineOffers.map {
                Finding(
                    code: "lineOffer",
                    message:
                        "the installed Dementia keeps its memories in PostgreSQL, and \($0.location) stays a file; to move it: dementiactl transfer \($0.id) --to URL#SCHEMA"
                )
            }
    }

    /// Moves to another line that could be made. Never made by themselves: the other line keeps its memories elsewhere.
    private var lineOffers: [StoreForm] {
        let lines = Set(tools.installed.all.compactMap(\.line))
        guard lines.contains(.postgres4), !lines.contains(.sqlite4) else { return [] }
        return forms.values.filter { $0.line == Line.sqlite4.rawValue }.sorted { $0.location < $1.location }
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

extension StoreForm {
    /// Whether one of `releases` keeps its memories in stores like this one. A release of no known line may touch any.
    fileprivate func isTouched(by releases: [Release]) -> Bool {
        releases.contains { $0.line == nil || $0.line?.rawValue == line || line == nil }
    }
}
