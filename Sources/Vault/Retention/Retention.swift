// SPDX-License-Identifier: MIT

public import GuardCore

/// Decides which backups go and says of each other one why it stays. Rules only: it reads and deletes nothing.
///
/// What stays whatever the rules say: the newest proved backup of each store, every backup of a store none of whose is proved, what is
/// pinned, what unfinished work needs, and everything of a store that is missing now (a home that is not mounted is no reason to
/// forget). A damaged listing is not judged at all.
///
/// As in restic's `forget`, the rules count what is there and not what the clock says: `daily` keeps the newest backup of each of the
/// last so many days that have one. Order is the sequence number; a clock that jumped shifts a backup into another day and harms nothing.
/// Days and weeks are those of UTC, and a week begins on Monday.
public struct Retention: Sendable, Equatable {
    /// How many backups of a store each rule keeps. A backup stays when any rule names it.
    public struct Rules: Sendable, Equatable {
        /// The newest ones.
        public var last: Int
        /// The newest one of each of that many days.
        public var daily: Int
        /// The newest one of each of that many weeks.
        public var weekly: Int
        /// The newest ones that were taken before a migration.
        public var beforeMigration: Int

        /// Counts below zero mean none.
        public init(last: Int = 5, daily: Int = 7, weekly: Int = 4, beforeMigration: Int = 10) {
            self.last = last
            self.daily = daily
            self.weekly = weekly
            self.beforeMigration = beforeMigration
        }
    }

    /// What is known of one backup that may be judged.
    public struct Candidate: Sendable, Equatable {
        /// Sequence and root.
        public let id: BackupID
        /// The store it belongs to.
        public let store: StoreID
        /// When it was published, by the clock of that day.
        public let createdAt: Timestamp
        /// Why it was taken.
        public let reason: BackupReason
        /// The same for backups that share one payload on disk.
        public let payload: UInt64
        /// The payload's length in bytes.
        public let payloadBytes: Int64
        /// Bytes that are its own in any case: manifest and checksums.
        public let ownBytes: Int64
        /// Whether its last proof went well. Publishing is one.
        public var isProved = true
        /// Whether somebody asked to keep it.
        public var isPinned = false
        /// Whether work that is not finished, or a hold, refers to it.
        public var isNeeded = false
        /// Whether its store cannot be found now.
        public var isStoreMissing = false

        /// A proved backup that nobody pinned or needs, of a store that is there.
        public init(
            id: BackupID, store: StoreID, createdAt: Timestamp, reason: BackupReason, payload: UInt64,
            payloadBytes: Int64, ownBytes: Int64
        ) {
            self.id = id
            self.store = store
            self.createdAt = createdAt
            self.reason = reason
            self.payload = payload
            self.payloadBytes = payloadBytes
            self.ownBytes = ownBytes
        }
    }

    /// Why a backup stays.
    public enum Ground: String, Sendable, Hashable, CaseIterable {
        /// The newest proved one of its store.
        case newestProved
        /// None of its store's is proved, so nobody can tell which is the good one.
        case noneProved
        /// Somebody asked to keep it.
        case pinned
        /// Unfinished work, or a hold, refers to it.
        case needed
        /// Its store is missing: nothing of it goes until it is back or forgotten.
        case storeMissing
        /// One of the newest.
        case last
        /// The newest of its day.
        case daily
        /// The newest of its week.
        case weekly
        /// One of the newest before a migration.
        case beforeMigration

        /// Whether it holds against the budget, too.
        public var isProtection: Bool {
            switch self {
            case .newestProved, .noneProved, .pinned, .needed, .storeMissing: true
            case .last, .daily, .weekly, .beforeMigration: false
            }
        }
    }

    /// Why a backup goes.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// No rule keeps it.
        case outlived
        /// The vault would take more than its budget.
        case budget
        /// The filesystem would have less room than is to stay free.
        case freeSpace
    }

    /// What becomes of a backup.
    public enum Verdict: Sendable, Equatable {
        /// It stays, for at least one reason.
        case keep(Set<Ground>)
        /// It goes.
        case remove(Cause)

        /// Whether it goes.
        public var isRemoval: Bool { if case .remove = self { true } else { false } }
    }

    /// The verdicts on all backups, and what follows from them.
    public struct Judgement: Sendable, Equatable {
        /// One for each backup that was judged.
        public let verdicts: [BackupID: Verdict]
        /// The backups that go, oldest first.
        public let removals: [BackupID]
        /// How many bytes that gives back.
        public let freedBytes: Int64
        /// How many bytes the vault would still be over its budget, though everything goes that may.
        public let overBudget: Int64
        /// How many bytes of free room would still be missing. Then nothing goes for their sake: they would not be enough, and a backup
        /// is refused either way.
        public let shortOfFloor: Int64
    }

    /// The rules.
    public let rules: Rules

    public init(_ rules: Rules) {
        self.rules = rules
    }

    /// Judges all backups of all stores at once.
    ///
    /// - Parameter room: what the vault may take; nil: no limit
    public func judge(_ candidates: [Candidate], in room: VaultRoom? = nil) -> Judgement {
        let newestFirst = candidates.sorted { $0.id > $1.id }
        var grounds: [BackupID: Set<Ground>] = [:]
        for (_, backups) in Dictionary(grouping: newestFirst, by: \.store) {
            grounds.merge(self.grounds(ofStore: backups)) { first, _ in first }
        }
        var squeeze = BudgetEnforcer(newestFirst, grounds)
        if let room { squeeze.run(in: room) }
        return squeeze.judgement
    }

    /// Why each of one store's backups, newest first, stays. An empty set: it goes.
    private func grounds(ofStore backups: [Candidate]) -> [BackupID: Set<Ground>] {
        let newestProved = backups.first(where: \.isProved)?.id
        var (last, migrations) = (0, 0)
        var (days, weeks): (Set<Int64>, Set<Int64>) = ([], [])
        var result: [BackupID: Set<Ground>] = [:]
        for backup in backups {
            var grounds: Set<Ground> = []
            if backup.id == newestProved { grounds.insert(.newestProved) }
            if newestProved == nil { grounds.insert(.noneProved) }
            if backup.isPinned { grounds.insert(.pinned) }
            if backup.isNeeded { grounds.insert(.needed) }
            if backup.isStoreMissing { grounds.insert(.storeMissing) }
            let (day, week) = (backup.createdAt.day, backup.createdAt.week)
            let isMigration = backup.reason == .migration
            if last < rules.last { grounds.insert(.last) }
            if days.count < rules.daily, !days.contains(day) { grounds.insert(.daily) }
            if weeks.count < rules.weekly, !weeks.contains(week) { grounds.insert(.weekly) }
            if isMigration, migrations < rules.beforeMigration { grounds.insert(.beforeMigration) }
            result[backup.id] = grounds
            // One whose last proof failed may stay for as long as its place is free, and takes the place of none that is proved.
            guard backup.isProved else { continue }
            last += 1
            if grounds.contains(.daily) { days.insert(day) }
            if grounds.contains(.weekly) { weeks.insert(week) }
            if isMigration { migrations += 1 }
        }
        return result
    }
}

extension Timestamp {
    /// Days since 1970 in UTC.
    fileprivate var day: Int64 { milliseconds / 86_400_000 }

    /// ISO weeks since the one of 1 January 1970, which was a Thursday.
    fileprivate var week: Int64 { (day + 3) / 7 }
}
