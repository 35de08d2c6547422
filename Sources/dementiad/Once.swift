// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import Engine
internal import GuardConfiguration
internal import GuardCore
internal import LinuxKit
internal import Releases
internal import Stores

/// `dementiad once`: discover, back up, migrate, verify, report, exit.
struct Once: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make one pass over all memories, report, and exit with the worst result.",
        discussion: """
            Finds every memory under the watched folders, and takes each one that is behind to the head of its line: a proved backup, \
            a rehearsal on the restored copy, one transaction, a verification. What fails is put back.

            Exit status: 0 done or nothing to do, 1 a server cannot be reached, 4 failed and restored, 5 needs attention, 6 verification failed, 7 no backup \
            possible, 8 failed and untouched, 11 busy, 12 not permitted, 14 not a memory that may be migrated. A pass whose work is done and whose report \
            nobody reads any more ends by SIGPIPE (141 in a shell).
            """
    )

    @OptionGroup var options: CommonOptions

    @Flag(help: "Prove every backup in the vault, do nothing else; exit 0 or 6.")
    var verifyBackups = false

    func run() async throws {
        let output = Output(isJSON: options.json)
        let setup = try Setup(options)
        let bar = ProgressBar(isEnabled: !options.json)
        let places = try StoreProvider(setup)
        let workshop = try setup.workshop(places) { bar.show($0) }
        for amendment in workshop.amendments { Output.complain("dementiad: \(amendment)") }
        let exit =
            verifyBackups
            ? try await proveBackups(workshop.tools, output)
            : try await pass(setup, places, workshop.tools, bar, output)
        output.exit(exit)
    }

    private func pass(
        _ setup: Setup, _ places: StoreProvider, _ tools: EngineContext, _ bar: ProgressBar, _ output: Output
    ) async throws -> GuardCore.ExitCode {
        try await places.prepare()
        let pass = Pass(tools, mode: setup.mode, parallel: setup.parallel)
        let recovered = try await pass.recover()
        let (found, everything) = try await places.look()
        let discovered = try await pass.applyingOverrides(everything)
        let (installed, unreadable) = await places.read(discovered.releaseFolders)
        tools.installed.replace(with: installed)
        let items = try await pass.run(
            over: discovered.locations, asking: discovered.asking, recovered: recovered)
        bar.clear()
        let problems =
            discovered.problems + unreadable + tools.calls.silences.map { GuardError($0) }
        if options.json {
            try output.document(
                "pass", PassForm(items, problems: problems, findings: discovered.findings + StoreProvider.copies(found))
            )
        } else {
            let report = PassReport(
                items: items, found: found, problems: problems, recovered: recovered, places: setup.places,
                mode: setup.mode)
            output.say(report.text)
        }
        return Pass.exitCode(of: items, recovered: recovered, problems: problems)
    }

    private func proveBackups(_ tools: EngineContext, _ output: Output) async throws -> GuardCore.ExitCode {
        let verdicts = try await VaultProof(tools).run()
        if options.json {
            try output.document("verification", ItemList(verdicts))
        } else {
            output.say(VaultReport(verdicts).text)
        }
        return verdicts.allSatisfy(\.ok) ? .done : .verificationFailed
    }
}

/// What every way to start the daemon understands.
struct CommonOptions: ParsableArguments {
    @Option(help: "Read this configuration file in place of the standard ones.")
    var config: String?

    @Option(help: "Keep journal, vault and scratch here.")
    var stateDir: String?

    @Option(help: "What may happen without asking: auto, ask or off.")
    var mode: String?

    @Option(help: "Look for memories under this folder, or guard this file. Repeatable; replaces the configured roots.")
    var watch: [String] = []

    @Option(
        help: ArgumentHelp(
            "Look for memories on this PostgreSQL server. Repeatable; replaces the configured roots and connections.",
            discussion: "A URL or a service name, with #SCHEMA for one schema. Never with a password.",
            valueName: "url-or-service"))
    var postgres: [String] = []

    @Option(
        help: ArgumentHelp(
            "Read PostgreSQL URLs from this file, one a line; only its owner may be able to read it.",
            valueName: "file"))
    var postgresFile: String?

    @Option(
        help: ArgumentHelp(
            "An installed Dementia: it decides to which version memories go, and the database in its .env file is guarded with mode ask. Repeatable.",
            valueName: "dir"))
    var release: [String] = []

    @Option(help: "The least severe message that is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Flag(help: "Print one JSON document in place of text.")
    var json = false

    @Flag(help: "Run as root nevertheless (containers, tests).")
    var allowRoot = false
}
