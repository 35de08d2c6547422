// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// What lies below the watched folders and was not looked into: memories in it are not guarded.
public struct ScanCheck: Check {
    private let findings: [Finding]

    /// - Parameter findings: those of the last look, by its own words: `folderUnreadable`, `mountNotEntered`, `linkNotFollowed`
    public init(_ findings: [Finding]) {
        self.findings = findings
    }

    public var diagnoses: [Diagnosis] { findings.compactMap(diagnosis) }

    private func diagnosis(_ finding: Finding) -> Diagnosis? {
        switch DiagnosisCode(rawValue: finding.code) {
        case .folderUnreadable?:
            Diagnosis(
                .folderUnreadable, .degraded, finding.message + ".",
                remedy: .init("Let the daemon's user read the folder, or name it in discover.ignore."))
        case .mountNotEntered?:
            Diagnosis(
                .mountNotEntered, .notice, finding.message + ".",
                remedy: .init("Keep memories on a local filesystem, or name the mount in discover.ignore."))
        case .linkNotFollowed?:
            Diagnosis(
                .linkNotFollowed, .notice, finding.message + ".",
                remedy: .init(
                    "Name the folder that the link leads to in discover.roots, or the link's folder in discover.ignore."
                ))
        default: nil
        }
    }
}
