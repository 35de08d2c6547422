// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import Engine
internal import GuardConfiguration
internal import GuardCore

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
        let relay = EventRelay()
        let places = try StoreProvider(setup)
        let runtime = try setup.runtime(places) { event in
            relay.send(event)
            bar.show(event)
        }
        for amendment in runtime.amendments { Output.complain("dementiad: \(amendment)") }
        let exit =
            verifyBackups
            ? try await proveBackups(runtime.context, output)
            : try await pass(setup, places, runtime.context, relay, bar, output)
        output.exit(exit)
    }

    private func pass(
        _ setup: Setup, _ places: StoreProvider, _ context: EngineContext, _ relay: EventRelay, _ bar: ProgressBar,
        _ output: Output
    ) async throws -> GuardCore.ExitCode {
        try await places.prepare()
        let settings = setup.supervisorSettings(places)
        let result = try await SinglePass(context, settings, relay: relay).run()
        bar.clear()
        if options.json {
            try output.document(
                "pass",
                PassForm(
                    result.items, problems: result.problems,
                    findings: result.discovered.findings + StoreProvider.copies(result.discovered.found)))
        } else {
            output.say(PassReport(result, places: setup.places, mode: settings.mode).text)
        }
        return result.exitCode
    }

    private func proveBackups(_ context: EngineContext, _ output: Output) async throws -> GuardCore.ExitCode {
        let verdicts = try await VaultProof(context).run()
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
