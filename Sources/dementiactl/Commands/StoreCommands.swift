// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl stores`
struct StoresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stores",
        abstract: "List the memories that are guarded, show one, add or drop one, look for new ones.",
        subcommands: [List.self, Show.self, Adopt.self, Forget.self, Rescan.self], defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the memories.")

        @OptionGroup var findings: ExitCodeOption
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let stores = try await session.client.stores()
            try session.show("stores", ItemList(stores)) { CommandText.stores(stores, $0) }
            return findings.exitCode && stores.contains { $0.state != .current } ? .findings : .done
        }
    }

    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show one memory.")

        @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
        var store: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let id = try await Selection(client: session.client).store(store).id
            let store = try await session.client.store(id)
            try await session.show("store", store) { CommandText.store(store, $0, $1) }
            return .done
        }
    }

    struct Adopt: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Guard a memory outside of the watched folders, or one that was forgotten.")

        @Argument(
            help: ArgumentHelp(
                "The SQLite file, its folder, or the schema as URL#SCHEMA of a server that is configured.",
                valueName: "place"),
            completion: .file())
        var place: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let store = try await session.client.adopt(try Place.memory(place))
            try await session.show("store", store) { CommandText.store(store, $0, $1) }
            return .done
        }
    }

    struct Forget: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop guarding a memory. The memory and its backups stay.",
            discussion: "Shows the consequences and asks.")

        @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
        var store: String
        @OptionGroup var global: GlobalOptions

        struct Forgotten: Codable, Sendable {
            let forgotten: StoreID
            let location: String
            /// The number of backups that stay in the vault.
            let backups: Int
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            let chosen = try await Selection(client: session.client).store(store)
            let backups = try await session.client.backups(of: chosen.id)
            try Confirmation(session: session).obtain(
                for: CommandText.forgetting(chosen, backups: backups.count),
                command: "dementiactl stores forget \(chosen.id)", look: "dementiactl stores show \(chosen.id)")
            try await session.client.forget(chosen.id)
            let forgotten = Forgotten(forgotten: chosen.id, location: chosen.location, backups: backups.count)
            try session.show("forgotten", forgotten) { _ in CommandText.forgotten(chosen, backups: backups.count) }
            return .done
        }
    }

    struct Rescan: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Examine every watched folder and server now.",
            discussion: "Ends when every folder and server was examined and every memory that was found is described.")

        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            try await OperationRunner(session: session).run(OperationRequest(kind: .rescan), named: "rescan")
        }
    }
}
