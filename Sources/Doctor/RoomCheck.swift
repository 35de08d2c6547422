// SPDX-License-Identifier: MIT

public import ControlAPI

/// Bytes that are missing on the vault's filesystem, or in its budget.
public struct RoomCheck: Check {
    private let overBudget: Int64
    private let budget: Int64
    private let shortOfFloor: Int64
    private let floor: Int64
    private let vault: String
    private let dropIns: String

    /// - Parameters:
    ///   - overBudget: how many bytes more than `budget` the vault takes after a prune
    ///   - budget: the most that the vault may take
    ///   - shortOfFloor: how many bytes of `floor` are missing after a prune
    ///   - floor: what is to stay free
    ///   - vault: its folder
    ///   - dropIns: the folder of the configuration's drop-ins, such as `/home/ann/.config/dementiad/dementiad.d`
    public init(
        overBudget: Int64, budget: Int64, shortOfFloor: Int64, floor: Int64, vault: String, dropIns: String
    ) {
        self.overBudget = overBudget
        self.budget = budget
        self.shortOfFloor = shortOfFloor
        self.floor = floor
        self.vault = vault
        self.dropIns = dropIns
    }

    public var diagnoses: [Diagnosis] {
        var diagnoses: [Diagnosis] = []
        if overBudget > 0 {
            diagnoses.append(
                Diagnosis(
                    .budgetExceeded, .degraded,
                    "The vault takes \(overBudget) bytes more than its budget of \(budget), and everything in it has to "
                        + "stay: the next backup will be refused.",
                    remedy: remedy("Give it a larger budget, or unpin old backups.", "budget", doubled)))
        }
        if shortOfFloor > 0 {
            diagnoses.append(
                Diagnosis(
                    .freeSpaceShort, .failure,
                    "\(floor) bytes are to stay free beside \(vault), and \(shortOfFloor) of them are missing: no backup "
                        + "is possible, so nothing is migrated.",
                    remedy: remedy(
                        "Free some space on that filesystem, or let less of it stay free.", "minFree",
                        max(0, floor - shortOfFloor) / 4 * 3)))
        }
        return diagnoses
    }

    /// With room for what is there twice.
    private var doubled: Int64 {
        let (sum, overflows) = (budget + overBudget).multipliedReportingOverflow(by: 2)
        return overflows ? .max : sum
    }

    private func remedy(_ summary: String, _ key: String, _ value: Int64) -> Diagnosis.Remedy {
        .init(
            summary, command: "dementiactl daemon reload --wait",
            file: .init(
                path: "\(dropIns)/60-\(key).yaml", text: "backup:\n  \(key): \(value)\n"))
    }
}
