// SPDX-License-Identifier: MIT

internal import Engine
internal import Glibc
internal import GuardCore
internal import LinuxKit
internal import Synchronization
internal import Terminal

/// One line on standard error while long work runs, on a terminal only.
///
/// Shows nothing before a step has taken a quarter of a second: short work should not flicker. Of several operations at once it shows
/// the one that began first, and how many there are beside it.
final class ProgressBar: Sendable {
    private struct State {
        /// In the order in which they began.
        var operations: [OperationID] = []
        /// That of the first one.
        var meter = ProgressMeter()
        var isVisible = false
    }

    private let isEnabled: Bool
    private let state = Mutex(State())

    init(isEnabled: Bool) {
        self.isEnabled = isEnabled && isatty(STDERR_FILENO) == 1
    }

    /// Draws what `event` tells, at most ten times a second.
    func show(_ event: EngineContext.Event) {
        guard isEnabled else { return }
        switch event {
        case .began, .noticed: break
        case .progressed(let id, let progress): show(progress, of: id)
        case .settled(let record):
            state.withLock { state in
                // The next one has a pace of its own.
                if state.operations.first == record.id { state.meter = ProgressMeter() }
                state.operations.removeAll { $0 == record.id }
            }
        }
    }

    private func show(_ progress: Progress, of id: OperationID) {
        let line: String? = state.withLock { state in
            if !state.operations.contains(id) { state.operations.append(id) }
            guard state.operations.first == id else { return nil }
            let others = state.operations.count - 1
            let title = others > 0 ? "\(id) and \(others) more" : id.value
            let line = state.meter.line(
                title, progress, width: Screen.size(of: STDERR_FILENO).columns, delay: .milliseconds(250))
            if line != nil { state.isVisible = true }
            return line
        }
        if let line { StandardStream.error.write("\r\(PrintableText.line(line))\u{1B}[K") }
    }

    /// Takes the line away.
    func clear() {
        let wasVisible = state.withLock { state in
            defer { state.isVisible = false }
            return state.isVisible
        }
        if wasVisible { StandardStream.error.write("\r\u{1B}[K") }
    }
}
