// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl operations`
struct OperationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations", abstract: "List, show, watch and cancel operations.",
        subcommands: [List.self, Show.self, Watch.self, Cancel.self], defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List operations, newest first.")

        @Option(
            help: ArgumentHelp("Only operations of this kind: \(Self.kinds).", valueName: "kind"),
            completion: .list(OperationKind.allCases.map(\.rawValue)))
        var kind: String?
        @Option(help: ArgumentHelp("Only operations since this time, such as 7d or 2026-01-31.", valueName: "time"))
        var since: String?
        @OptionGroup var part: ListOptions
        @OptionGroup var global: GlobalOptions

        private static let kinds = OperationKind.allCases.map(\.rawValue).joined(separator: ", ")

        func validate() throws {
            guard kind.map({ OperationKind(rawValue: $0) == nil }) != true else {
                throw ValidationError("--kind is one of \(Self.kinds).")
            }
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            let id = try await part.storeID(session.client)
            let (failed, kind) = (part.failed, kind)
            let operations = part.shown(
                try await session.client.operations(
                    of: id, since: since.map { text throws(GuardError) in try session.moment(text) },
                    atMost: part.limit + 1,
                    where: failed || kind != nil
                        ? { (!failed || $0.hasFailed) && (kind == nil || $0.kind.rawValue == kind) } : nil))
            try await session.show("operations", ItemList(operations.items)) {
                OperationText.operations(operations.items, $0, $1) + (operations.note.map { "\n\($0)" } ?? "")
            }
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
            try await session.show("operation", operation) {
                OperationText.operation(operation, isWhole: true, $0, $1)
            }
            return .done
        }
    }

    struct Watch: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait for the end of an operation, show it, and exit with its status.")

        @Argument(help: "The operation: its id, or the beginning of one.", completion: Completions.unsettled)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            try await OperationRunner(session: session).watch(Selection(client: session.client).operation(id))
        }
    }

    struct Cancel: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop an operation, if it has not reached the point of no return.")

        @Argument(help: "The operation: its id, or the beginning of one.", completion: Completions.unsettled)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let operation = try await session.client.cancel(Selection(client: session.client).operation(id))
            try await session.show("operation", operation) {
                OperationText.operation(operation, $0, $1) + "\n" + CommandText.askedToStop
            }
            return .done
        }
    }
}

extension OperationRecord {
    /// Whether the operation ended with a failure.
    fileprivate var hasFailed: Bool {
        outcome.map { [.failedUntouched, .failedRestored, .needsAttention].contains($0) } ?? false
    }
}
