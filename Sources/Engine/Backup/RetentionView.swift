// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import Vault

/// What the journal knows that keeps backups from going.
struct RetentionMarks: Equatable {
    /// Whose last proof failed.
    var failed: Set<BackupID> = []
    var pinned: Set<BackupID> = []
    /// What unfinished work and holds refer to.
    var needed: Set<BackupID> = []
    /// Stores that somebody is at work on: nothing of theirs goes meanwhile.
    var busy: Set<StoreID> = []
    /// Stores that were not there at the last look.
    var missing: Set<StoreID> = []

    func mark(_ candidate: inout Retention.Candidate) {
        candidate.isProved = !failed.contains(candidate.id)
        candidate.isPinned = pinned.contains(candidate.id)
        candidate.isNeeded = needed.contains(candidate.id) || busy.contains(candidate.store)
        candidate.isStoreMissing = missing.contains(candidate.store)
    }
}

extension EngineContext {
    /// The marks as they are now.
    func retentionMarks() async throws(GuardError) -> RetentionMarks {
        let now = clock()
        return try await journaling { (journal) throws(JournalError) in
            var marks = RetentionMarks()
            marks.failed = Set(try await journal.failedProofs().keys)
            marks.pinned = try await journal.pins()
            for record in try await journal.unsettled() {
                if let store = record.store { marks.busy.insert(store) }
                if let backup = record.backup { marks.needed.insert(backup) }
            }
            for hold in try await journal.holds() where hold.until.map({ $0 > now }) ?? true {
                // A hold that an operation left has its name: what it was about is not thrown away before somebody looked at it.
                guard let id = OperationID("op_" + hold.id.dropFirst("hold_".count)),
                    let record = try await journal.operation(id)
                else { continue }
                marks.needed.formUnion([record.backup, record.result?.keptState].compactMap(\.self))
            }
            let missing = try await journal.knownStores().filter {
                $0.lastSighting.state == StoreState.missing.rawValue
            }
            marks.missing = Set(missing.map(\.id))
            return marks
        }
    }
}

/// The whole vault before the rules of retention, judged again whenever the journal's marks change.
struct RetentionView {
    private let retention: Retention
    private let room: VaultRoom
    private(set) var candidates: [Retention.Candidate]
    private let lines: [BackupID: IndexEntry]
    private var marks: RetentionMarks
    private(set) var judgement: Retention.Judgement
    /// Bytes that were given back so far.
    private(set) var freedBytes: Int64 = 0

    /// Reads the vault, a store at a time so that others get at it in between.
    init(_ tools: EngineContext) async throws(GuardError) {
        let index = try await tools.reading { (vault) throws(VaultError) in try vault.index() }
        var candidates: [Retention.Candidate] = []
        for (_, lines) in Dictionary(grouping: index, by: \.store) {
            candidates += try await tools.working { (vault) throws(VaultError) in vault.candidates(lines) }
        }
        let (all, maintenance, floor) = (candidates, tools.policy.maintenance, tools.policy.minimumFree)
        room = try await tools.reading { (vault) throws(VaultError) in
            try vault.room(besides: all, budget: maintenance.budget, floor: floor)
        }
        lines = Dictionary(index.compactMap { line in line.name.map { ($0.id, line) } }) { first, _ in first }
        marks = try await tools.retentionMarks()
        for index in candidates.indices { marks.mark(&candidates[index]) }
        self.candidates = candidates
        retention = Retention(maintenance.keep)
        judgement = retention.judge(candidates, in: room)
    }

    /// Judges again what is left when `now` is not what it was judged by.
    mutating func heed(_ now: RetentionMarks) {
        guard now != marks else { return }
        marks = now
        for index in candidates.indices { marks.mark(&candidates[index]) }
        judgement = judge(candidates)
    }

    /// What the rules say of `candidates` in the room that there is now.
    func judge(_ candidates: [Retention.Candidate]) -> Retention.Judgement {
        retention.judge(
            candidates,
            in: VaultRoom(
                totalBytes: 0, freeBytes: room.freeBytes + freedBytes, otherBytes: room.otherBytes,
                budget: room.budget, floor: room.floor))
    }

    /// Where `id` lies, when it is there and is to go.
    func condemned(_ id: BackupID) -> IndexEntry? {
        guard judgement.verdicts[id]?.isRemoval == true, candidates.contains(where: { $0.id == id }) else { return nil }
        return lines[id]
    }

    /// Notes that `id` is not there any more.
    mutating func took(_ id: BackupID) {
        guard let index = candidates.firstIndex(where: { $0.id == id }) else { return }
        let gone = candidates.remove(at: index)
        let isShared = candidates.contains { $0.payload == gone.payload }
        freedBytes += gone.ownBytes + (isShared ? 0 : gone.payloadBytes)
    }

    /// The limits and what is missing to them.
    var missing: VaultFacts.Room {
        .init(
            overBudget: max(0, judgement.overBudget), budget: room.budget, shortOfFloor: max(0, judgement.shortOfFloor),
            floor: room.floor)
    }

    /// What a person should know of limits that do not hold.
    var findings: [Finding] {
        var findings: [Finding] = []
        if judgement.overBudget > 0 {
            findings.append(
                Finding(
                    code: "budgetExceeded",
                    message: """
                        the vault takes \(judgement.overBudget) bytes more than its budget of \(room.budget), and \
                        everything that is left in it has to stay
                        """))
        }
        if judgement.shortOfFloor > 0 {
            findings.append(
                Finding(
                    code: "freeSpaceShort",
                    message: """
                        \(room.floor) bytes are to stay free beside the vault and \(judgement.shortOfFloor) of them \
                        are missing; without its older backups they would be missing too, so those stay
                        """))
        }
        return findings
    }
}
