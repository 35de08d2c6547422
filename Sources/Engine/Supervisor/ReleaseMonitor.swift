// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
public import GuardCore
public import LinuxKit
internal import Releases

/// Knows the releases that are installed: reads their folders, remembers what each one gave, and tells what changed.
actor ReleaseMonitor {
    /// A release in the middle of something.
    private struct Busy {
        let since: Timestamp
        var what = ""
        /// Whether the log has it.
        var isTold = false
    }

    /// A release that cannot be read.
    private struct Unreadable {
        let error: GuardError
        let since: Timestamp
    }

    /// How long a reading may stay in one system call. git itself is given ten seconds for an answer.
    private static let patience = Duration.seconds(12)

    private var tools: EngineContext
    private var reader: ReleaseReader
    /// What the last look at each folder gave.
    private var readings: [String: Reading] = [:]
    private var busy: [String: Busy] = [:]
    private var unreadable: [String: Unreadable] = [:]
    /// The folders whose entries tell that a release changed.
    private(set) var folders: Set<String> = []

    init(_ tools: EngineContext) {
        self.tools = tools
        reader = ReleaseReader(catalogue: tools.catalogue, now: tools.clock)
    }

    /// Knows releases by the catalogue of `tools` from now on.
    func reconfigure(_ tools: EngineContext) {
        self.tools = tools
        reader = ReleaseReader(catalogue: tools.catalogue, now: tools.clock)
    }

    /// The releases that are there.
    var releases: [Release] { readings.values.compactMap(\.release) }

    /// Why releases cannot be read, by folder.
    var problems: [GuardError] { unreadable.sorted { $0.key < $1.key }.map(\.value.error) }

    /// Whether a folder has to be looked at again soon although nothing tells of a change in it.
    var isWaiting: Bool { !busy.isEmpty || !unreadable.isEmpty }

    /// Reads the releases in `folders` and remembers them. Gives those that are new, or others than before.
    ///
    /// One that is in the middle of a pull or rebase, or that cannot be read, stays what it was, and is to be looked at again.
    func read(_ folders: Set<String>) async -> [Release] {
        var readings: [String: Reading] = [:]
        for folder in folders.sorted() {
            guard let reading = await reading(of: folder) else {
                if let before = self.readings[folder] { readings[folder] = before }
                continue
            }
            unreadable[folder] = nil
            if case .busy(let what, _) = reading {
                noteBusy(folder, what)
                // What it was before stands until it is something else.
                if let before = self.readings[folder], case .release = before { readings[folder] = before }
            } else {
                busy[folder] = nil
                readings[folder] = reading
            }
        }
        for folder in busy.keys where !folders.contains(folder) { busy[folder] = nil }
        for folder in unreadable.keys where !folders.contains(folder) { unreadable[folder] = nil }
        await findFoldersToWatch(folders.filter { readings[$0]?.installed != nil || busy[$0] != nil })
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

    /// What is in `folder`; nil when that cannot be found out now, which is noted.
    private func reading(of folder: String) async -> Reading? {
        do throws(GuardError) {
            let reader = reader
            let answer = try await tools.calls.ask(folder, silentFor: Self.patience) { () throws(GuardError) in
                try reader.read(folder)
            }
            switch answer {
            case .value(let reading): return reading
            case .silence(let silence): throw GuardError(silence)
            }
        } catch {
            if unreadable[folder]?.error.message != error.message {
                unreadable[folder] = Unreadable(error: error, since: tools.clock())
                tools.observe(.noticed(.lookFailed(error)))
            }
            return nil
        }
    }

    /// Finds out which folders' entries tell that one of `releases` changed.
    private func findFoldersToWatch(_ releases: some Sequence<String>) async {
        var folders: Set<String> = []
        let reader = reader
        for release in releases {
            // One that cannot be watched is looked at with everything else.
            let found = try? await tools.calls.ask(release, silentFor: Self.patience) { () throws(GuardError) in
                try reader.foldersToWatch(release)
            }
            folders.formUnion(found?.value ?? [])
        }
        self.folders = folders
    }

    /// Remembers since when the checkout in `folder` is busy, and says so when it has been for long.
    private func noteBusy(_ folder: String, _ what: String) {
        let now = tools.clock()
        var busy = busy[folder] ?? Busy(since: now)
        busy.what = what
        if !busy.isTold, now.milliseconds - busy.since.milliseconds >= 600_000 {
            busy.isTold = true
            tools.observe(.noticed(.checkoutBusy(path: folder, what: what, since: busy.since)))
        }
        self.busy[folder] = busy
    }

    /// What the releases that are there make worth knowing, for the status.
    ///
    /// - Parameter stores: the memories that are guarded, in the order in which they are told of
    func findings(about stores: [StoreForm]) -> [Finding] {
        let busy = busy.sorted { $0.key < $1.key }.map { folder, busy in
            Finding(
                code: "checkoutBusy",
                message:
                    "\(folder) is in the middle of \(busy.what) since \(busy.since); it is looked at when that is over")
        }
        let unreadable = unreadable.sorted { $0.key < $1.key }.map { folder, problem in
            Finding(
                code: problem.error.code.rawValue,
                message:
                    "since \(problem.since): \(([problem.error.message] + problem.error.causes).joined(separator: ": "))"
                    + (problem.error.hint.map { ". \($0)" } ?? ""))
        }
        let unknown = tools.installed.now.unknown.map {
            Finding(
                code: "unknownRelease",
                message: "Dementia \($0.label) in \($0.path) makes what is not known here; its memories are backed up")
        }
        return busy + unreadable + unknown + offers(to: stores).map { Finding(code: "lineOffer", message: $0.sentence) }
    }

    /// Moves of `stores` to another line that could be made. Never made by themselves: the other line keeps its memories elsewhere.
    func offers(to stores: [StoreForm]) -> [(store: StoreForm, sentence: String)] {
        stores.flatMap { form in
            let line = form.line.flatMap { Line(rawValue: $0) }
            let offers = line.map { tools.installed.now.offers(for: $0, store: form.id.value) } ?? []
            return offers.filter { $0.command != nil }.map { (form, "\(form.location): \($0.sentence)") }
        }
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
    func isTouched(by releases: [Release]) -> Bool {
        releases.contains { $0.line == nil || $0.line?.rawValue == line || line == nil }
    }
}

extension GuardError {
    /// A place that does not answer.
    public init(_ silence: BlockingCalls.Silence) {
        let call = silence.call.isEmpty ? "a call" : "a call to \(silence.call)"
        self.init(
            .notAnswering,
            "\(silence.place) does not answer: \(call) has waited since \(Timestamp(milliseconds: silence.sinceMilliseconds))",
            hint: "Everything else is guarded meanwhile. Look at what is mounted there: findmnt -T '\(silence.place)'")
    }
}
