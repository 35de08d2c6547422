// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl`: asks and directs the daemon.
struct Dementiactl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dementiactl",
        abstract: "Look after Dementia memories: see how they stand, back up, migrate, go back, restore.",
        discussion: """
            STORE is a store's id, the beginning of one, or its path.

            A first look:       dementiactl status
            What would happen:  dementiactl plan
            Upgrade:            dementiactl migrate STORE
            Go back:            dementiactl downgrade STORE --to N
            A backup by hand:   dementiactl backup create STORE
            Restore one:        dementiactl restore ID
            Or the newest good: dementiactl restore STORE
            To PostgreSQL:      dementiactl transfer STORE --to URL#SCHEMA --dry-run
            What happens now:   dementiactl status --watch

            Exit status: 0 done or nothing to do, 1 failed, 3 findings or pending (with --exit-code), 4 failed and restored, \
            5 needs attention, 6 verification failed, 7 no backup possible, 8 failed and untouched, 10 not found, 11 busy, \
            12 not permitted, 13 confirmation needed, 14 not a store that may be migrated, 15 transferred with rejected rows, \
            64 wrong use, 69 no daemon, 75 timed out and going on, 78 configuration not valid, 130 interrupted. A command \
            that is done and whose output nobody reads any more (| head) ends by SIGPIPE, which a shell shows as 141.
            """,
        version: ProductVersion.current,
        subcommands: [
            StatusCommand.self, StoresCommand.self, PlanCommand.self, MigrateCommand.self, DowngradeCommand.self,
            RepairCommand.self, TransferCommand.self, VerifyCommand.self, HistoryCommand.self, BackupCommand.self,
            RestoreCommand.self, SearchCommand.self, DiffCommand.self, LogCommand.self, OperationsCommand.self,
            EventsCommand.self, HoldCommand.self, AuditCommand.self,
            ReleasesCommand.self, DoctorCommand.self,
            ConfigCommand.self, DaemonCommand.self, VersionCommand.self,
        ]
    )
}

/// When to use colours.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}

/// The options that every verb has.
struct GlobalOptions: ParsableArguments {
    @Flag(help: "Print one JSON document, on success and on failure.")
    var json = false

    @Option(help: ArgumentHelp("Talk to the daemon at this socket.", valueName: "path"), completion: .file())
    var socket: String?

    @Flag(name: [.long, .customShort("y")], help: "Do not ask before something is changed that is hard to get back.")
    var yes = false

    @Flag(name: [.long, .customShort("q")], help: "No progress, and nothing but the result.")
    var quiet = false

    @Flag(help: "With --json: tell progress on standard error, one JSON object a line.")
    var progress = false

    @Flag(name: .customLong("no-wait"), help: "Start the work and do not wait for it.")
    var noWait = false

    @Option(help: ArgumentHelp("Wait at most this long, such as 90s or 5m. The work goes on.", valueName: "time"))
    var timeout: TimeText?

    @Option(help: "Colours: auto, always or never.")
    var color = ColorChoice.auto
}

/// A time on the command line.
struct TimeText: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = Duration(text: argument) else { return nil }
        self.duration = duration
    }
}

/// What plans and lists have in common.
struct ExitCodeOption: ParsableArguments {
    @Flag(help: "Exit with 3 when there is something to do or to look at.")
    var exitCode = false
}

/// Which part of a list is wanted.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only what concerns this store.", valueName: "store"), completion: Completions.stores)
    var store: String?
    @Option(help: ArgumentHelp("At most this many.", valueName: "count"))
    var limit = 50

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number from 1 upwards.") }
    }

    /// The store that is meant, when one is.
    func storeID(_ client: ControlClient) async throws(GuardError) -> StoreID? {
        guard let store else { return nil }
        return try await Selection(client: client).store(store).id
    }
}
