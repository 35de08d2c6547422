// SPDX-License-Identifier: MIT

public import GuardCore

/// A step that is about to have its first side effect.
public struct StepStart: Sendable, Equatable {
    /// Which step.
    public let kind: StepKind
    /// What recovery needs to know of it, such as the path of the scratch directory.
    public let detail: String?

    /// The start of the step `kind`.
    public static func step(_ kind: StepKind, _ detail: String? = nil) -> StepStart {
        StepStart(kind: kind, detail: detail)
    }
}

/// A running step that has had its last side effect.
public struct StepEnd: Sendable, Equatable {
    /// Which step.
    public let kind: StepKind
    /// Done or failed.
    public let state: StepState
    /// What came of it; nil leaves the detail of the start.
    public let detail: String?

    /// The step `kind` did what it was to do.
    public static func done(_ kind: StepKind, _ detail: String? = nil) -> StepEnd {
        StepEnd(kind: kind, state: .done, detail: detail)
    }

    /// The step `kind` failed.
    public static func failed(_ kind: StepKind, _ detail: String? = nil) -> StepEnd {
        StepEnd(kind: kind, state: .failed, detail: detail)
    }
}
