// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Vault

/// Says what the vault, or the system, said in the words of one store's owner.
struct EngineFailure {
    let store: StoreID
    let place: String

    init(_ location: StoreLocation) {
        store = location.id
        place = location.name
    }

    /// `error`, which kept a backup from being made.
    func backup(_ error: VaultError) -> GuardError {
        let causes = [error.description]
        return switch error {
        case .noSpace:
            GuardError(
                .noSpace, "there is no room for a backup of \(place)", store: store,
                hint: "Nothing was changed. Free some space in the state directory's filesystem and try again.",
                causes: causes)
        case .permission:
            GuardError(
                .backupFailed, "the vault cannot be written, so \(place) was not touched", store: store,
                hint: "Look at the rights of the state directory.", causes: causes)
        default:
            GuardError(
                .backupFailed, "no proved backup of \(place) could be made, so it was not touched", store: store,
                hint: "Look at the disk under the state directory: journalctl -k", causes: causes)
        }
    }

    /// `error`, which kept a backup from being read, before anything was changed.
    func reading(_ error: VaultError) -> GuardError {
        GuardError(
            EngineFailure.vault(error).code, "the backup of \(place) could not be read back", store: store,
            hint: "Every backup of it: dementiactl backup list \(store)", causes: [error.description])
    }

    /// The next step where a right is missing.
    static let rightsHint = "Look at the rights of the file and of the folders above it."

    /// `error` of a system call that the engine made itself.
    func system(_ error: SystemCallError, _ doing: String) -> GuardError {
        GuardError(
            error.isNoSpace ? .noSpace : error.isPermission ? .permissionDenied : .inputOutput,
            "\(doing) of \(place) failed", store: store,
            hint: error.isPermission ? EngineFailure.rightsHint : nil, causes: [error.description])
    }
}
