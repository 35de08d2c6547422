// SPDX-License-Identifier: MIT

/// Why a backup was taken.
public enum BackupReason: String, Codable, Sendable, CaseIterable {
    case migration, manual, schedule, release, beforeRestore, failedState, transfer, forensic
}

extension BackupReason {
    /// Whether it holds a state that somebody would want back: not one that had failed, nor one that somebody has replaced.
    public var holdsGoodState: Bool {
        switch self {
        case .migration, .manual, .schedule, .release, .transfer: true
        case .beforeRestore, .failedState, .forensic: false
        }
    }
}

/// How a backup was proved.
public enum BackupProof: String, Codable, Sendable, CaseIterable {
    /// Restored into scratch and equal to the snapshot, byte for byte or digest for digest.
    case restored
    /// Decoded in full, and its digests equal the snapshot's; the server allowed no scratch.
    case decoded
}
