// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Something that may be wrong, with what is known of it: facts in, findings out. Whoever makes one did the looking, so that a test can
/// make every condition.
///
/// How to write one: a struct of facts, one sentence that names the thing and what it means, and the command or the file that mends it.
/// What is told goes away by what is told: a command that only shows more belongs into the summary.
public protocol Check: Sendable {
    /// What is wrong; nothing when all is well.
    var diagnoses: [Diagnosis] { get }
}

extension [any Check] {
    /// What all of them find: the worst first, each thing once.
    public var diagnoses: [Diagnosis] { flatMap(\.diagnoses).inReadingOrder }
}

extension [Diagnosis] {
    /// The worst first, and each thing once. Things of the same weight stay in their order.
    public var inReadingOrder: [Diagnosis] {
        Diagnosis.Severity.allCases.flatMap { severity in
            filter { $0.severity == severity }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
    }
}

extension Diagnosis {
    /// A finding by the word that the manual explains.
    public init(
        _ code: DiagnosisCode, _ severity: Severity, _ message: String, store: StoreID? = nil, remedy: Remedy? = nil
    ) {
        self.init(code.rawValue, severity, message, store: store, remedy: remedy)
    }
}
