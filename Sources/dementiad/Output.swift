// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import Glibc
internal import GuardCore
internal import LinuxKit
internal import Terminal

/// Everything that leaves the process: results on standard output, everything else on standard error, and the exit status.
struct Output: Sendable {
    /// One JSON document in place of text.
    let isJSON: Bool

    /// Prints the result.
    func document(_ kind: String, _ data: some Encodable & Sendable) throws(GuardError) {
        StandardStream.output.write(try Self.json(Document(kind: kind, data: data)))
    }

    /// Prints the result as text, in lines of ours: what a terminal would act upon is escaped.
    func say(_ text: String) {
        StandardStream.output.write(PrintableText.lines(text) + "\n")
    }

    /// Says on standard error what went wrong, or as a document on standard output, and ends the process.
    func fail(_ error: GuardError) -> Never {
        if isJSON, let document = try? Self.json(ErrorDocument(Problem(error))) {
            StandardStream.output.write(document)
        } else {
            Self.complain(Phrases.failure(Problem(error), of: "dementiad"))
        }
        exit(error.exitCode)
    }

    /// What the argument parser has to say: help and versions are results, the rest is wrong use.
    func failParsing(_ error: any Error, of arguments: [String], by command: any ParsableCommand.Type) -> Never {
        if command.exitCode(for: error).isSuccess {
            say(command.message(for: error))
            exit(.done)
        }
        if CommandLineSecrets.mayStand(in: arguments) { fail(CommandLineSecrets.refusal) }
        if isJSON { fail(GuardError(.usage, command.message(for: error), hint: "See: dementiad --help")) }
        Self.complain(command.fullMessage(for: error))
        exit(.usage)
    }

    /// Ends the process with `code`. Where the result did not arrive and nothing else went wrong, it ends as failed, or by SIGPIPE when the
    /// reader of a pipe has gone, as git and systemctl do.
    func exit(_ code: GuardCore.ExitCode) -> Never {
        guard let failure = StandardStream.output.failure else { Glibc.exit(code.rawValue) }
        if StandardStream.output.isUnread {
            if code == .done { StandardStream.endUnread() }
            Glibc.exit(code.rawValue)
        }
        Self.complain("dementiad: the result could not be written to standard output: \(failure)")
        Glibc.exit((code == .done ? .failed : code).rawValue)
    }

    /// One or more lines on standard error. When it cannot be written there is nobody left to tell.
    static func complain(_ text: String) {
        StandardStream.error.write(PrintableText.lines(text) + "\n")
    }

    private static func json(_ value: some Encodable) throws(GuardError) -> String {
        String(decoding: try ControlJSON.encode(value), as: UTF8.self) + "\n"
    }
}

extension GuardError {
    /// The table's status promises what its code promises about the data. Where the data is in the middle of a change (the journal could
    /// not be written after COMMIT) that promise would be a lie.
    fileprivate var exitCode: GuardCore.ExitCode {
        switch dataState {
        case .changing, .unverified: .needsAttention
        case .untouched, .migratedVerified, .restoredVerified: ErrorTable.line(for: code).exit
        }
    }
}
