// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Holds that somebody may have forgotten.
public struct HoldCheck: Check {
    private let holds: [Hold]
    private let now: Timestamp

    public init(_ holds: [Hold], now: Timestamp) {
        self.holds = holds
        self.now = now
    }

    /// A hold without an end is looked at after a week.
    static let long: Int64 = 7 * 86_400_000

    public var diagnoses: [Diagnosis] {
        holds.compactMap { hold in
            let isOver = hold.until.map { $0 <= now } ?? false
            let days = (now.milliseconds - hold.createdAt.milliseconds) / 86_400_000
            guard isOver || hold.until == nil && now.milliseconds - hold.createdAt.milliseconds >= Self.long else {
                return nil
            }
            let what = hold.store.map { "The hold on store \($0)" } ?? "The hold on everything"
            return Diagnosis(
                .staleHold, .notice,
                isOver
                    ? "\(what) is over (\(hold.reason))."
                    : "\(what) is there for \(days) days: nothing is migrated by itself. Its reason: \(hold.reason).",
                store: hold.store,
                remedy: .init("End it.", command: "dementiactl hold remove \(hold.id)"))
        }
    }
}
