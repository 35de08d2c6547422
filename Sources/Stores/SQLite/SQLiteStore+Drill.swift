// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

extension SQLiteStore {
    public func drill(
        _ copy: String, holds content: StoreDigest, for operation: OperationID
    ) async throws(GuardError) -> CopyProof {
        let complaint = try complaint(about: copy, content)
        guard let complaint else { return .restored }
        throw GuardError(
            .verificationFailed, "a backup of \(location.name) is not good", store: location.id, causes: [complaint])
    }

    /// What is wrong with the copy at `copy`, or nil.
    private func complaint(about copy: String, _ content: StoreDigest) throws(GuardError) -> String? {
        do throws(SQLiteError) {
            let connection = try Connection(path: copy, access: .immutable)
            let check = try IntegrityCheck(connection)
            guard check.isWhole else { return check.summary }
            return try SQLiteSchema(connection).content() == content ? nil : "its content is not what was backed up"
        } catch {
            switch error.code {
            // The disk, and not the copy.
            case .inputOutput, .full, .cannotOpen, .permission, .interrupted:
                throw GuardError(
                    error.isNoSpace ? .noSpace : .inputOutput,
                    "a backup of \(location.name) could not be read in scratch", store: location.id,
                    causes: [error.description])
            default: return error.description
            }
        }
    }

    public func changes(from old: String, to new: String) async throws(GuardError) -> [TableChange]? {
        try translating("comparing two copies of it") { () throws(SQLiteError) in
            try SQLiteComparison(from: old, to: new).changes()
        }
    }
}
