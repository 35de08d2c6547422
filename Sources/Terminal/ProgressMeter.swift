// SPDX-License-Identifier: MIT

public import GuardCore

/// The pace of one operation's running step, as one line of a terminal.
public struct ProgressMeter: Sendable {
    private var step: StepKind?
    private var began = ContinuousClock.now
    private var first: Int64 = 0
    private var drawn: ContinuousClock.Instant?

    public init() {}

    /// The line to draw now; nil when the last one was drawn less than a tenth of a second ago, or the step is younger than `delay`.
    ///
    /// A new step is drawn at once when there is no `delay`.
    public mutating func line(
        _ title: String, _ progress: Progress, width: Int, delay: Duration = .zero,
        at now: ContinuousClock.Instant = .now
    ) -> String? {
        let isNew = step != progress.step
        if isNew {
            step = progress.step
            began = now
            first = progress.done
            drawn = nil
        }
        guard now - began >= delay, drawn.map({ now - $0 >= .milliseconds(100) }) ?? true else { return nil }
        drawn = now
        return Self.line(title, progress, doneSinceStart: progress.done - first, in: now - began, width: width)
    }

    /// A bar, a rate and the time that remains, as far as they are known.
    public static func line(
        _ title: String, _ progress: Progress, doneSinceStart: Int64, in elapsed: Duration, width: Int
    ) -> String {
        var text = "\(Table.cut(PrintableText.line(title), to: max(12, width / 4)))  \(Phrases.step(progress.step))"
        guard progress.total > 0 else { return Table.cut(text, to: width - 1) }
        let share = min(1, Double(progress.done) / Double(progress.total))
        let filled = Int(share * 20)
        text += "  [" + String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled) + "]"
        text += "  \(Int(share * 100)) %"
        // The first moments tell nothing about the rest.
        if elapsed.seconds >= 1, doneSinceStart > 0 {
            let rate = Double(doneSinceStart) / elapsed.seconds
            let amount = progress.unit == .bytes ? Style.size(Int64(rate)) : "\(Int64(rate)) \(progress.unit.rawValue)"
            let left = Int64((Double(progress.total - progress.done) / rate).rounded(.up))
            text += "  \(amount)/s  \(Style.span(left)) left"
        }
        return Table.cut(text, to: width - 1)
    }
}
