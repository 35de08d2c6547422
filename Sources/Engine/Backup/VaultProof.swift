// SPDX-License-Identifier: MIT

public import GuardCore
internal import Journal
internal import LinuxKit
internal import Vault

/// What became of proving one backup again.
public struct BackupVerdict: Codable, Sendable, Equatable {
    /// nil for a folder that is not even named like a backup.
    public let id: BackupID?
    /// Its folder.
    public let path: String
    public let ok: Bool
    /// What is wrong.
    public let reason: String?
}

/// Proves every backup in the vault: all checksums, and the whole payload decoded.
public struct VaultProof: Sendable {
    private let tools: EngineContext

    public init(_ tools: EngineContext) {
        self.tools = tools
    }

    /// Newest first; only the backup `id` when it is given. Each proof is written down, so that its age can be told.
    public func run(only id: BackupID? = nil) async throws(GuardError) -> [BackupVerdict] {
        let tools = tools
        let clock = ContinuousClock()
        let proofs = try await tools.threads.prover.run {
            () throws(GuardError) -> [(verdict: BackupVerdict, seconds: Double)] in
            do throws(VaultError) {
                return try tools.vault.list().filter { id == nil || $0.entry?.id == id }.compactMap { listing in
                    let start = clock.now
                    let verdict = Self.verdict(on: listing, in: tools.vault)
                    // A prune may have taken it out meanwhile, which says nothing against it.
                    if !verdict.ok, let id = verdict.id, case .notFound? = Self.obstacle(to: id, in: tools.vault) {
                        return nil
                    }
                    return (verdict, (clock.now - start).seconds)
                }
            } catch {
                throw GuardError(.inputOutput, "the vault cannot be read: \(error)")
            }
        }
        for (verdict, seconds) in proofs {
            guard let id = verdict.id else { continue }
            do {
                try await tools.journal.record(
                    ProofRecord(
                        backup: id, at: tools.clock(), succeeded: verdict.ok, seconds: seconds, detail: verdict.reason))
            } catch {
                throw GuardError(.inputOutput, "the journal cannot be written: \(error)")
            }
        }
        return proofs.map(\.verdict)
    }

    private static func obstacle(to id: BackupID, in vault: Vault) -> VaultError? {
        do throws(VaultError) {
            _ = try vault.entry(id)
            return nil
        } catch {
            return error
        }
    }

    private static func verdict(on listing: Listing, in vault: Vault) -> BackupVerdict {
        switch listing {
        case .damaged(let path, let reason):
            return BackupVerdict(id: nil, path: path, ok: false, reason: reason)
        case .good(let entry):
            do throws(VaultError) {
                try vault.verifyPayload(of: entry)
                return BackupVerdict(id: entry.id, path: entry.path, ok: true, reason: nil)
            } catch {
                return BackupVerdict(id: entry.id, path: entry.path, ok: false, reason: error.description)
            }
        }
    }
}
