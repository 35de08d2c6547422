// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl wait`
struct WaitCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until memories are current, or until no operation runs.",
        discussion: """
            Ends with 0 when it is so, and with 75 when the time of --timeout is over. Without --timeout it waits as long as it takes.
            """)

    @Argument(help: "The memories; all of them when none is named.", completion: Completions.stores)
    var store: [String] = []
    @Option(
        name: .customLong("for"),
        help: "current: every memory is at the version that is needed. idle: no operation runs on them.")
    var condition = Condition.current
    @OptionGroup var global: GlobalOptions

    /// The condition that is waited for.
    enum Condition: String, ExpressibleByArgument, CaseIterable, Sendable {
        case current, idle
    }

    /// The interval at which the daemon is asked when it reports no event.
    private static let interval = Duration.seconds(1)

    func run(in session: Session) async throws(GuardError) -> Status {
        // A name that means nothing is an error at once, and a daemon that is not there is not waited for.
        let chosen = Set(try await Selection(client: session.client).stores(store).map(\.id))
        let end = session.timeout.map { ContinuousClock.now + $0 }
        let events = ChangeSignal()
        let listening = Task { [client = session.client] in
            // When it ends, the interval is left: nothing is lost but time.
            _ = try? await client.followAudit { _ in events.ring() }
        }
        defer { listening.cancel() }
        while true {
            let count = events.count
            if let stores = try await stores(chosen, session) {
                try session.show("stores", ItemList(stores)) { CommandText.stores(stores, $0) }
                return .done
            }
            if let end, ContinuousClock.now >= end { throw CommandText.stillWaiting(condition) }
            let next = ContinuousClock.now + Self.interval
            await events.wait(after: count, before: end.map { min($0, next) } ?? next)
        }
    }

    /// The stores when the condition is true for all of them; nil as long as it is not.
    private func stores(_ chosen: Set<StoreID>, _ session: Session) async throws(GuardError) -> [StoreForm]? {
        let all = try await session.client.stores()
        let stores = store.isEmpty ? all : all.filter { chosen.contains($0.id) }
        switch condition {
        case .current:
            let status = try await session.client.status()
            guard status.verdict != .starting else { return nil }
            return stores.allSatisfy { $0.state == .current } ? stores : nil
        case .idle:
            let running = try await session.client.operations(in: .running) + session.client.operations(in: .queued)
            let isBusy = running.contains { operation in
                store.isEmpty || operation.store.map(chosen.contains) ?? true
            }
            return isBusy ? nil : stores
        }
    }
}
