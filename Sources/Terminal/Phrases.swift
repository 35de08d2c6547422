// SPDX-License-Identifier: MIT

public import GuardCore

/// Phrases that both programs use for the same things.
public enum Phrases {
    /// `number` with its noun: `1 row`, `2 rows`.
    ///
    /// - Parameter many: the plural; nil: `one` with an `s`
    public static func count(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? one + "s")"
    }

    /// A number of rows, such as `2 rows`.
    public static func rows(_ number: Int64) -> String { count(number, "row") }

    /// A failure as text: `program` and its message, the causes, the state of the data, and the next step.
    public static func failure(_ problem: Problem, of program: String) -> String {
        var lines = ["\(program): \(PrintableText.line(problem.detail))"]
        // The causes of a confirmation are the changes that it asks about.
        let label = problem.code == .confirmationNeeded ? "" : "because: "
        lines += problem.causes.map { "  \(label)\(PrintableText.line($0))" }
        if problem.store != nil || problem.dataState != .untouched {
            lines.append("  data: \(describe(problem.dataState))")
        }
        lines += problem.hint.map { ["  next: \(PrintableText.line($0))"] } ?? []
        return lines.joined(separator: "\n")
    }

    /// The error of a command line whose word `word` is not UTF-8. Other bytes are shown as `\xE9`.
    public static func notText(_ word: String) -> GuardError {
        GuardError(
            .usage, "a word of the command line is not UTF-8: \(word)",
            hint:
                "Nothing was done. Give the file or folder a name in UTF-8, or a symbolic link with such a name."
        )
    }

    /// The state of the data, in words.
    public static func describe(_ state: DataState) -> String {
        switch state {
        case .untouched: "untouched"
        case .changing: "being changed; a change that is cut short ends in the old or in the new state"
        case .migratedVerified: "the new state is in place and verified"
        case .restoredVerified: "the state of the backup is back and verified"
        case .unverified: "not verified; a proved backup exists"
        }
    }

    /// The work of a step, such as `backing up`.
    public static func step(_ kind: StepKind) -> String {
        switch kind {
        case .preflight: "checking"
        case .backup: "backing up"
        case .rehearse: "rehearsing"
        case .migrate: "migrating"
        case .transfer: "transferring"
        case .verify: "verifying"
        case .keep: "keeping the present state"
        case .restore: "restoring"
        case .prune: "making room"
        case .recover: "recovering"
        case .awaitingEvidence: "waiting for its server"
        }
    }
}
