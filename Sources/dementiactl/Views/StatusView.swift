// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Synchronization
internal import Terminal

/// Shows the status again and again: drawn over on a terminal, and as a line or a document for each change elsewhere.
final class StatusView: Sendable {
    private struct State {
        /// The number of lines of the last picture.
        var height = 0
        /// The last picture.
        var last: [UInt8] = []
        var isOver = false
    }

    private let session: Session
    private let state = Mutex(State())

    init(session: Session) { self.session = session }

    /// - Parameters:
    ///   - progress: of operations, newer than the progress in `picture`
    ///   - gone: since when the daemon does not answer; nil when it does
    func show(
        _ picture: CommandText.StatusPicture, _ progress: [OperationID: Progress], gone: Timestamp? = nil
    ) {
        let console = session.console
        let status = picture.status
        if console.outputIsTerminal, !console.isJSON { return draw(picture.with(status.with(progress)), gone) }
        // A status that has not changed is not printed again. A status without a JSON form would have failed every test.
        guard let bytes = try? ControlJSON.encode(status) else { return }
        let isNew = state.withLock { state in
            defer { state.last = bytes }
            return state.last != bytes
        }
        guard isNew else { return }
        if console.isJSON {
            console.line("status", status)
        } else {
            console.line(CommandText.verdict(status, console.style))
        }
    }

    /// Draws nothing more.
    func end() {
        let height = state.withLock { state in
            defer { (state.isOver, state.height) = (true, 0) }
            return state.height
        }
        if height > 0 { session.console.draw("\n") }
    }

    private func draw(_ picture: CommandText.StatusPicture, _ gone: Timestamp?) {
        let rows = Screen.size(of: 1).rows
        let style = session.console.style
        let text = CommandText.status(picture, socket: session.client.socket, style)
        let banner = gone.map { CommandText.gone(since: $0, style) + "\n\n" } ?? ""
        var lines = (banner + text).split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count > rows - 1 {
            let shown = max(1, rows - 2)
            let rest = "… \(Phrases.count(lines.count - shown, "more line", "more lines"))"
            lines = lines.prefix(shown) + [rest[...]]
        }
        let shownText = style.shown(lines.joined(separator: "\n"))
        state.withLock { state in
            let bytes = Array(shownText.utf8)
            guard !state.isOver, bytes != state.last else { return }
            state.last = bytes
            // The terminal cuts what is too long (DECAWM): a line that went on in the next one could not be drawn over.
            let back = state.height > 1 ? "\u{1B}[\(state.height - 1)A" : ""
            let start = state.height > 0 ? "\r\(back)\u{1B}[J" : ""
            session.console.draw("\(start)\u{1B}[?7l\(shownText)\u{1B}[?7h")
            state.height = lines.count
        }
    }
}

extension StatusForm {
    /// With the newer progress of operations.
    fileprivate func with(_ progress: [OperationID: Progress]) -> StatusForm {
        let operations = operations.map { operation in
            var operation = operation
            operation.progress = progress[operation.id] ?? operation.progress
            return operation
        }
        return StatusForm(
            verdict: verdict, summary: summary, version: version, startedAt: startedAt, releases: releases,
            stores: stores,
            operations: operations, vault: vault, holds: holds, findings: findings, next: next)
    }
}
