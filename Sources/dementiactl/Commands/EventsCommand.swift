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
        abstract: "Show what happened, newest first, or with --follow what happens, as it happens.",
        discussion: """
            With --follow it goes on across restarts of the daemon, and says so when events are missing. With --json each event is then a \
            document on a line of its own. Ctrl-C ends it.
            """)

    @Flag(help: "Go on with what happens from now on, or since the event that --since names.")
    var follow = false
    @Option(help: ArgumentHelp("Only what came after this event, and all of that.", valueName: "id"))
    var since: Int64?
    @OptionGroup var part: ListOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard since ?? 0 >= 0 else { throw ValidationError("--since is the id of an event, or 0 for all of them.") }
    }

    /// Events, newest first.
    struct Events: Codable, Sendable {
        let items: [JournalEvent]
        /// There when the id to begin after belongs to another journal: the id of the newest event of this one.
        let gap: Int64?
    }

    func run(in session: Session) async throws(GuardError) -> Status {
        let id = try await part.storeID(session.client)
        if follow { return try await EventFollower(session: session).run(of: id, since: since) }
        let events = try await past(session.client, id)
        try session.show("events", events) { style in
            let gap = events.gap.map { CommandText.gap(newest: $0) + "\n" } ?? ""
            return gap + CommandText.entries(events.items, style)
        }
        return .done
    }

    private func past(_ client: ControlClient, _ id: StoreID?) async throws(GuardError) -> Events {
        guard let since else { return Events(items: try await client.audit(of: id, atMost: part.limit), gap: nil) }
        let newest = try await client.newestEntry()
        guard since <= newest else { return Events(items: [], gap: newest) }
        return Events(items: try await client.audit(of: id, since: since), gap: nil)
    }
}

/// Prints events as they happen.
struct EventFollower: Sendable {
    let session: Session

    /// Where a gap is: what came between the event that was asked for and this one is not known.
    struct Gap: Codable, Sendable {
        let newest: Int64
    }

    /// Ends only by throwing, or by Ctrl-C.
    func run(of store: StoreID?, since: Int64?) async throws(GuardError) -> Status {
        let console = session.console
        let last = Mutex(since)
        session.interrupt.means(.init(ends: { console.fail(CommandText.notFollowed(after: last.withLock { $0 })) }))
        try await session.client.followAudit(of: store, since: since, within: session.timeout) { news in
            switch news {
            case .connected: break
            case .entry(let entry):
                last.withLock { $0 = entry.id }
                if console.isJSON {
                    console.line("event", entry)
                } else {
                    console.line(CommandText.line(entry, console.style))
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
