// SPDX-License-Identifier: MIT

internal import GuardCore

/// Tells from a store's operations whether it stands as failed, for every reader alike: status, metrics, doctor and journal.
enum StandingFailure {
    /// Codes that keep a migration from happening until something is mended. A lock ends by itself, a refused shape is seen at each look,
    /// and a request that was wrong says nothing of the store.
    private static let lasting: Set<GuardError.Code> = [
        .rehearsalFailed, .migrationFailed, .conservationFailed, .checkVetoed, .verificationFailed, .noSpace,
        .backupFailed,
        .inputOutput, .permissionDenied, .readOnlyStore, .remoteFilesystem, .internalError,
    ]

    /// The error of the last operation that changes a store, where nothing since has shown the store to be well.
    ///
    /// - Parameters:
    ///   - records: the store's operations, newest first
    ///   - isCurrent: whether no migration is due
    static func find(in records: [OperationRecord], isCurrent: Bool) -> Problem? {
        var (isVerified, isBackedUp) = (false, false)
        for record in records where record.state == .settled {
            switch (record.kind, record.outcome) {
            case (.backup, .succeeded): isBackedUp = true
            // A memory that cannot be backed up is guarded by nothing.
            case (.backup, .failedUntouched)
            where !isBackedUp && record.error.map { lasting.contains($0.code) || $0.code == .damaged } == true:
                return record.error
            case (.verify, .succeeded) where record.trigger == "request": isVerified = true
            case (.migrate, .succeeded), (.migrate, .nothingToDo), (.repair, .succeeded), (.downgrade, .succeeded),
                (.restore, .succeeded):
                return nil
            case (.migrate, .failedRestored), (.repair, .failedRestored), (.downgrade, .failedRestored):
                return record.error
            case (.migrate, .needsAttention), (.repair, .needsAttention), (.downgrade, .needsAttention),
                (.restore, .needsAttention):
                // Who has verified it since knows its state.
                return isVerified ? nil : record.error
            case (.migrate, .failedUntouched)
            where !isCurrent && record.error.map { lasting.contains($0.code) } == true:
                return record.error
            default: continue
            }
        }
        return nil
    }
}
