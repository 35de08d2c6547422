// SPDX-License-Identifier: MIT

internal import Engine
internal import Glibc
internal import GuardCore
internal import Synchronization

/// One line on standard error while long work runs, on a terminal only.
///
/// Shows nothing before a step has taken a quarter of a second: short work should not flicker. Of several operations at once it shows
/// the one that began first, and how many there are beside it.
final class ProgressBar: Sendable {
    /// One operation's running step.
    private struct Work {
        let operation: OperationID
        var step: StepKind
        var began: ContinuousClock.Instant
    }

    private struct State {
        /// In the order in which they began.
        var work: [Work] = []
        var drawn = ContinuousClock.now
        var isVisible = false
    }

    private let isEnabled: Bool
    private let state = Mutex(State())

    init(isEnabled: Bool) {
        self.isEnabled = isEnabled && isatty(STDERR_FILENO) == 1
    }

    /// Draws what `event` tells, at most ten times a second.
    func show(_ event: Toolbox.Event) {
        guard isEnabled else { return }
        switch event {
        case .began, .noticed: break
        case .progressed(let id, let progress): show(progress, of: id)
        case .settled(let record): state.withLock { $0.work.removeAll { $0.operation == record.id } }
        }
    }

    private func show(_ progress: Progress, of id: OperationID) {
        let line: String? = state.withLock { state in
            let now = ContinuousClock.now
            let index = state.work.firstIndex { $0.operation == id } ?? state.work.endIndex
            if index == state.work.endIndex {
                state.work.append(Work(operation: id, step: progress.step, began: now))
            } else if state.work[index].step != progress.step {
                state.work[index].step = progress.step
                state.work[index].began = now
            }
            let elapsed = now - state.work[index].began
            guard index == 0, elapsed > .milliseconds(250), now - state.drawn > .milliseconds(100) else { return nil }
            state.drawn = now
            state.isVisible = true
            let others = state.work.count - 1
            return Self.line(progress, elapsed) + (others > 0 ? "  and \(others) more" : "")
        }
        if let line { write("\r\u{1B}[2K" + line) }
    }

    /// Takes the line away.
    func clear() {
        let wasVisible = state.withLock { state in
            defer { state.isVisible = false }
            return state.isVisible
        }
        if wasVisible { write("\r\u{1B}[2K") }
    }

    private static func line(_ progress: Progress, _ elapsed: Duration) -> String {
        let share = progress.total == 0 ? 0 : Double(progress.done) / Double(progress.total)
        let width = 24
        let filled = Int((share * Double(width)).rounded(.down))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let seconds = max(0.001, elapsed.seconds)
        let rate = Double(progress.done) / seconds
        let left = rate > 0 ? Double(progress.total - progress.done) / rate : 0
        let amount =
            progress.unit == .bytes
            ? "\(Wording.bytes(Int64(rate)))/s" : "\(Int64(rate)) \(progress.unit.rawValue)/s"
        return "\(progress.step.rawValue) \(bar) \(Int(share * 100)) %  \(amount)  \(Int(left.rounded(.up))) s left"
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        // A terminal that went away needs no progress.
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
