// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore

extension Migration {
    /// How sentences name it: `migration 2 (rlm)`.
    var label: String { "migration \(version) (\(name))" }
}

extension Plan.Step {
    /// The next step after a statement of this step failed in the store `store` for a reason that lies in the store.
    ///
    /// - Parameter afterConstraint: whether a constraint refused a value. Dementia's own refuse none of a migration's.
    func hint(afterConstraint: Bool, of store: StoreID) -> String {
        if action == .revert {
            return
                "Nothing was changed. An object of the memory's own uses what the way back takes out. Drop that object, or change it, and "
                + "go back again; or restore a backup from before: dementiactl restore \(store) --before \(migration.version)"
        }
        if afterConstraint {
            return
                "Nothing was changed. A constraint or a unique index of the memory's own refuses a value of the migration. Drop the one that "
                + "the message names, or change it so that it takes such values, and try again: dementiactl migrate \(store)"
        }
        return "Nothing was changed. See: dementiad's journal, or dementiactl history \(store)"
    }
}

extension GuardError {
    /// The next step where a name that Dementia needs is taken.
    static let renameHint =
        "Nothing was changed. Give the table, view or index of your own another name (ALTER TABLE … RENAME TO …), or drop it and make it "
        + "again under another name."

    /// The same failure of a rehearsal, which ran on a copy of the store `store`.
    ///
    /// - Parameters:
    ///   - message: the error's sentence about the store itself
    ///   - hint: the error's next step, with the id of the store itself
    func asFailedRehearsal(_ message: String, of store: StoreID, hint: String?) -> GuardError {
        // What others say speaks of the copy: of its lock, or of a backup to bring back.
        let isAboutPlan = [.migrationFailed, .conservationFailed, .verificationFailed].contains(code)
        return GuardError(
            .rehearsalFailed, "the rehearsal failed: \(message)", store: store,
            hint: (isAboutPlan ? hint : nil)
                ?? "Nothing was changed. The plan ran on a copy. See: dementiactl history \(store)",
            causes: causes, migration: migration)
    }
}
