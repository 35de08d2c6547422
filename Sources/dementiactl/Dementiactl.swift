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
            STORE is the name of a memory (its project), its folder or file, or its id. A VERSION is one of Dementia, such as 4.1, or the \
            number of a schema.

            Is everything safe:   dementiactl status
            What would change:    dementiactl plan
            Upgrade:              dementiactl migrate STORE
            What happened:        dementiactl history STORE
            Back to a version:    dementiactl downgrade STORE --to VERSION
            Back to a backup:     dementiactl restore STORE
            Undo the way back:    dementiactl undo STORE
            Back up now:          dementiactl backup create STORE
            Move to PostgreSQL:   dementiactl transfer STORE --to URL#SCHEMA --dry-run
            Find what is wrong:   dementiactl doctor

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
            RestoreCommand.self, UndoCommand.self, SearchCommand.self, DiffCommand.self, LogCommand.self,
            OperationsCommand.self, EventsCommand.self, WaitCommand.self, HoldCommand.self, AuditCommand.self,
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

    @Flag(name: [.long, .customShort("y")], help: "Do not ask before a change that is hard to undo.")
    var yes = false

    @Flag(name: [.long, .customShort("q")], help: "No progress, and nothing but the result.")
    var quiet = false

    @Flag(name: [.long, .customShort("v")], help: "Show everything, and not only the parts that matter.")
    var verbose = false

    @Flag(help: "With --json: tell progress on standard error, one JSON object a line.")
    var progress = false

    @Flag(name: .customLong("no-wait"), help: "Start the operation and do not wait for its end.")
    var noWait = false

    @Option(help: ArgumentHelp("Wait at most this long, such as 90s or 5m. The operation goes on.", valueName: "time"))
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

/// The option of plans and lists that makes findings an exit status.
struct ExitCodeOption: ParsableArguments {
    @Flag(help: "Exit with 3 when something is to be done or to be examined.")
    var exitCode = false
}

/// The part of a list that is wanted.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only entries of this memory.", valueName: "store"), completion: Completions.stores)
    var store: String?
    @Flag(help: "Only failures.")
    var failed = false
    @Option(help: ArgumentHelp("At most this many.", valueName: "count"))
    var limit = 50

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number from 1 upwards.") }
    }

    /// The id of the store, when one is named.
    func storeID(_ client: ControlClient) async throws(GuardError) -> StoreID? {
        guard let store else { return nil }
        return try await Selection(client: client).store(store).id
    }
}

/// A moment on the command line: a time before now such as `7d`, a date, or a moment in RFC 3339.
struct MomentText {
    /// - Parameters:
    ///   - sign: -1 for a time before `now`, 1 for a time after it
    static func parse(_ text: String, from now: Timestamp, sign: Int64) throws(GuardError) -> Timestamp {
        if let time = Duration(text: text), text.last?.isNumber == false {
            return Timestamp(milliseconds: now.milliseconds + sign * time.components.seconds * 1000)
        }
        let isDate = text.count == 10 && text.split(separator: "-").count == 3
        guard let moment = Timestamp(rfc3339: isDate ? "\(text)T00:00:00Z" : text) else {
            throw CommandText.badMoment(text)
        }
        return moment
    }
}

extension ListOptions {
    /// The first `limit` of `items`, and the note that more exist; one more than `limit` is asked for to know that.
    func shown<Item>(_ items: [Item]) -> (items: [Item], note: String?) {
        guard items.count > limit else { return (items, nil) }
        return (Array(items.prefix(limit)), "Only the newest \(limit) are shown. Show more: --limit \(limit * 4)")
    }
}
