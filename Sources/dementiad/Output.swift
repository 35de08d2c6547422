// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import FoundationEssentials
internal import Glibc
internal import GuardCore

/// Everything that leaves the process: results on standard output, everything else on standard error, and the exit status.
struct Output: Sendable {
    /// One JSON document in place of text.
    let isJSON: Bool

    /// Prints the result.
    func document(_ kind: String, _ data: some Encodable & Sendable) throws(GuardError) {
        print(try Self.text(Document(kind: kind, data: data)))
    }

    /// Says on standard error what went wrong, or as a document on standard output, and ends the process.
    func fail(_ error: GuardError) -> Never {
        if isJSON, let text = try? Self.text(ErrorDocument(Problem(error))) {
            print(text)
        } else {
            var lines = ["dementiad: \(error.message)"]
            lines += error.causes.map { "  because: \($0)" }
            lines += error.hint.map { ["  \($0)"] } ?? []
            Self.complain(lines.joined(separator: "\n"))
        }
        exit(error.exitCode)
    }

    /// What the argument parser has to say: help and versions are results, the rest is wrong use.
    func failParsing(_ error: any Error, of arguments: [String], by command: any ParsableCommand.Type) -> Never {
        if command.exitCode(for: error).isSuccess {
            print(command.message(for: error))
            exit(.done)
        }
        if CommandLineSecrets.mayStand(in: arguments) { fail(CommandLineSecrets.refusal) }
        if isJSON { fail(GuardError(.usage, command.message(for: error), hint: "See: dementiad --help")) }
        Self.complain(command.fullMessage(for: error))
        exit(.usage)
    }

    /// Ends the process. What was printed is out before.
    func exit(_ code: GuardCore.ExitCode) -> Never {
        // A closed pipe loses what nobody wanted to read; the status still says how it went.
        fflush(nil)
        Glibc.exit(code.rawValue)
    }

    /// One or more lines on standard error.
    static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        // There is nobody left to tell when standard error cannot be written.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func text(_ value: some Encodable) throws(GuardError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw GuardError(.internalError, "the result has no JSON form: \(error)")
        }
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
