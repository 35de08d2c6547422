// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores

/// What the supervisor knows of one memory, and the memory's queue.
struct StoreEntry: Sendable {
    /// Everything that touches the memory waits here.
    let queue: StoreQueue
    /// Where it is, once work on it has begun.
    var location: StoreLocation?
    /// How it stood at the last look; nil when it was never seen.
    var form: StoreForm?
    /// When it was looked at last.
    var seenAt: Timestamp?
    /// Why the last look at it came to nothing: journal or vault could not be used. nil when it did not.
    var lookFailure: GuardError?
    /// What its files looked like before the last look at them.
    var footprint: FileSignature?
    /// What a person decided about the place.
    var override: StoreChoice?
    /// The releases that it was backed up for.
    var preparedFor: String?
    /// How often in a row its operations could not go on.
    var backOff = RetryDelay()
    /// Whether something was to be done about it while an operation was at work on it.
    var needsReconcile = false
    /// The operation on it that this process ended last.
    var lastOperation: OperationRecord?
    /// The place in line that its migration has, when it has one.
    var place: Turnstile.Place?
    /// What does not answer, and since when; nil while it answers.
    var silence: Silence?

    /// Remembers since when the memory does not answer, by what a look was `refused` for. What is to be told of that, once.
    mutating func note(_ refused: GuardError?, at now: Timestamp) -> Notice? {
        guard let refused, refused.code == .notAnswering else {
            defer { silence = nil }
            return silence == nil ? nil : form.map(Notice.storeAnswers)
        }
        guard silence?.error.message != refused.message else { return nil }
        silence = Silence(error: refused, since: now)
        return .notAnswering(refused)
    }

    /// Something about a memory that does not come back.
    struct Silence: Sendable {
        /// What is waited for, and what to do.
        let error: GuardError
        let since: Timestamp
    }
}

/// Every memory that is known or worked on, by its id.
struct StoreRegistry: Sendable {
    private var entries: [StoreID: StoreEntry] = [:]
    private let clock: WallClock
    /// How long a turn may be silent before the memory counts as one that does not answer.
    var patience: Duration

    init(clock: @escaping WallClock, patience: Duration) {
        self.clock = clock
        self.patience = patience
    }

    /// The entry of `id`, made when there is none.
    subscript(_ id: StoreID) -> StoreEntry {
        get { entries[id] ?? StoreEntry(queue: StoreQueue(clock: clock)) }
        set { entries[id] = newValue }
    }

    /// The queue of `id`, which stays the same one for the life of the process.
    mutating func queue(of id: StoreID) -> StoreQueue {
        if entries[id] == nil { entries[id] = self[id] }
        return self[id].queue
    }

    /// The memories that were seen, as they are shown, by place.
    var forms: [StoreForm] {
        entries.values.compactMap(shown).sorted { $0.location < $1.location }
    }

    /// How `id` is shown; nil when it was never seen.
    func form(_ id: StoreID) -> StoreForm? { entries[id].flatMap(shown) }

    private func shown(_ entry: StoreEntry) -> StoreForm? {
        let isSilent = isSilent(entry)
        guard var form = entry.form else {
            // One that has not answered since it was found is shown all the same.
            guard isSilent, let location = entry.location else { return nil }
            let parts = location.name.split { $0 == "/" || $0 == "#" }
            let project = location.engine == .sqlite ? parts.dropLast().last : parts.last
            return StoreForm(
                location: location, project: project.map(String.init) ?? location.name, state: .notAnswering,
                sizeBytes: 0)
        }
        if isSilent { form.state = .notAnswering }
        return form
    }

    /// Whether the work on the memory does not come back: nothing is heard of it, and its thread neither computes nor calls anything. Work
    /// that waits for the vault, or for its turn among migrations, is none of that.
    private func isSilent(_ entry: StoreEntry) -> Bool {
        guard let turn = entry.queue.turn, let location = entry.location ?? entry.form?.place else { return false }
        // Asked in any case: the thread's silence is counted from the first question.
        let silence = WorkerThreads.silence(about: location.name)
        return turn.silence >= patience && silence >= patience
    }

    /// The same, of the memory `id`.
    func isSilent(_ id: StoreID) -> Bool { entries[id].map(isSilent) ?? false }

    /// The ids of all entries, seen or not.
    var ids: [StoreID] { entries.keys.sorted() }

    /// The memories that were seen.
    var seen: [StoreLocation] { entries.values.compactMap { $0.form?.place }.sorted { $0.name < $1.name } }

    /// What people decided about places.
    var overrides: [StoreChoice] { entries.values.compactMap(\.override) }

    /// Replaces what people decided.
    mutating func setOverrides(_ choices: [StoreChoice]) {
        for id in entries.keys { entries[id]?.override = nil }
        for choice in choices { self[choice.id].override = choice }
    }

    /// Forgets what was seen of `id`; its queue and what was decided about it stay.
    mutating func forget(_ id: StoreID) {
        let entry = self[id]
        entries[id] = StoreEntry(queue: entry.queue, override: entry.override)
    }

    /// Why memories do not answer, with what is waited for and since when: a look that said so, or a turn that has been silent.
    var silences: [GuardError] {
        entries.values.compactMap { entry -> (String, GuardError)? in
            guard let location = entry.form?.place ?? entry.location else { return nil }
            if let silence = entry.silence {
                let error = silence.error
                return (
                    location.name,
                    GuardError(
                        .notAnswering, "\(error.message); so since \(silence.since)", store: error.store,
                        hint: error.hint)
                )
            }
            guard isSilent(entry), let turn = entry.queue.turn else { return nil }
            return (location.name, Self.error(location, turn))
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Whether nothing has its turn at any memory.
    var isIdle: Bool { entries.values.allSatisfy { $0.queue.turn == nil } }

    /// Whether everything that has its turn does not answer.
    var isIdleOrSilent: Bool { entries.values.allSatisfy { $0.queue.turn == nil || isSilent($0) } }

    /// What has its turn, in words.
    var turns: [String] {
        entries.sorted { $0.key < $1.key }.compactMap { id, entry in
            guard let turn = entry.queue.turn else { return nil }
            let place = entry.form?.location ?? entry.location?.name ?? id.value
            return switch turn.occupant {
            case .operation(let operation): "\(operation) at \(place), since \(turn.since)"
            case .maintenance: "a look or a backup at \(place), since \(turn.since)"
            }
        }
    }

    /// Why nobody got a turn at `queue`, the one of the memory at `location`.
    static func refusal(of location: StoreLocation, _ queue: StoreQueue) -> GuardError {
        if let other = queue.operation {
            return GuardError(
                .storeBusy, "another operation, \(other), is at work on this memory", store: location.id,
                hint: "Wait for it with: dementiactl operations watch \(other)")
        }
        guard let turn = queue.turn else {
            return GuardError(
                .storeBusy, "dementiad itself was at work on this memory for too long", store: location.id,
                hint: "Ask again.")
        }
        return error(location, turn)
    }

    /// Why nobody else gets at the memory at `location`.
    static func error(_ location: StoreLocation, _ turn: StoreQueue.Turn) -> GuardError {
        let what =
            switch turn.occupant {
            case .operation(let id): "the operation \(id)"
            case .maintenance: "a look at it, or a backup of dementiad's own,"
            }
        let hint =
            location.engine == .sqlite
            ? "The others are guarded meanwhile. Look at its filesystem: findmnt -T '\(location.name)'"
            : "The others are guarded meanwhile. Look at its server: pg_stat_activity, and the server's log."
        return GuardError(
            .notAnswering, "\(location.name) does not answer: \(what) began at \(turn.since) and does not come back",
            store: location.id, hint: hint)
    }
}
