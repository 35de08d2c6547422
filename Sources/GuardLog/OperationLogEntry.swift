// SPDX-License-Identifier: MIT

public import GuardCore
public import Logging

/// A settled operation as an operator reads it in a quiet week.
public struct OperationLogEntry: Sendable {
    /// What kind of message it is.
    public let message: GuardMessage
    /// One sentence that reads well alone.
    public let text: String
    /// Everything that a search could ask for.
    public let metadata: Logger.Metadata

    /// The news of `record`, whose store lies at `location` (its id says it when that is not known).
    public init(_ record: OperationRecord, at location: String? = nil) {
        // Never flatters: a settled operation without an outcome is one that somebody has to look at.
        let outcome = record.outcome ?? .needsAttention
        let sentence = Self.sentence(record, outcome, OperationPhrases(record, location))
        let isRecovered = record.steps.contains { $0.kind == .recover }
        if isRecovered, ![.failedRestored, .needsAttention].contains(outcome) {
            message = .recoverySettled
            text = "settled what an earlier run had begun: " + sentence
        } else {
            message = Self.message(of: record) ?? Self.message(outcome)
            text = sentence
        }
        metadata = Self.metadata(record, location)
    }

    /// The message of what the daemon does by itself, where it has one of its own.
    private static func message(of record: OperationRecord) -> GuardMessage? {
        switch (record.kind, record.trigger, record.outcome) {
        case (.backup, "schedule", .succeeded): .backupTaken
        case (.verify, "schedule", .succeeded): .drillProved
        case (.verify, "schedule", .failedUntouched): .drillFailed
        case (.verify, "shadow", .succeeded):
            record.findings.contains { $0.code == "restoreOffered" } ? .storeLostRows : .storeMigratedItself
        case (.prune, _, .succeeded): .backupsPruned
        default: nil
        }
    }

    private static func message(_ outcome: Outcome) -> GuardMessage {
        switch outcome {
        case .succeeded: .operationSucceeded
        case .nothingToDo: .operationNothingToDo
        case .cancelled: .operationCancelled
        case .busy: .operationBusy
        case .failedUntouched: .operationFailedUntouched
        case .failedRestored: .operationFailedRestored
        case .needsAttention: .operationNeedsAttention
        }
    }

    private static func sentence(_ record: OperationRecord, _ outcome: Outcome, _ words: OperationPhrases) -> String {
        let reason = record.error.map { ": \($0.detail)" } ?? ""
        return switch outcome {
        case .succeeded: "\(words.did)\(words.achievement)"
        case .nothingToDo: "had nothing to do: \(words.toDo)"
        case .cancelled: "was told not to \(words.toDo), and \(words.state)"
        case .busy: "could not \(words.toDo) while it is in use, and \(words.state)\(reason)"
        case .failedUntouched, .failedRestored: "could not \(words.toDo), and \(words.state)\(reason)"
        case .needsAttention: "needs you: could not \(words.toDo), and \(words.state)\(reason)"
        }
    }

    private static func metadata(_ record: OperationRecord, _ location: String?) -> Logger.Metadata {
        var values: [String: String?] = [
            "operation": "\(record.id)", "kind": record.kind.rawValue, "store": record.store?.value,
            "location": location, "outcome": record.outcome?.rawValue, "dataState": record.dataState.rawValue,
            "trigger": record.trigger, "backup": record.backup?.description,
            "fromVersion": record.result?.fromVersion.map(String.init),
            "toVersion": record.result?.toVersion.map(String.init),
        ]
        if let error = record.error {
            values["error"] = ([error.detail] + error.causes).joined(separator: "; ")
            values["code"] = error.code.rawValue
            values["hint"] = error.hint
        }
        return values.compactMapValues { $0 }.mapValues { "\($0)" }
    }
}

extension Logger {
    /// Says how `record` ended, whose store lies at `location`.
    public func tell(
        settled record: OperationRecord, at location: String? = nil,
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        let news = OperationLogEntry(record, at: location)
        tell(news.message, "\(news.text)", news.metadata, file: file, function: function, line: line)
    }
}
