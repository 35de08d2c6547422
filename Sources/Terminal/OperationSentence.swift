// SPDX-License-Identifier: MIT

public import GuardCore

/// An operation in one sentence that can be understood alone, as in
/// `shop: upgraded 4.0 → 4.4 in 113 ms (application waited 18 ms), backup 2`.
public struct OperationSentence: Sendable {
    private let record: OperationRecord
    private let name: String
    private let line: String?

    /// - Parameters:
    ///   - name: the memory's name; nil takes its id, and `vault` for work on no single memory
    ///   - line: the memory's line, where the operation's result does not tell it
    public init(_ record: OperationRecord, name: String? = nil, line: String? = nil) {
        self.record = record
        self.name = name ?? record.store?.value ?? (record.kind == .rescan ? "rescan" : "vault")
        self.line = record.result?.line ?? line
    }

    /// The whole sentence, without the reason of a failure.
    public var text: String { "\(name): \(predicate)" }

    /// The sentence with the reason of a failure at its end.
    public var withReason: String {
        guard let error = record.error, record.outcome != .succeeded else { return text }
        return "\(text): \(PrintableText.line(error.detail))"
    }

    /// The work in a few words, as in `upgrade 4.0 → 4.4` or `restore of backup 42`.
    public var work: String {
        switch record.kind {
        case .migrate: ["upgrade", versions].compactMap(\.self).joined(separator: " ")
        case .downgrade: ["downgrade", versions].compactMap(\.self).joined(separator: " ")
        case .repair: ["repair", versions].compactMap(\.self).joined(separator: " ")
        case .restore: "restore" + (record.backup.map { " of backup \($0.sequence)" } ?? "")
        case .transfer: "transfer to PostgreSQL"
        case .backup: "backup"
        case .verify: record.store == nil ? "proof of backups" : "verification"
        case .prune: "prune"
        case .rescan: "rescan"
        }
    }

    /// The result in a few words, as in `upgraded`, `failed, data untouched` or `running`.
    public var result: String {
        guard record.state == .settled, let outcome = record.outcome else { return record.state.rawValue }
        return switch outcome {
        case .succeeded: done
        case .nothingToDo: "nothing to do"
        case .cancelled: "cancelled"
        case .busy: "postponed, memory in use"
        case .failedUntouched: "failed, data untouched"
        case .failedRestored: "failed and reverted, data verified"
        case .needsAttention: "NEEDS ATTENTION"
        }
    }

    /// The duration of the operation in milliseconds; nil while it runs.
    public var milliseconds: Int64? {
        record.settledAt.map { max(0, $0.milliseconds - record.startedAt.milliseconds) }
    }

    // MARK: Details

    private var predicate: String {
        guard record.state == .settled else {
            let step = record.steps.last { $0.state == .running }.map { " (\(Phrases.step($0.kind)))" } ?? ""
            return "\(work) is \(record.state.rawValue)\(step)"
        }
        // Never flatters: a settled operation without an outcome needs a person.
        return switch record.outcome ?? .needsAttention {
        case .succeeded: "\(achievement)\(time)\(copies)"
        case .nothingToDo: "\(work): nothing to do\(standing)"
        case .cancelled: "\(work) cancelled; \(data)"
        case .busy: "\(work) postponed, the memory is in use; \(data)"
        case .failedUntouched: "\(work) failed; \(data)"
        case .failedRestored: "\(work) failed and was reverted; \(data)"
        case .needsAttention: "NEEDS ATTENTION: \(work) failed; \(data)"
        }
    }

    private var achievement: String {
        switch record.kind {
        case .migrate, .downgrade, .repair: [done, versions].compactMap(\.self).joined(separator: " ")
        case .restore: "restored" + (record.backup.map { " backup \($0.sequence)" } ?? "")
        case .prune:
            "removed \(Phrases.count(record.result?.removed?.count ?? 0, "backup"))"
                + (record.result?.freedBytes.map { ", \(Style.size($0)) freed" } ?? "")
        case .verify: record.store == nil ? "backups verified" : "verified"
        case .transfer, .backup, .rescan: done
        }
    }

    private var done: String {
        switch record.kind {
        case .migrate: "upgraded"
        case .backup: "backed up"
        case .restore: "restored"
        case .verify: "verified"
        case .transfer: "transferred to PostgreSQL"
        case .downgrade: "downgraded"
        case .repair: "repaired"
        case .prune: "pruned"
        case .rescan: "every folder and server examined"
        }
    }

    private var versions: String? {
        guard let from = record.result?.fromVersion, let to = record.result?.toVersion, from != to else { return nil }
        return VersionText.change(from: from, to: to, line: line)
    }

    private var standing: String {
        guard let version = record.result?.toVersion ?? record.result?.fromVersion else { return "" }
        return ", it is at \(VersionText.name(version, line: line))"
    }

    private var time: String {
        let took = milliseconds.map { " in \(Style.time(milliseconds: $0))" } ?? ""
        let waited =
            record.result?.lockedMilliseconds.map { " (application waited \(Style.time(milliseconds: $0)))" } ?? ""
        return took + waited
    }

    private var copies: String {
        if let kept = record.result?.keptState { return ", replaced state is backup \(kept.sequence)" }
        guard record.kind != .restore, let backup = record.backup else { return "" }
        return ", backup \(backup.sequence)"
    }

    /// The state of the data, as the record tells it; the outcome does not decide.
    private var data: String {
        switch record.dataState {
        case .untouched: "the data is untouched"
        case .changing: "the data is being changed"
        case .migratedVerified: "the new state is in place and verified"
        case .restoredVerified:
            "the data was restored" + (record.backup.map { " from backup \($0.sequence)" } ?? "") + " and verified"
        case .unverified: "the data is not in a verified state"
        }
    }
}
