// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import Terminal

/// The entry point. Parses, runs, and is the only place where an error becomes an exit status.
@main
enum Main {
    static func main() {
        FileSizeLimit.failWrites()
        StandardStream.prepare()
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let word = CommandLineWords.firstThatIsNotText {
            Console(isJSON: wantsJSON(arguments)).fail(Phrases.notText(word))
        }
        guard let command = parsed(arguments) else { Console(isJSON: wantsJSON(arguments)).exit(.done) }
        let interrupt = Interrupt()
        Task.detached {
            await run(command, interrupt)
        }
        interrupt.wait()
    }

    /// Ends the process, one way or the other.
    private static func run(_ command: any ControlCommand, _ interrupt: Interrupt) async -> Never {
        let session = Session(command.global, interrupt)
        do {
            let status = try await command.run(in: session)
            await interrupt.pass()
            session.console.exit(status)
        } catch {
            await interrupt.pass()
            session.progress.clear()
            session.console.fail(error)
        }
    }

    /// The verb; nil for a command line that is already answered.
    private static func parsed(_ arguments: [String]) -> (any ControlCommand)? {
        if let unknown = UnknownVerb(arguments) {
            // The parser would complain of the options that follow it.
            Console(isJSON: wantsJSON(arguments)).fail(CommandText.noVerb(unknown.verb, suggestion: unknown.suggestion))
        }
        do {
            var command = try Dementiactl.parseAsRoot(arguments)
            if let command = command as? any ControlCommand { return command }
            // A group without its verb, or a request for help: the parser knows what to say.
            try command.run()
            return nil
        } catch {
            Console(isJSON: wantsJSON(arguments)).exit(afterParsing: error)
        }
    }

    /// Whether a document is expected even of a command line that cannot be understood.
    private static func wantsJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }
}

/// A verb that talks to the daemon.
protocol ControlCommand: ParsableCommand, Sendable {
    /// The options that every verb has.
    var global: GlobalOptions { get }
    /// Does the work, prints the result, and returns the exit status.
    func run(in session: Session) async throws(GuardError) -> Status
}

/// The exit status. The argument parser has a type of the same name.
typealias Status = GuardCore.ExitCode
