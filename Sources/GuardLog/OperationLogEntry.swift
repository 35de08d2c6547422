// SPDX-License-Identifier: MIT

public import GuardCore
public import Logging
internal import Terminal

/// A settled operation as one record of the log.
public struct OperationLogEntry: Sendable {
    /// The kind of the message.
    public let message: GuardMessage
    /// One sentence that reads well alone.
    public let text: String
    /// Every value that a search could ask for.
    public let metadata: Logger.Metadata

    /// The entry for `record`.
    ///
    /// - Parameters:
    ///   - name: the memory's name; nil takes its id
    ///   - location: where the memory is, when that is known
    ///   - line: the memory's line, when it is known
    public init(_ record: OperationRecord, name: String? = nil, at location: String? = nil, line: String? = nil) {
        // Never flatters: a settled operation without an outcome is one that a person has to look at.
        let outcome = record.outcome ?? .needsAttention
        let sentence =
            OperationSentence(record, name: name, line: line).withReason
            + Self.findings(record.findings, record.trigger)
        let isRecovered = record.steps.contains { $0.kind == .recover }
        if isRecovered, ![.failedRestored, .needsAttention].contains(outcome) {
            message = .recoverySettled
            text = "\(sentence) (begun before a restart)"
        } else {
            message = Self.message(of: record) ?? Self.message(outcome)
            text = sentence
        }
        metadata = Self.metadata(record, location)
    }

    /// The message for work that the daemon begins by itself, where there is one.
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

    /// The findings at the end of the sentence: their number, and in full those about a change that another program made.
    private static func findings(_ findings: [Finding], _ trigger: String) -> String {
        guard !findings.isEmpty else { return "" }
        if trigger == "shadow" { return "; " + findings.prefix(8).map(\.message).joined(separator: ", ") }
        return "; \(Phrases.count(findings.count, "finding"))"
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
    /// Logs how `record` ended. The parameters are those of ``OperationLogEntry/init(_:name:at:line:)``.
    public func tell(
        settled record: OperationRecord, name: String? = nil, at location: String? = nil, line storeLine: String? = nil,
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        let entry = OperationLogEntry(record, name: name, at: location, line: storeLine)
        tell(entry.message, "\(entry.text)", entry.metadata, file: file, function: function, line: line)
    }
}
