// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlServer
internal import Dementia
internal import Engine
internal import FoundationEssentials
internal import Glibc
internal import GuardConfiguration
internal import GuardCore
internal import GuardLog
internal import Journal
internal import LinuxKit
internal import Logging
internal import Releases
internal import Stores
internal import Vault
internal import Watcher

/// The engine's context, and the state directory that belongs to this process as long as this lives.
struct Runtime: ~Copyable {
    let context: EngineContext
    private let state: StateDirectory
    /// What of the state directory was put right before it was used, as sentences.
    var amendments: [String] { state.amendments }

    init(context: EngineContext, state: consuming StateDirectory) {
        self.context = context
        self.state = state
    }
}

/// Turns flags, environment and configuration into what the engine works with. The machine's clock, user, home and environment are read here and nowhere else.
struct Setup {
    private let options: CommonOptions
    let environment: [String: String]
    /// What was configured, and where.
    let loaded: LoadedConfiguration
    var settings: Settings { loaded.settings }

    /// The folders that memories are looked for in.
    var roots: [String] { settings.discover.roots }
    /// Everywhere that memories are looked for, for people: without any password.
    var places: [String] { roots + settings.postgres.connections.map(\.description) }

    init(_ options: CommonOptions) throws(GuardError) {
        try Self.refuseRoot(options)
        self.options = options
        environment = ProcessInfo.processInfo.environment
        var flags: [ConfigurationSources.Flag] = []
        guard !options.postgres.contains(where: { ConnectionText($0).holdsPassword }) else {
            throw CommandLineSecrets.refusal
        }
        // Whoever names a place means this place alone, whatever is configured.
        if !options.watch.isEmpty || !options.postgres.isEmpty || options.postgresFile != nil {
            flags.append(.init(.discoverRoots, name: "--watch", values: options.watch))
            flags.append(.init(.postgresConnections, name: "--postgres", values: options.postgres))
        }
        if !options.release.isEmpty {
            flags.append(.init(.releasesPaths, name: "--release", values: options.release))
        }
        if let mode = options.mode { flags.append(.init(.migrateMode, name: "--mode", values: [mode])) }
        if let level = options.logLevel { flags.append(.init(.logLevel, name: "--log-level", values: [level])) }
        let sources = ConfigurationSources(
            files: options.config.map { .only($0) } ?? .standard, environment: environment, flags: flags,
            connectionFile: options.postgresFile, workingDirectory: FileManager.default.currentDirectoryPath)
        do {
            loaded = try ConfigurationLoader.load(sources)
        } catch {
            throw Self.refusal(of: error)
        }
    }

    /// What a configuration with faults is answered with.
    static func refusal(of errors: ConfigurationErrors) -> GuardError {
        // What was typed just now is wrong use; what is written in files is a configuration to be mended.
        if errors.problems.allSatisfy(\.isOnCommandLine) {
            return GuardError(
                .usage, errors.problems.map(\.description).joined(separator: "; "),
                hint: "Nothing was done. See: dementiad once --help")
        }
        let count = errors.problems.count
        return GuardError(
            .configuration, count == 1 ? "the configuration is not valid" : "the configuration has \(count) faults",
            hint: "Nothing was done.", causes: errors.problems.map(\.description))
    }

    /// The daemon is the user whose data it guards, and never root. Before anything else is looked at.
    private static func refuseRoot(_ options: CommonOptions) throws(GuardError) {
        guard geteuid() != 0 || options.allowRoot else {
            throw GuardError(
                .refusesRoot, "dementiad guards a user's data as that user and does not run as root",
                hint: "Start it as the user, or as dementiad@USER.service. In a container: --allow-root.")
        }
    }

    /// The machine's.
    static let clock: WallClock = { Timestamp(Date()) }

    /// Opens journal and vault. `observe` is told what happens.
    func runtime(
        _ places: StoreProvider, observe: @escaping @Sendable (EngineContext.Event) -> Void
    ) throws(GuardError) -> Runtime {
        let state = try StateDirectory(try statePath())
        let clock = Self.clock
        let vault: Vault
        do {
            vault = try Vault(openingOrCreating: state.vault, now: clock)
        } catch {
            throw GuardError(.backupFailed, "the vault in \(state.vault) cannot be used", causes: [error.description])
        }
        let written = ChangeSignal()
        let journal: Journal
        do {
            journal = try Journal(path: state.journal, clock: clock) { if $0.moment == .after { written.ring() } }
        } catch {
            throw GuardError(.inputOutput, "the journal \(state.journal) cannot be used", causes: ["\(error)"])
        }
        do {
            let context = try EngineContext(
                journal: journal, written: written, vault: vault, catalogue: try catalogue(), policy: policy,
                clock: clock,
                scratch: state.scratch, uid: geteuid(), host: ProcessInfo.processInfo.hostName, calls: places.calls,
                open: places.open,
                observe: observe)
            return Runtime(context: context, state: state)
        } catch let error as GuardError {
            throw error
        } catch {
            throw GuardError(.internalError, "no thread could be made", causes: ["\(error)"])
        }
    }

    /// `context` by this configuration: the same journal and vault, another policy and other places.
    func context(replacing context: EngineContext, _ places: StoreProvider) throws(GuardError) -> EngineContext {
        context.with(catalogue: try catalogue(), policy: policy, open: places.open)
    }

    /// What the engine goes by.
    private var policy: EngineContext.Policy {
        var policy = EngineContext.Policy()
        policy.compressionLevel = settings.backup.level
        policy.minimumFree = settings.backup.minFree.map(Int64.init(clamping:))
        policy.maintenance.every = settings.backup.every
        policy.maintenance.drillEvery = settings.backup.drillEvery
        policy.maintenance.budget = settings.backup.budget.map(Int64.init(clamping:))
        policy.maintenance.keep = Retention.Rules(
            last: settings.backup.keep.last, daily: settings.backup.keep.daily, weekly: settings.backup.keep.weekly,
            beforeMigration: settings.backup.keep.beforeMigration)
        policy.check = settings.verify.command.map {
            CheckCommand(arguments: $0.checkArguments, timeout: settings.verify.timeout)
        }
        return policy
    }

    /// What is guarded, and what may be done without asking.
    ///
    /// - Parameter watcher: the daemon's; nil for a single pass, which tells no other daemon of its folders either
    func supervisorSettings(_ places: StoreProvider, _ watcher: Watcher? = nil) -> SupervisorSettings {
        let migrate = settings.migrate
        var settings = SupervisorSettings(
            mode: { MigrationMode(rawValue: migrate.mode(for: $0.name, id: $0.id.value).rawValue) ?? .ask },
            parallel: migrate.parallel,
            discover: { () throws(GuardError) in try await places.look() })
        settings.rescanEvery = self.settings.discover.rescanEvery
        settings.watcher = watcher
        settings.watchRules = watchRules
        if watcher != nil { settings.rivals = { await places.rivals() } }
        settings.trees = { await places.trees() }
        settings.locate = { (place) throws(GuardError) in try await places.locate(place) }
        settings.target = { (place) throws(GuardError) in try await places.target(place) }
        return settings
    }

    /// How the daemon watches the disk.
    var watchRules: WatchRules {
        var rules = WatchRules { name, folder in
            Discovery.isMemory(name, in: folder) || ReleaseFinder.isReleaseName(name)
        }
        rules.settle = settings.watch.settle
        rules.maxWait = settings.watch.maxWait
        rules.pollEvery = settings.watch.pollEvery
        rules.maxDepth = settings.discover.maxDepth
        rules.ignored = Set(settings.discover.ignore)
        return rules
    }

    /// The settings whose values differ from those of `other`.
    func changes(since other: Setup) -> [SettingKey] {
        zip(loaded.entries, other.loaded.entries).compactMap { $0.text == $1.text ? nil : $0.key }
    }

    /// Writes to the journal when systemd starts us, and to standard error otherwise.
    func logger(_ level: LogLevel) throws(GuardError) -> Logger {
        let sink: LogSink
        do {
            sink = try LogSink.standard(journalStream: environment["JOURNAL_STREAM"])
        } catch {
            throw GuardError(.inputOutput, "standard error cannot be used", causes: [error.description])
        }
        return Logger(label: "dementiad") { _ in GuardLogHandler(sink, level: level) }
    }

    /// The least severe message that is written.
    var logLevel: Logger.Level { Logger.Level(rawValue: settings.log.level.rawValue) ?? .notice }

    /// The user's folder of configurations, such as `/home/ann/.config`.
    var userConfiguration: String {
        let folder = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return folder ?? (environment["HOME"] ?? "") + "/.config"
    }

    /// The folder of drop-ins that is read last.
    var dropIns: String {
        let file = options.config.map(Self.absolute) ?? userConfiguration + "/dementiad/dementiad.yaml"
        return (file.hasSuffix(".yaml") ? String(file.dropLast(".yaml".count)) : file) + ".d"
    }

    /// Where the daemon listens.
    func socketPath(_ option: String?) throws(GuardError) -> String {
        if let option { return Self.absolute(option) }
        // Set by systemd for a unit with RuntimeDirectory=.
        let folder = environment["RUNTIME_DIRECTORY"] ?? environment["XDG_RUNTIME_DIR"].map { $0 + "/dementiad" }
        guard let folder, folder.hasPrefix("/") else {
            throw GuardError(
                .configuration, "neither --socket nor XDG_RUNTIME_DIR says where to listen", hint: "Use --socket PATH.")
        }
        do {
            try Directory.createAll(folder)
        } catch {
            throw GuardError(
                .permissionDenied, "the folder \(folder) for the socket cannot be made",
                hint: "Look at the rights of the folder above it, or name another place with --socket.",
                causes: [error.description])
        }
        return folder + "/control.sock"
    }

    private func statePath() throws(GuardError) -> String {
        if let path = options.stateDir { return Self.absolute(path) }
        // Set by systemd for a unit with StateDirectory=.
        if let path = environment["STATE_DIRECTORY"], !path.isEmpty { return path }
        if let path = environment["XDG_STATE_HOME"], path.hasPrefix("/") { return path + "/dementiad" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw GuardError(.configuration, "neither --state-dir nor HOME says where journal and vault belong")
        }
        return home + "/.local/state/dementiad"
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// The shipped migrations and those in the folders of `migrations.paths`.
    func catalogue() throws(GuardError) -> Catalogue {
        var files: [(name: String, text: String)] = []
        for folder in settings.migrations.paths {
            do {
                for name in try Directory.entries(folder).sorted() where name.hasSuffix(".sql") {
                    files.append((name, String(decoding: try OpenFile.content(of: "\(folder)/\(name)"), as: UTF8.self)))
                }
            } catch {
                throw GuardError(
                    .configuration, "the folder \(folder) of migrations.paths cannot be read",
                    causes: [error.description])
            }
        }
        do {
            return try Catalogue(dropIns: files)
        } catch {
            throw GuardError(
                .configuration, "a migration in migrations.paths cannot be used", hint: "Nothing was done.",
                causes: [error.description])
        }
    }
}

extension Command {
    /// The program and its first arguments; the memory's path follows them, as `$1` of a shell line.
    fileprivate var checkArguments: [String] {
        switch self {
        case .arguments(let arguments): arguments
        case .shell: argv + ["dementiad-check"]
        }
    }
}

extension ConfigurationProblem {
    /// Whether it stands in a flag.
    fileprivate var isOnCommandLine: Bool { if case .flag = place { true } else { false } }
}
