// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import Doctor
internal import Engine
internal import GuardCore
internal import LinuxKit
internal import Stores
internal import Watcher

/// Puts the checks together: what the engine knows, and what a look at the machine shows.
struct DiagnosticsRunner: Sendable {
    /// What the daemon runs as.
    let unit: ServiceUnit?
    /// The folder of the configuration's drop-ins.
    let dropIns: String
    /// Real paths of the watched folders.
    let trees: @Sendable () async -> Set<String>
    /// Looks at the settings of every known database.
    let databases: @Sendable () async -> [ServerCheckup]
    /// Looks at what may never answer.
    let calls: BlockingCalls

    /// Everything that is found, the worst first.
    func run(_ known: EngineFacts) async -> [Diagnosis] {
        let servers = await databases()
        let trees = await trees()
        // A place that does not answer now is found silent by the engine's own look, too.
        let told = [JournalCheck(known.journalProblem), silence(known), RivalCheck(known.rivals.map(\.message))]
            .diagnoses
        let seen = await calls.ask(nil, silentFor: .seconds(10)) { (about(known) + looked(known, trees)).diagnoses }
        return (told + (seen.value ?? []) + asked(servers, known).diagnoses).inReadingOrder
    }

    // MARK: What the engine knows

    private func silence(_ known: EngineFacts) -> any Check {
        SilenceCheck(known.silent.map { .init(message: $0.detail, hint: $0.hint, store: $0.store) })
    }

    private func about(_ known: EngineFacts) -> [any Check] {
        [
            WatchCheck(
                known.watching.problems.sorted { $0.path < $1.path }.map(WatchCheck.Problem.init),
                watches: known.watching.watches),
            RoomCheck(
                overBudget: known.vault.room.overBudget, budget: known.vault.room.budget,
                shortOfFloor: known.vault.room.shortOfFloor,
                floor: known.vault.room.floor, vault: known.vault.path, dropIns: dropIns),
            StoreCheck(
                known.stores, kept: known.vault.kept.mapValues { .init(project: $0.project, sizeBytes: $0.sizeBytes) },
                now: known.now, startedAt: known.startedAt
            ) { path in
                (try? FileStatus(of: Directory.parent(of: path)))?.kind == .directory
            },
            SharedSchemaCheck(known.stores) { ProjectSchema.name(of: $0) },
            ReleaseCheck(known.releases, findings: known.releaseFindings), ScanCheck(known.scanFindings),
            VaultCheck(
                known.vault.backups.map {
                    .init(
                        id: $0.id, store: $0.store, createdAt: $0.createdAt, provedAt: $0.provedAt, isBad: $0.isBad)
                },
                known.vault.damages.map { .init(path: $0.path, reason: $0.reason) }, drillEvery: known.vault.drillEvery,
                now: known.now, attic: Directory.parent(of: known.vault.path) + "/damaged"),
            HoldCheck(known.holds, now: known.now),
        ]
    }

    // MARK: What a look shows

    private func looked(_ known: EngineFacts, _ trees: Set<String>) -> [any Check] {
        let files = known.stores.filter { $0.engine == .sqlite && ![.missing, .notAnswering].contains($0.state) }
        return [
            WritingCheck(unwritable(files, known, trees), unit: unit),
            LocationCheck(remote(files, known)),
            WALCheck(files.compactMap(log)),
            ServerCheck(
                ServerProcess.running(),
                installations: known.releases.compactMap(installation),
                changes: files.compactMap { store in
                    known.changedAt[store.id].map { .init(store: store.id, location: store.location, at: $0) }
                }),
        ]
    }

    private func unwritable(
        _ files: [StoreForm], _ known: EngineFacts, _ trees: Set<String>
    ) -> [WritingCheck.Place] {
        let probe = WritingProbe()
        func place(_ path: String, _ purpose: WritingCheck.Purpose) -> WritingCheck.Place? {
            let folder = trees.first { (path + "/").hasPrefix($0 + "/") } ?? Directory.parent(of: path)
            return probe.obstacle(at: path).map { .init(path, purpose, $0, in: folder) }
        }
        let state = [known.vault.path, known.scratch].compactMap { place($0, .state) }.prefix(1)
        return state
            + files.compactMap { store in
                // Beside the file, SQLite makes its log or journal.
                place(store.location, .store(store.id))
                    ?? place(Directory.parent(of: store.location), .store(store.id))
            }
    }

    private func remote(_ files: [StoreForm], _ known: EngineFacts) -> [LocationCheck.Place] {
        func place(_ path: String, _ store: StoreID?) -> LocationCheck.Place? {
            guard let filesystem = try? Filesystem(holding: path), !filesystem.isLocal else { return nil }
            return .init(path, on: filesystem.type, store: store)
        }
        return [place(known.vault.path, nil)].compactMap(\.self) + files.compactMap { place($0.location, $0.id) }
    }

    /// The log of a memory, when it is large. The memory itself is never opened.
    private func log(_ store: StoreForm) -> WALCheck.Log? {
        let path = store.location
        guard let log = try? FileStatus.ifPresent(path + "-wal"), log.size >= WALCheck.large,
            let database = try? FileStatus.ifPresent(path)
        else { return nil }
        let pids = OpenHolders.find(device: log.device, inode: log.inode)
        return .init(
            database: path, store: store.id, bytes: log.size, databaseBytes: database.size,
            holders: pids.map { .init(pid: $0.pid, name: $0.command) })
    }

    /// When the files of a release's server changed last.
    private func installation(_ release: ReleaseForm) -> ServerCheck.Installation? {
        let changed = ServerProcess.files.compactMap { name in
            (try? FileStatus.ifPresent("\(release.path)/\(name)"))?.modifiedNanoseconds
        }
        return changed.max().map {
            .init(path: release.path, changedAt: Timestamp(milliseconds: $0 / 1_000_000))
        }
    }

    // MARK: What servers answer

    private func asked(_ servers: [ServerCheckup], _ known: EngineFacts) -> [any Check] {
        // What was in the way at the last look may be mended: servers have just been asked.
        let settings = known.unreached.filter { [.configuration, .inputOutput, .pathNotText].contains($0.code) }
        return [
            UnreachedCheck(settings + servers.compactMap { $0.problem.map { Problem($0) } }),
            PostgresCheck(servers.filter { $0.problem == nil }.map(PostgresCheck.Database.init)),
        ]
    }
}

extension WatchCheck.Problem {
    fileprivate init(_ problem: WatchProblem) {
        let limits = [WatchCheck.Limit.watches, .instances]
        self.init(
            path: problem.path, message: problem.message, limit: limits.first { $0.name == problem.limit })
    }
}

extension PostgresCheck.Database {
    fileprivate init(_ server: ServerCheckup) {
        self.init(
            address: server.address,
            connection: [("host", server.host), ("port", server.port), ("dbname", server.database)])
        user = server.user
        isPooled = server.isPooled
        mayCreateDatabases = server.mayCreateDatabases
        searchPaths = server.searchPaths.map { .init(role: $0.role, database: $0.database, value: $0.value) }
        hasMemoryInPublic = server.schemas.contains("public")
        schemas = server.schemas.filter { $0 != "public" }
    }
}
