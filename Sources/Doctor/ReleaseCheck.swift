// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// What is worth knowing of the releases that are installed.
public struct ReleaseCheck: Check {
    private let releases: [ReleaseForm]
    private let findings: [Finding]

    /// - Parameters:
    ///   - releases: those that are installed
    ///   - findings: what the engine says of them, by its own words: `checkoutBusy`, `unknownRelease`, `lineOffer`
    public init(_ releases: [ReleaseForm], findings: [Finding]) {
        self.releases = releases
        self.findings = findings
    }

    public var diagnoses: [Diagnosis] { severalLines + findings.compactMap(diagnosis) }

    private var severalLines: [Diagnosis] {
        let lines = Dictionary(grouping: releases.filter { $0.line != nil }) { $0.line ?? "" }
        guard lines.count > 1 else { return [] }
        let list = lines.sorted { $0.key < $1.key }.map { line, releases in
            "\(line) (\(releases.map(\.path).sorted().joined(separator: ", ")))"
        }.joined(separator: " and ")
        return [
            Diagnosis(
                .severalLines, .notice,
                "Dementia is installed in several lines, \(list): each keeps memories that the others do not see, or "
                    + "misread.",
                remedy: .init("If one of them is not used any more, remove its folder or name it in discover.ignore."))
        ]
    }

    private func diagnosis(_ finding: Finding) -> Diagnosis? {
        switch DiagnosisCode(rawValue: finding.code) {
        case .checkoutBusy?:
            Diagnosis(
                .checkoutBusy, .notice, finding.message + ".",
                remedy: .init("Finish or abort it: git status in that folder says how."))
        case .unknownRelease?:
            Diagnosis(
                .unknownRelease, .degraded, finding.message + ".",
                remedy: .init("Install a dementiad that knows it; until then nothing is migrated for it."))
        case .lineOffer?:
            Diagnosis(.lineOffer, .notice, finding.message + ".")
        default: nil
        }
    }
}
