// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HashKit
internal import Stores
internal import Vault

/// Settles a restore of single rows whose end is unknown: after a failure that leaves it open, and after a crash.
///
/// It is one transaction: it happened or it did not. The intent in the journal names the digest of the state with the rows in it. A store
/// that has this digest has the rows; one that has the digest of the backup before has them not. Where neither is so, nothing is claimed.
struct RowReturnEnd {
    let tools: EngineContext
    let log: OperationLog
    private let kept: Entry?
    /// The digest of the state with the rows in it.
    private let fingerprint: String

    private static let words = (begin: "rows of ", end: " as ")

    /// The detail of the step that puts rows into a store.
    static func detail(_ backup: BackupID, _ kept: BackupID, _ content: StoreDigest) -> String {
        "\(words.begin)\(backup) over \(kept)\(words.end)\(content.fingerprint.hex)"
    }

    /// nil when the operation is no restore of single rows, or did not come as far.
    init?(tools: EngineContext, log: OperationLog, kept: Entry?) {
        guard let last = log.record.lastWork, last.kind == .restore, let detail = last.detail,
            detail.hasPrefix(Self.words.begin), let mark = detail.firstRange(of: Self.words.end)
        else { return nil }
        (self.tools, self.log, self.kept) = (tools, log, kept)
        fingerprint = String(detail[mark.upperBound...])
    }

    /// Settles by what is there; nil when the store cannot be looked at now.
    func settle(
        _ store: any Store, after failure: GuardError, _ scratch: ScratchFolder
    ) async throws(GuardError) -> OperationRecord? {
        let content: StoreDigest
        do throws(GuardError) {
            content = try await store.snapshot(into: scratch.copy("look", of: store), progress: nil).content
            await store.close()
        } catch {
            await store.close()
            guard RestoredState.isFinal(error) else { return nil }
            return try await log.settle(.unproved, because: unproved(store, [failure.message, error.message]))
        }
        if content.fingerprint.hex == fingerprint {
            var result = OperationResult()
            result.keptState = kept?.id
            return try await log.settle(.done, result: result, takesBack: false)
        }
        if content.fingerprint == kept?.manifest.content.fingerprint {
            return try await log.settle(.untouched, because: failure)
        }
        return try await log.settle(.unproved, because: unproved(store, [failure.message]))
    }

    private func unproved(_ store: any Store, _ causes: [String]) -> GuardError {
        let before = kept.map { " The state before is backup \($0.id)." } ?? ""
        let id = store.location.id
        return GuardError(
            .restoreFailed,
            "rows were to be put back into \(store.location.name), and what it holds now does not tell whether they were",
            store: id, dataState: .unverified,
            hint:
                "Automation for this memory is on hold. Look at what differs: dementiactl diff \(kept?.id.description ?? "ID") live.\(before)",
            causes: causes)
    }
}
