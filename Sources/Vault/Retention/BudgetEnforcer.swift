// SPDX-License-Identifier: MIT

internal import GuardCore

/// Takes out what no rule keeps, and then what does not fit: the second half of ``Retention``.
struct BudgetEnforcer {
    private let newestFirst: [Retention.Candidate]
    private let grounds: [BackupID: Set<Retention.Ground>]
    private var removed: [BackupID: Retention.Cause] = [:]
    /// How many backups that stay share each payload.
    private var sharers: [UInt64: Int] = [:]
    private var usedBytes: Int64 = 0
    private var freedBytes: Int64 = 0
    private var overBudget: Int64 = 0
    private var shortOfFloor: Int64 = 0

    init(_ newestFirst: [Retention.Candidate], _ grounds: [BackupID: Set<Retention.Ground>]) {
        self.newestFirst = newestFirst
        self.grounds = grounds
        for backup in newestFirst {
            usedBytes += backup.ownBytes + (sharers[backup.payload] == nil ? backup.payloadBytes : 0)
            sharers[backup.payload, default: 0] += 1
        }
        for backup in newestFirst where grounds[backup.id]?.isEmpty != false { remove(backup, .outlived) }
    }

    /// Takes out the oldest of what may go, across all stores, until the vault fits into `room`.
    mutating func run(in room: VaultRoom) {
        let allowed = max(0, room.budget - room.otherBytes)
        for backup in expendable {
            guard usedBytes > allowed else { break }
            remove(backup, .budget)
        }
        overBudget = max(0, usedBytes - allowed)
        let free = room.freeBytes + freedBytes
        guard free < room.floor else { return }
        var trial = self
        for backup in expendable {
            guard room.freeBytes + trial.freedBytes < room.floor else { break }
            trial.remove(backup, .freeSpace)
        }
        if room.freeBytes + trial.freedBytes >= room.floor {
            self = trial
        } else {
            shortOfFloor = room.floor - free
        }
    }

    var judgement: Retention.Judgement {
        var verdicts: [BackupID: Retention.Verdict] = [:]
        for backup in newestFirst {
            verdicts[backup.id] = removed[backup.id].map { .remove($0) } ?? .keep(grounds[backup.id] ?? [])
        }
        return Retention.Judgement(
            verdicts: verdicts, removals: removed.keys.sorted(), freedBytes: freedBytes, overBudget: overBudget,
            shortOfFloor: shortOfFloor)
    }

    /// What may go, in the order in which it goes: first what could not be proved, then the oldest. What shares its payload with a
    /// backup that has to stay would give nothing back, and stays.
    private var expendable: [Retention.Candidate] {
        func isProtected(_ backup: Retention.Candidate) -> Bool {
            grounds[backup.id]?.contains(where: \.isProtection) == true
        }
        let tied = Set(newestFirst.filter(isProtected).map(\.payload))
        return newestFirst.filter { removed[$0.id] == nil && !isProtected($0) && !tied.contains($0.payload) }
            .sorted { ($0.isProved ? 1 : 0, $0.id.sequence) < ($1.isProved ? 1 : 0, $1.id.sequence) }
    }

    private mutating func remove(_ backup: Retention.Candidate, _ cause: Retention.Cause) {
        removed[backup.id] = cause
        let left = (sharers[backup.payload] ?? 1) - 1
        sharers[backup.payload] = left
        let bytes = backup.ownBytes + (left == 0 ? backup.payloadBytes : 0)
        usedBytes -= bytes
        freedBytes += bytes
    }
}
