// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import GuardCore

/// The entry point. Parses, runs, and is the only place where an error becomes an exit status.
@main
enum Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Before anything starts a thread: all of them are to leave Ctrl-C to the one that waits for it.
        let interrupt = Interrupt()
        let command: any ParsableCommand
        if let verb = unknownVerb(arguments) {
            // The parser would complain of the options that follow it.
            Console(isJSON: wantsJSON(arguments)).fail(Wording.noVerb(verb))
        }
        do {
            command = try Dementiactl.parseAsRoot(arguments)
        } catch {
            Console(isJSON: wantsJSON(arguments)).exit(afterParsing: error)
        }
        guard let command = command as? any ControlCommand else {
            // A group without its verb, or a request for help: the parser knows what to say.
            return helped(command, arguments)
        }
        let session = Session(command.global, interrupt)
        do {
            session.console.exit(try await command.run(in: session))
        } catch {
            session.progress.clear()
            session.console.fail(error)
        }
    }

    private static func helped(_ command: any ParsableCommand, _ arguments: [String]) {
        var command = command
        do {
            try command.run()
        } catch {
            Console(isJSON: wantsJSON(arguments)).exit(afterParsing: error)
        }
    }

    private static func unknownVerb(_ arguments: [String]) -> String? {
        guard let verb = arguments.first, !verb.hasPrefix("-"), verb != "help" else { return nil }
        let verbs = Dementiactl.configuration.subcommands.map { $0.configuration.commandName ?? "" }
        return verbs.contains(verb) ? nil : verb
    }

    /// Whether a document is expected even of a command line that cannot be understood.
    private static func wantsJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }
}

/// A verb that talks to the daemon.
protocol ControlCommand: ParsableCommand {
    /// The options that every verb has.
    var global: GlobalOptions { get }
    /// Does the work, prints the result, and says how the process ends.
    func run(in session: Session) async throws(GuardError) -> Status
}

/// The exit status. The argument parser has a type of the same name.
typealias Status = GuardCore.ExitCode
