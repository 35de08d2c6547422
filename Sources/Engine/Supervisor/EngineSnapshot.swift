// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Watcher

/// How everything stands at one moment, as the supervisor knows it.
struct EngineSnapshot: Sendable {
    let startedAt: Timestamp
    /// By place.
    let stores: [StoreForm]
    /// Everything that does not answer, with what is waited for, since when, and what to do.
    let silences: [Problem]
    /// Servers and settings that could not be used at the last look.
    let unreached: [Problem]
    /// Why the watched folders could not be looked into.
    let scanFailure: Problem?
    /// Whether everything was looked at since the start.
    let isScanned: Bool
    let releaseFindings: [Finding]
    /// What the last look at the folders makes worth knowing.
    let scanFindings: [Finding]
    /// Other daemons that guard one of the watched folders, too.
    let rivals: [Finding]
    let watchProblems: Set<WatchProblem>
    /// How many watches the kernel holds for the daemon.
    let watches: Int
    /// How often the kernel's queue of changes overflowed.
    let overflows: Int
    /// How many operations are at work.
    let running: Int

    /// What a person should know beside the stores.
    var findings: [Finding] {
        func finding(_ problem: Problem) -> Finding { Finding(code: problem.code.rawValue, message: problem.detail) }
        let silent = silences.map {
            Finding(code: $0.code.rawValue, message: $0.detail + ($0.hint.map { ". \($0)" } ?? ""))
        }
        let unwatched = watchProblems.sorted { $0.path < $1.path }.map {
            Finding(code: "watchDegraded", message: "\($0.path): \($0.message)")
        }
        return [scanFailure].compactMap(\.self).map(finding) + silent + unreached.map(finding) + rivals
            + releaseFindings
            + unwatched + scanFindings
    }

    /// How everything stands.
    var standing: Standing {
        if let scanFailure { return Standing(.attention, scanFailure.detail, "dementiactl doctor") }
        if !silences.isEmpty {
            return Standing(
                .attention, silences.count == 1 ? "a place does not answer" : "\(silences.count) places do not answer",
                "dementiactl doctor")
        }
        // Nothing may be called safe before it was looked at.
        if !isScanned { return Standing(.starting, "dementiad has just started, and looks at everything", nil) }
        return Standing(stores, unreached: unreached.count, running: running)
    }
}
