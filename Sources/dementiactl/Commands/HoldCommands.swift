// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl hold`
struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Pause everything that the daemon does without a command. Commands work all the same.",
        subcommands: [Add.self, List.self, Remove.self], defaultSubcommand: List.self)

    struct Add: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Put a memory, or every memory, on hold.")

        @Argument(help: "The memory; every memory when none is named.", completion: Completions.stores)
        var store: String?
        @Option(
            help: ArgumentHelp(
                "When the hold ends: after a time such as 2h, or at a moment in RFC 3339.", valueName: "time")
        )
        var until: String?
        @Option(help: "The reason, for everyone who sees the hold.")
        var reason: String?
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            var id: StoreID?
            if let store { id = try await Selection(client: session.client).store(store).id }
            let moment = try until.map { text throws(GuardError) in
                try MomentText.parse(text, from: Console.now(), sign: 1)
            }
            let hold = try await session.client.addHold(HoldRequest(store: id, until: moment, reason: reason))
            try await session.show("hold", hold) { CommandText.held(hold, $0, $1) }
            return .done
        }
    }

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the holds.")

        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let holds = try await session.client.holds()
            try await session.show("holds", ItemList(holds)) { CommandText.holds(holds, $0, $1) }
            return .done
        }
    }

    struct Remove: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "End the hold of a memory, or every hold.")

        @Argument(help: "The memory, or the id of a hold.", completion: Completions.holds)
        var name: String?
        @Flag(help: "Every hold.")
        var all = false
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard all != (name != nil) else { throw ValidationError("Name a memory or a hold, or give --all.") }
        }

        struct Removed: Codable, Sendable {
            /// The id of the hold that was named; nil for those of a memory, and for all.
            let removed: String?
            let holds: [Hold]
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            let holds = try await session.client.holds()
            let chosen = try await chosen(holds, session)
            for hold in chosen { try await session.client.removeHold(hold.id) }
            let removed = Removed(removed: chosen.count == 1 ? chosen.first?.id : nil, holds: chosen)
            try await session.show("hold", removed) { memories, _ in CommandText.released(chosen, memories) }
            return .done
        }

        private func chosen(_ holds: [Hold], _ session: Session) async throws(GuardError) -> [Hold] {
            guard let name else { return holds }
            if let hold = holds.first(where: { $0.id == name }) { return [hold] }
            let store = try await Selection(client: session.client).store(name)
            let own = holds.filter { $0.store == store.id }
            guard !own.isEmpty else {
                throw CommandText.notHeld(store, isHeldWithAll: holds.contains { $0.store == nil })
            }
            return own
        }
    }
}
