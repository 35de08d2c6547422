// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import Testing

@testable import Vault

/// Numbers that look random and are the same for the same seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A backup with the sequence number `number`, taken on `day` (a fraction is the time of day).
func backup(
    _ number: UInt64, day: Double, of store: StoreLocation = shop, _ reason: BackupReason = .schedule,
    bytes: Int64 = 100, sharing payload: UInt64? = nil, proved: Bool = true, pinned: Bool = false
) -> Retention.Candidate {
    // Day 0 is Monday, 2025-11-10.
    let milliseconds = 1_762_732_800_000 + Int64(day * 86_400_000)
    var candidate = Retention.Candidate(
        id: BackupID(sequence: number, root: "0123456789ab"), store: store.id,
        createdAt: Timestamp(milliseconds: milliseconds), reason: reason, payload: payload ?? number,
        payloadBytes: bytes, ownBytes: 1)
    candidate.isProved = proved
    candidate.isPinned = pinned
    return candidate
}

@Suite("Retention")
struct RetentionTests {
    private func kept(_ rules: Retention.Rules, _ backups: [Retention.Candidate], in room: VaultRoom? = nil)
        -> [UInt64]
    {
        let gone = Set(Retention(rules).judge(backups, in: room).removals)
        return backups.map(\.id).filter { !gone.contains($0) }.map(\.sequence).sorted()
    }

    private func only(last: Int = 0, daily: Int = 0, weekly: Int = 0, beforeMigration: Int = 0) -> Retention.Rules {
        Retention.Rules(last: last, daily: daily, weekly: weekly, beforeMigration: beforeMigration)
    }

    @Test("Each rule keeps the newest of its kind, as restic's forget does, and says so")
    func rules() {
        // Two a day from Monday on, over three weeks.
        let backups = (0..<42).map { backup(UInt64($0 + 1), day: Double($0) / 2 + 0.1) }
        #expect(kept(only(last: 3), backups) == [40, 41, 42])
        #expect(kept(only(daily: 3), backups) == [38, 40, 42])
        #expect(kept(only(weekly: 2), backups) == [28, 42])
        #expect(kept(only(weekly: 9), backups) == [14, 28, 42])
        #expect(kept(only(last: 1, daily: 2, weekly: 3), backups) == [14, 28, 40, 42])
        let verdicts = Retention(only(last: 1, daily: 2)).judge(backups).verdicts
        #expect(verdicts[backups[41].id] == .keep([.newestProved, .last, .daily]))
        #expect(verdicts[backups[39].id] == .keep([.daily]))
        #expect(verdicts[backups[40].id] == .remove(.outlived))
    }

    @Test("Days that have no backup take no place: what nobody adds to does not melt away")
    func gaps() {
        let backups = [backup(1, day: 0), backup(2, day: 100), backup(3, day: 302), backup(4, day: 303)]
        #expect(kept(only(daily: 3), backups) == [2, 3, 4])
        #expect(kept(only(weekly: 3), backups) == [1, 2, 4])
    }

    @Test("A week begins on Monday in UTC, over a turn of the year, too")
    func weeks() {
        // Sunday evening and Monday morning; 2025-12-29 is a Monday and begins the first week of 2026.
        #expect(kept(only(weekly: 9), [backup(1, day: 6.99), backup(2, day: 7.01), backup(3, day: 8)]) == [1, 3])
        #expect(kept(only(weekly: 9), [backup(1, day: 48.9), backup(2, day: 49), backup(3, day: 53)]) == [1, 3])
    }

    @Test("Backups before a migration have a rule of their own")
    func beforeMigration() {
        let backups = (1...6).map { backup($0, day: Double($0), $0.isMultiple(of: 2) ? .migration : .manual) }
        #expect(kept(only(beforeMigration: 2), backups) == [4, 6])
    }

    @Test("B5: the newest proved backup stays when all that came after it turned out bad, and bad ones take no place")
    func newestProved() {
        let bad = (2...100).map { backup(UInt64($0), day: Double($0), proved: false) }
        let backups = [backup(1, day: 0)] + bad
        #expect(kept(only(), backups) == [1])
        #expect(kept(only(last: 3), backups).contains(1))
        let verdicts = Retention(only()).judge(backups).verdicts
        #expect(verdicts[backups[0].id] == .keep([.newestProved]))
        // With none proved nobody knows which is the good one.
        #expect(kept(only(), bad).count == bad.count)
        let mixed = [
            backup(1, day: 1), backup(2, day: 2), backup(3, day: 3, proved: false), backup(4, day: 4),
            backup(5, day: 4.5, proved: false),
        ]
        #expect(kept(only(last: 2), mixed) == [2, 3, 4, 5])
        #expect(kept(only(daily: 2), mixed) == [2, 3, 4, 5])
    }

    @Test("Pinned, needed, and everything of a missing store stays, against the budget, too")
    func protection() {
        var backups = (1...5).map { backup($0, day: Double($0)) } + [backup(6, day: 0, of: other)]
        backups[0].isPinned = true
        backups[1].isNeeded = true
        backups[5].isStoreMissing = true
        backups.append(backup(7, day: 1, of: other))
        backups[6].isStoreMissing = true
        let tight = VaultRoom(totalBytes: 1000, freeBytes: 500, budget: 0, floor: 0)
        let judgement = Retention(only()).judge(backups, in: tight)
        #expect(kept(only(), backups, in: tight) == [1, 2, 5, 6, 7])
        #expect(judgement.verdicts[backups[5].id] == .keep([.storeMissing]))
        #expect(judgement.overBudget == 5 * 101)
    }

    // MARK: Room

    @Test("B7: over the budget the oldest go first across stores, those that could not be proved before all others")
    func budget() {
        let backups = [
            backup(1, day: 1), backup(2, day: 1, of: other), backup(3, day: 2, proved: false), backup(4, day: 3),
            backup(5, day: 3, of: other), backup(6, day: 4),
        ]
        func kept(_ budget: Int64) -> [UInt64] {
            self.kept(
                only(last: 9), backups, in: VaultRoom(totalBytes: 1000, freeBytes: 900, budget: budget, floor: 0))
        }
        #expect(kept(606) == [1, 2, 3, 4, 5, 6])
        #expect(kept(605) == [1, 2, 4, 5, 6])
        #expect(kept(404) == [2, 4, 5, 6])
        #expect(kept(303) == [4, 5, 6])
        #expect(kept(1) == [5, 6])
        let judgement = Retention(only(last: 9)).judge(
            backups, in: VaultRoom(totalBytes: 1000, freeBytes: 900, otherBytes: 50, budget: 252, floor: 0))
        #expect(judgement.removals.map(\.sequence) == [1, 2, 3, 4])
        #expect(judgement.overBudget == 0 && judgement.freedBytes == 404)
    }

    @Test("A payload that backups share counts once, and is given back with the last of them")
    func sharing() {
        let backups = [
            backup(1, day: 1, sharing: 7), backup(2, day: 2, sharing: 7), backup(3, day: 3, bytes: 50),
            backup(4, day: 4, sharing: 9), backup(5, day: 5, sharing: 9),
        ]
        let gone = Retention(only(last: 3)).judge(backups)
        #expect(gone.removals.map(\.sequence) == [1, 2] && gone.freedBytes == 102)
        let one = Retention(only(last: 4)).judge(backups)
        #expect(one.removals.map(\.sequence) == [1] && one.freedBytes == 1)
        // The older sharer of a protected backup would give nothing back.
        let tight = VaultRoom(totalBytes: 1000, freeBytes: 900, budget: 10, floor: 0)
        #expect(kept(only(last: 5), backups, in: tight) == [4, 5])
    }

    @Test("Free room is made by the rules when that is enough; what would not be enough is not thrown away")
    func floor() {
        let backups = (1...5).map { backup($0, day: Double($0)) }
        func judge(floor: Int64) -> Retention.Judgement {
            Retention(only(last: 4)).judge(
                backups, in: VaultRoom(totalBytes: 10_000, freeBytes: 100, budget: 9999, floor: floor))
        }
        #expect(judge(floor: 201).removals.map(\.sequence) == [1])
        #expect(judge(floor: 202).removals.map(\.sequence) == [1, 2])
        #expect(judge(floor: 504).removals.map(\.sequence) == [1, 2, 3, 4])
        #expect(judge(floor: 505).removals.map(\.sequence) == [1] && judge(floor: 505).shortOfFloor == 304)
    }

    @Test("The defaults are the smaller of 10 GiB and a tenth, and the larger of 1 GiB and a twentieth")
    func defaults() {
        let small = VaultRoom(totalBytes: 10 << 30, freeBytes: 0)
        #expect(small.budget == 1 << 30 && small.floor == 1 << 30)
        let large = VaultRoom(totalBytes: 1 << 40, freeBytes: 0)
        #expect(large.budget == 10 << 30 && large.floor == (1 << 40) / 20)
    }

    // MARK: Any history

    private func history(_ dice: inout Dice) -> [Retention.Candidate] {
        let stores = (0..<Int.random(in: 1...4, using: &dice)).map {
            StoreLocation(engine: .sqlite, name: "/home/me/\($0)/x.db")
        }
        let missing = stores.filter { _ in Int.random(in: 0..<8, using: &dice) == 0 }
        var day = Double.random(in: 0...400, using: &dice)
        return (1...Int.random(in: 1...40, using: &dice)).map { number in
            day += Double.random(in: 0...3, using: &dice)
            // B23: a clock that jumps by years and comes back.
            let jump = Int.random(in: 0..<10, using: &dice) == 0 ? Double.random(in: -3650...3650, using: &dice) : 0
            let store = stores.randomElement(using: &dice) ?? shop
            let shared = Int.random(in: 0..<3, using: &dice) == 0
            var backup = backup(
                UInt64(number), day: day + jump, of: store,
                BackupReason.allCases.randomElement(using: &dice) ?? .manual,
                bytes: 64, sharing: shared ? UInt64(1000 + stores.count) : nil)
            backup.isProved = Int.random(in: 0..<5, using: &dice) != 0
            backup.isPinned = Int.random(in: 0..<10, using: &dice) == 0
            backup.isNeeded = Int.random(in: 0..<10, using: &dice) == 0
            backup.isStoreMissing = missing.contains(store)
            return backup
        }
    }

    @Test(
        "B7, B23: over any history the protected stay, the limits hold or it is told, and no proved one goes for a bad one"
    )
    func anyHistory() throws {
        let histories = getenv("DEMENTIAD_LONG_TESTS") == nil ? 3000 : 100_000
        for seed in 0..<histories {
            var dice = Dice(UInt64(seed))
            let backups = history(&dice)
            let rules = Retention.Rules(
                last: .random(in: 0...4, using: &dice), daily: .random(in: 0...4, using: &dice),
                weekly: .random(in: 0...3, using: &dice), beforeMigration: .random(in: 0...3, using: &dice))
            let room = VaultRoom(
                totalBytes: 10_000, freeBytes: .random(in: 0...2000, using: &dice),
                budget: .random(in: 0...3000, using: &dice), floor: .random(in: 0...2000, using: &dice))
            let byRules = Retention(rules).judge(backups)
            let judgement = Retention(rules).judge(backups.shuffled(using: &dice), in: room)
            let word = "seed \(seed)"
            try #require(judgement.verdicts.count == backups.count, "\(word)")
            let gone = Set(judgement.removals)
            let kept = backups.filter { !gone.contains($0.id) }
            // Protection.
            for backup in backups where backup.isPinned || backup.isNeeded || backup.isStoreMissing {
                try #require(!gone.contains(backup.id), "\(word): \(backup)")
            }
            for (_, own) in Dictionary(grouping: backups, by: \.store) {
                let newest = own.filter(\.isProved).max { $0.id < $1.id }
                if let newest { try #require(!gone.contains(newest.id), "\(word): the newest proved \(newest)") }
                let last = own.filter(\.isProved).sorted { $0.id > $1.id }.prefix(rules.last)
                try #require(last.allSatisfy { !Set(byRules.removals).contains($0.id) }, "\(word): last")
            }
            // Bytes.
            func bytes(_ some: [Retention.Candidate]) -> Int64 {
                let payloads = Dictionary(some.map { ($0.payload, $0.payloadBytes) }) { first, _ in first }
                return some.reduce(0) { $0 + $1.ownBytes } + payloads.values.reduce(0, +)
            }
            try #require(judgement.freedBytes == bytes(backups) - bytes(kept), "\(word)")
            try #require(judgement.overBudget == max(0, bytes(kept) - room.budget), "\(word)")
            let free = room.freeBytes + judgement.freedBytes
            try #require(judgement.shortOfFloor == max(0, room.floor - free), "\(word)")
            // What the limits cost beyond the rules is needed for them: the one that went last was over a limit still.
            let squeezed = judgement.removals.filter { byRules.verdicts[$0]?.isRemoval == false }
            if judgement.overBudget > 0 || judgement.shortOfFloor > 0 {
                let tied = Set(kept.filter { isProtected($0, byRules) }.map(\.payload))
                let spare = kept.filter { !isProtected($0, byRules) && !tied.contains($0.payload) }
                if judgement.overBudget > 0 { try #require(spare.isEmpty, "\(word): \(spare) could go") }
            }
            if squeezed.contains(where: { id in backups.contains { $0.id == id && $0.isProved } }) {
                let tied = Set(kept.filter { isProtected($0, byRules) }.map(\.payload))
                let bad = kept.filter { !$0.isProved && !isProtected($0, byRules) && !tied.contains($0.payload) }
                try #require(bad.isEmpty, "\(word): a proved one went, and \(bad) stayed")
            }
            // A bad backup changes nothing for a good one.
            let withoutBad = Retention(rules).judge(backups.filter(\.isProved)).verdicts
            for (id, verdict) in withoutBad { try #require(byRules.verdicts[id] == verdict, "\(word): \(id)") }
        }
    }

    private func isProtected(_ backup: Retention.Candidate, _ judgement: Retention.Judgement) -> Bool {
        guard case .keep(let grounds)? = judgement.verdicts[backup.id] else { return false }
        return grounds.contains(where: \.isProtection)
    }
}
