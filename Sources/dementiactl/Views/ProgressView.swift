// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import Synchronization
internal import Terminal

/// The progress of an operation on standard error: a bar on a terminal, lines of JSON for a program, or nothing.
final class ProgressView: Sendable {
    enum Style: Sendable {
        case none, bar, lines
    }

    private struct State {
        var meter = ProgressMeter()
        var isShown = false
        var isOver = false
    }

    private let style: Style
    private let console: Console
    private let state = Mutex(State())

    init(_ style: Style, _ console: Console) {
        self.style = style
        self.console = console
    }

    /// Shows what happened to the operation that `title` names.
    func show(_ event: OperationEvent, of title: String) {
        switch (style, event.change) {
        case (.none, _), (.bar, .gap): break
        case (.lines, _): line(event)
        case (.bar, .progress(let progress)): draw(progress, title)
        case (.bar, .operation(let record)):
            guard record.state != .settled, let step = record.steps.last(where: { $0.state == .running }) else {
                return
            }
            draw(Progress(step: step.kind, done: 0, total: 0, unit: .bytes), title)
        }
    }

    /// Takes the bar away, so that what follows begins at the edge.
    func clear() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { StandardStream.error.write("\r\u{1B}[K") }
    }

    /// Takes the bar away for good.
    func end() {
        state.withLock { $0.isOver = true }
        clear()
    }

    private func draw(_ progress: Progress, _ title: String) {
        let text: String? = state.withLock { state in
            guard !state.isOver, let line = state.meter.line(title, progress, width: Screen.size(of: 2).columns) else {
                return nil
            }
            state.isShown = true
            return line
        }
        if let text { StandardStream.error.write("\r\(PrintableText.line(text))\u{1B}[K") }
    }

    private struct Line<Body: Encodable>: Encodable {
        let type: String
        let id: UInt64
        let data: Body?
    }

    private func line(_ event: OperationEvent) {
        let json: [UInt8]? =
            switch event.change {
            case .operation(let record): try? ControlJSON.encode(Line(type: "operation", id: event.id, data: record))
            case .progress(let progress): try? ControlJSON.encode(Line(type: "progress", id: event.id, data: progress))
            case .gap: try? ControlJSON.encode(Line<Progress>(type: "gap", id: event.id, data: nil))
            }
        if let json { console.complain(json: json) }
    }
}
