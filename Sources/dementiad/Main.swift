// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import Engine
internal import GuardCore
internal import LinuxKit
internal import Terminal

/// `dementiad`: the daemon, and `dementiad once`, one pass.
struct Dementiad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dementiad",
        abstract:
            "Guards upgrades of Dementia memories: proved backup, rehearsal, migration, verification, and the way back.",
        version: ProductVersion.current,
        subcommands: [Serve.self, Once.self, ConfigCheck.self],
        defaultSubcommand: Serve.self
    )
}

/// The entry point. Parses, runs, and is the only place where an error becomes an exit status.
@main
enum Main {
    static func main() async {
        FileSizeLimit.failWrites()
        StandardStream.prepare()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let output = Output(isJSON: arguments.contains("--json"))
        do {
            if let word = CommandLineWords.firstThatIsNotText { throw Phrases.notText(word) }
            try CommandLineSecrets.refuse(in: arguments)
            var command = try Dementiad.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            output.exit(.done)
        } catch let error as GuardError {
            output.fail(error)
        } catch {
            output.failParsing(error, of: arguments, by: Dementiad.self)
        }
    }
}
