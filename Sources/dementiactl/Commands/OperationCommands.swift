// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl operations`
struct OperationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations", abstract: "List the work that was done and is being done, watch it, stop it.",
        subcommands: [List.self, Show.self, Watch.self, Cancel.self], defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List operations, newest first.")

        @OptionGroup var part: ListOptions
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let id = try await part.storeID(session.client)
            let operations = try await session.client.operations(of: id, atMost: part.limit)
            try session.show("operations", ItemList(operations)) { CommandText.operations(operations, $0) }
            return .done
        }
    }

    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show one operation.")

        @Argument(help: "The operation: its id, or the beginning of one.", completion: Completions.operations)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let operation = try await session.client.operation(Selection(client: session.client).operation(id))
            try session.show("operation", operation) { CommandText.operation(operation, $0) }
            return .done
        }
    }

    struct Watch: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait for an operation, show how it ended, and exit as it did.")

        @Argument(help: "The operation: its id, or the beginning of one.", completion: Completions.unsettled)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            try await OperationRunner(session: session).watch(Selection(client: session.client).operation(id))
        }
    }

    struct Cancel: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask an operation to stop. After the point of no return it is too late.")

        @Argument(help: "The operation: its id, or the beginning of one.", completion: Completions.unsettled)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let operation = try await session.client.cancel(Selection(client: session.client).operation(id))
            try session.show("operation", operation) { CommandText.operation(operation, $0) + "\n" + CommandText.askedToStop }
            return .done
        }
    }
}

/// `dementiactl hold`
struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Pause what the daemon does by itself. Explicit commands work all the same.",
        subcommands: [Add.self, List.self, Remove.self], defaultSubcommand: List.self)

    struct Add: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Pause automation for a store, or for everything.")

        @Argument(help: "The store; everything when none is named.", completion: Completions.stores)
        var store: String?
        @Option(
            help: ArgumentHelp("When it ends by itself: a time such as 2h, or a moment in RFC 3339.", valueName: "time")
        )
        var until: String?
        @Option(help: "Why, for whoever finds it.")
        var reason: String?
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            var id: StoreID?
            if let store { id = try await Selection(client: session.client).store(store).id }
            let hold = try await session.client.addHold(
                HoldRequest(store: id, until: try moment(session.console.style.now), reason: reason))
            try session.show("hold", hold) { CommandText.holds([hold], $0) }
            return .done
        }

        private func moment(_ now: Timestamp) throws(GuardError) -> Timestamp? {
            guard let until else { return nil }
            if let time = Duration(text: until) {
                return Timestamp(milliseconds: now.milliseconds + time.components.seconds * 1000)
            }
            // As RFC 3339 has it the fraction may be left out.
            let whole = until.hasSuffix("Z") ? until.dropLast() + ".000Z" : until[...]
            guard let moment = Timestamp(until) ?? Timestamp(whole) else { throw CommandText.badMoment(until) }
            return moment
        }
    }

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List what is on hold.")

        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let holds = try await session.client.holds()
            try session.show("holds", ItemList(holds)) { CommandText.holds(holds, $0) }
            return .done
        }
    }

    struct Remove: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "End a hold.")

        @Argument(help: "The hold's id.", completion: Completions.holds)
        var id: String
        @OptionGroup var global: GlobalOptions

        struct Removed: Codable, Sendable {
            let removed: String
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            try await session.client.removeHold(id)
            try session.show("hold", Removed(removed: id)) { _ in "\(id) is removed." }
            return .done
        }
    }
}
