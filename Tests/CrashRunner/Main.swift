// SPDX-License-Identifier: MIT

import Dementia
import Engine
import Glibc
import GuardCore
import Journal
import LinuxKit
import Stores
import Vault

/// Runs one pass as `dementiad once` does, and ends itself with SIGKILL at one write of the journal. The crash tests start it.
///
/// Usage: `crash-runner STATE STORE ORDINAL before|after [DROP-IN-FOLDER [CHECK]]`. ORDINAL counts the journal's writes from 1. Exit 0
/// says that the pass was over before that write; the crash tests then have walked over all of them.
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
        var policy = Toolbox.Policy()
        policy.minimumFree = 0
        if arguments.count > 6 {
            policy.check = CheckCommand(arguments: ["sh", "-c", arguments[6], "check"], timeout: .seconds(20))
        }
        let tools = try Toolbox(
            journal: journal, vault: Vault(openingOrCreating: state.vault, now: clock), catalogue: catalogue(arguments),
            policy: policy, clock: clock, scratch: state.scratch, uid: geteuid(), host: "crash",
            open: { (location) throws(GuardError) in try SQLiteStore.open(location) })
        let pass = Pass(tools, mode: .auto)
        let recovered = try await pass.recover()
        _ = try await pass.run(
            over: [StoreLocation(engine: .sqlite, name: arguments[2])], recovered: recovered)
        withExtendedLifetime(state) {}
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
