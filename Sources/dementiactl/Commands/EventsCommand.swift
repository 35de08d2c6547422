// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Synchronization
internal import Terminal

/// `dementiactl events`
struct EventsCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show the events, newest first, or with --follow each event as it happens.",
        discussion: """
            --follow continues across restarts of the daemon, and reports missing events. With --json each event is then a document on a \
            line of its own. It ends with Ctrl-C or with its reader.
            """)

    @Flag(help: "Show each event as it happens, beginning now or after --since.")
    var follow = false
    @Option(
        help: ArgumentHelp("Only events after this one, or since this time, such as 7d.", valueName: "id-or-time"))
    var since: String?
    @OptionGroup var filter: EntryFilter
    @OptionGroup var part: ListOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard since.flatMap({ Int64($0) }) ?? 0 >= 0 else {
            throw ValidationError("--since is the id of an event, 0 for all of them, or a time.")
        }
    }

    /// Events, newest first.
    struct Events: Codable, Sendable {
        let items: [JournalEvent]
        /// The id of the newest event of this journal, when the id to begin after belongs to another journal.
        let gap: Int64?
    }

    func run(in session: Session) async throws(GuardError) -> Status {
        if follow {
            let store = try await part.storeID(session.client)
            let wanted = try await filter.predicate(failed: part.failed, session.client)
            let start = try await start(session)
            return try await EventFollower(session: session, isWanted: wanted).run(of: store, since: start)
        }
        let (events, note) = try await past(session)
        try await session.show("events", events) { memories, style in
            let gap = events.gap.map { CommandText.gap(newest: $0) + "\n" } ?? ""
            return gap + CommandText.entries(events.items, memories, style) + (note.map { "\n\($0)" } ?? "")
        }
        return .done
    }

    /// The event after which `--follow` begins; nil for now.
    private func start(_ session: Session) async throws(GuardError) -> Int64? {
        guard let since else { return nil }
        if let id = Int64(since) { return id }
        let moment = try session.moment(since)
        let older = try await session.client.audit(atMost: 1) { $0.at < moment }
        return older.first?.id ?? 0
    }

    private func past(_ session: Session) async throws(GuardError) -> (Events, note: String?) {
        var part = part
        var (first, moment): (Int64, Timestamp?) = (0, nil)
        if let since {
            if let id = Int64(since) {
                let newest = try await session.client.newestEntry()
                guard id <= newest else { return (Events(items: [], gap: newest), nil) }
                first = id
                // A script that asks for everything after an event gets everything.
                part.limit = .max - 1
            } else {
                moment = try session.moment(since)
            }
        }
        let (items, note) = try await filter.entries(part, since: first, from: moment, session)
        return (Events(items: items, gap: nil), note)
    }
}

/// Prints events as they happen.
struct EventFollower: Sendable {
    let session: Session
    /// Whether an event is printed; nil when all of them are.
    let isWanted: (@Sendable (JournalEvent) -> Bool)?

    /// A gap: the events between the one that was asked for and this one are not known.
    struct Gap: Codable, Sendable {
        let newest: Int64
    }

    /// Ends only by throwing, or by Ctrl-C.
    func run(of store: StoreID?, since: Int64?) async throws(GuardError) -> Status {
        let console = session.console
        let last = Mutex(since)
        let memories = console.isJSON ? Memories() : await session.memories()
        let reader = console.endsWithReader()
        defer { reader.cancel() }
        session.interrupt.means(.init(ends: { console.fail(CommandText.notFollowed(after: last.withLock { $0 })) }))
        try await session.client.followAudit(of: store, since: since, within: session.timeout) { news in
            switch news {
            case .connected: break
            case .entry(let entry):
                last.withLock { $0 = entry.id }
                guard isWanted?(entry) != false else { return }
                if console.isJSON {
                    console.line("event", entry)
                } else {
                    console.line(CommandText.line(entry, memories, console.style))
                }
            case .gap(let newest):
                last.withLock { $0 = newest }
                if console.isJSON {
                    console.line("gap", Gap(newest: newest))
                } else {
                    console.line(CommandText.gap(newest: newest))
                }
            }
        }
        return .done
    }
}
