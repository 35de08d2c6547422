// SPDX-License-Identifier: MIT

internal import Engine
internal import GuardCore
internal import Terminal

/// The proof of every backup, told to a person.
struct VaultReport {
    private let verdicts: [BackupVerdict]

    init(_ verdicts: [BackupVerdict]) {
        self.verdicts = verdicts
    }

    var text: String {
        guard !verdicts.isEmpty else { return "There is no backup in the vault." }
        let bad = verdicts.filter { !$0.ok }
        let lines = verdicts.map { verdict in
            let name = verdict.id?.description ?? verdict.path
            return verdict.ok
                ? "  good     \(name)" : "  DAMAGED  \(name): \(verdict.reason ?? "it is not what was published")"
        }
        let count = Phrases.count(verdicts.count, "backup")
        let headline =
            bad.isEmpty
            ? "\(count): every one is good." : "\(count): \(bad.count) damaged. A damaged one is never used."
        return ([headline] + lines).joined(separator: "\n")
    }
}
