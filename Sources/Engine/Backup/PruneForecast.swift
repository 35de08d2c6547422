// SPDX-License-Identifier: MIT

public import GuardCore
internal import Vault

/// What a prune would do: every backup with its fate and the reasons for it.
public struct PruneForecast: Codable, Sendable, Equatable {
    /// One backup.
    public struct Line: Codable, Sendable, Equatable {
        public let backup: BackupID
        public let store: StoreID
        public let createdAt: Timestamp
        /// Bytes of its own, a shared payload included.
        public let storedBytes: Int64
        /// Whether it goes.
        public let goes: Bool
        /// Why it goes or stays: `outlived`, `budget`, `freeSpace`; `newestProved`, `pinned`, `last`, `daily`, …
        public let reasons: [String]
    }

    /// Newest first. Damaged backups are not judged and not here.
    public let lines: [Line]
    /// Bytes that would be given back.
    public let freedBytes: Int64
    /// Limits that would not hold.
    public let findings: [Finding]

    init(_ view: RetentionView) {
        let verdicts = view.judgement.verdicts
        lines = view.candidates.sorted { $0.id > $1.id }.map { candidate in
            let reasons: [String] =
                switch verdicts[candidate.id] {
                case .remove(let cause)?: [cause.rawValue]
                case .keep(let grounds)?: Retention.Ground.allCases.filter(grounds.contains).map(\.rawValue)
                case nil: []
                }
            return Line(
                backup: candidate.id, store: candidate.store, createdAt: candidate.createdAt,
                storedBytes: candidate.ownBytes + candidate.payloadBytes,
                goes: verdicts[candidate.id]?.isRemoval == true, reasons: reasons)
        }
        freedBytes = view.judgement.freedBytes
        findings = view.findings
    }
}
