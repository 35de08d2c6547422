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
    /// Done, failed or stopped.
    public let state: StepState
    /// What came of it; nil leaves the detail of the start.
    public let detail: String?

    /// The step `kind` ended as `state`.
    public init(_ kind: StepKind, _ state: StepState, _ detail: String? = nil) {
        self.kind = kind
        self.state = state
        self.detail = detail
    }

    /// The step `kind` did what it was to do.
    public static func done(_ kind: StepKind, _ detail: String? = nil) -> StepEnd {
        StepEnd(kind, .done, detail)
    }

    /// The step `kind` failed.
    public static func failed(_ kind: StepKind, _ detail: String? = nil) -> StepEnd {
        StepEnd(kind, .failed, detail)
    }
}
