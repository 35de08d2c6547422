// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import Engine
import Glibc
import GuardCore
import Journal
import LinuxKit
import Stores
import Vault

/// Runs one pass as `dementiad once` does, or one piece of work that somebody asked for, and ends itself with SIGKILL at one write of the
/// journal. The crash tests start it.
///
/// Usage: `crash-runner STATE STORE ORDINAL before|after [DROP-IN-FOLDER [CHECK [WORK]]]`. STORE is a file or a PostgreSQL URL with
/// `#SCHEMA`, WORK is `downgrade:VERSION`, `restore:BACKUP`, `context:BACKUP:LABEL`, `prune:LAST` or `transfer:URL#SCHEMA`; what is not wanted is empty. ORDINAL counts the journal's writes from 1.
/// Exit 0 says that all was over before that write; the crash tests then have walked over all of them.
@main
enum Main {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5, let ordinal = Int(arguments[3]) else { exit(64) }
        let clock: WallClock = { Timestamp(milliseconds: Int64(time(nil)) * 1000) }
        let state = try StateDirectory(arguments[1])
        let journal = try Journal(
            path: state.journal, clock: clock,
            observer: { write in
                if write.ordinal == ordinal, write.moment.rawValue == arguments[4] {
                    print(write)
                    fflush(nil)
                    kill(getpid(), SIGKILL)
                }
            })
        var policy = EngineContext.Policy()
        policy.minimumFree = 0
        if arguments.count > 6, !arguments[6].isEmpty {
            policy.check = CheckCommand(arguments: ["sh", "-c", arguments[6], "check"], timeout: .seconds(20))
        }
        if arguments.count > 7, let last = Int(arguments[7].dropFirst("prune:".count)) {
            policy.maintenance.keep = .init(last: last, daily: 0, weekly: 0, beforeMigration: 0)
            policy.maintenance.budget = .max
        }
        let work = arguments.count > 7 ? arguments[7] : ""
        let target = work.hasPrefix("transfer:") ? String(work.dropFirst("transfer:".count)) : nil
        let servers = try PostgresServers(
            (arguments[2].contains("#") ? [arguments[2]] : []) + (target.map { [$0] } ?? []))
        let file = StoreLocation(engine: .sqlite, name: arguments[2])
        let stores = arguments[2].contains("#") ? servers.look().stores : [file]
        let relay = EventRelay()
        let tools = try EngineContext(
            journal: journal, vault: Vault(openingOrCreating: state.vault, now: clock), catalogue: catalogue(arguments),
            policy: policy, clock: clock, scratch: state.scratch, uid: geteuid(), host: "crash",
            open: { (location) throws(GuardError) in
                switch location.engine {
                case .sqlite: try SQLiteStore.open(location)
                case .postgres: try servers.store(at: location)
                }
            },
            observe: relay.send)
        if arguments.count > 7, arguments[7].hasPrefix("prune:") {
            _ = try await Maintenance(tools).prune()
        } else if arguments.count > 7 {
            guard let store = stores.first, let request = request(arguments[7], store.id) else { exit(64) }
            var settings = SupervisorSettings(mode: { _ in .ask }, discover: { Discovered(locations: stores) })
            settings.target = { (place) throws(GuardError) in try servers.store(named: place) }
            try await run(request, with: EngineService(tools, settings, relay: relay))
        } else {
            let settings = SupervisorSettings(
                mode: { _ in .auto }, parallel: 1, discover: { Discovered(locations: stores) })
            _ = try await SinglePass(tools, settings, relay: relay).run()
        }
        withExtendedLifetime(state) {}
    }

    private static func run(_ request: OperationRequest, with service: EngineService) async throws {
        try await service.supervisor.recover()
        try await service.supervisor.rescan(startingWork: false)
        let record = try await service.start(request, key: nil, for: Caller(uid: geteuid(), pid: getpid()))
        let settled = try await service.operation(record.id, waiting: .seconds(60))
        if settled.outcome != .succeeded {
            print("\(settled)")
            exit(1)
        }
    }

    private static func request(_ work: String, _ store: StoreID) -> OperationRequest? {
        let parts = work.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "downgrade":
            return OperationRequest(kind: .downgrade, store: store, to: Int(parts[1]).map { .version($0) })
        case "restore": return OperationRequest(kind: .restore, store: store, backup: BackupID(parts[1]))
        case "context":
            let words = parts[1].split(separator: ":", maxSplits: 1)
            guard words.count == 2 else { return nil }
            return OperationRequest(
                kind: .restore, backup: BackupID(words[0]), context: String(words[1]), onConflict: .replace)
        case "transfer": return OperationRequest(kind: .transfer, store: store, to: .place(String(parts[1])))
        default: return nil
        }
    }

    private static func catalogue(_ arguments: [String]) throws -> Catalogue {
        guard arguments.count > 5, !arguments[5].isEmpty else { return try Catalogue() }
        let folder = arguments[5]
        return try Catalogue(
            dropIns: Directory.entries(folder).map { name in
                (name, String(decoding: try OpenFile.content(of: "\(folder)/\(name)"), as: UTF8.self))
            })
    }
}
