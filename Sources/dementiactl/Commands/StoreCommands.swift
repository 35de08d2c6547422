// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl stores`
struct StoresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stores",
        abstract: "List the stores that are guarded, show one, add or drop one, look for new ones.",
        subcommands: [List.self, Show.self, Adopt.self, Forget.self, Rescan.self], defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the stores.")

        @OptionGroup var findings: ExitCodeOption
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let stores = try await session.client.stores()
            try session.show("stores", ItemList(stores)) { CommandText.stores(stores, $0) }
            return findings.exitCode && stores.contains { $0.state != .current } ? .findings : .done
        }
    }

    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show one store.")

        @Argument(help: "The store: its id, the beginning of one, or its path.", completion: Completions.stores)
        var store: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let id = try await Selection(client: session.client).store(store).id
            let store = try await session.client.store(id)
            try session.show("store", store) { CommandText.store(store, $0) }
            return .done
        }
    }

    struct Adopt: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Guard a store that lies outside of the watched folders, or one that was forgotten.")

        @Argument(
            help: ArgumentHelp(
                "The SQLite file, or the schema as URL#SCHEMA of a server that is configured.", valueName: "place"),
            completion: .file())
        var place: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let store = try await session.client.adopt(try Place.name(place))
            try session.show("store", store) { CommandText.store(store, $0) }
            return .done
        }
    }

    struct Forget: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Guard a store no longer. It stays where it is, and so do its backups.",
            discussion: "Says what is no longer done for it and asks.")

        @Argument(help: "The store: its id, the beginning of one, or its path.", completion: Completions.stores)
        var store: String
        @OptionGroup var global: GlobalOptions

        struct Forgotten: Codable, Sendable {
            let forgotten: StoreID
            let location: String
            /// How many backups of it stay in the vault.
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
            abstract: "Examine every watched folder now, and describe every store that is found.",
            discussion: "Comes back when every folder was examined and every store that was found is described.")

        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            try await OperationRunner(session: session).run(OperationRequest(kind: .rescan), named: "rescan")
        }
    }
}
