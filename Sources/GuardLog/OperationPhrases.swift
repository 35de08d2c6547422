// SPDX-License-Identifier: MIT

internal import GuardCore

/// The words in which an operation is told.
struct OperationPhrases {
    private let record: OperationRecord
    private let location: String?

    init(_ record: OperationRecord, _ location: String?) {
        self.record = record
        self.location = location
    }

    /// As in `migrated ~/shop`.
    var did: String {
        switch record.kind {
        case .migrate: "migrated \(object)"
        case .backup: "backed up \(object)"
        case .restore: "restored \(object)"
        case .verify: "verified \(object)"
        case .transfer: "transferred \(object)"
        case .downgrade: "downgraded \(object)"
        case .repair: "repaired \(object)"
        case .prune: "removed old backups of \(object)"
        case .rescan: "looked for memories"
        }
    }

    /// As in `migrate ~/shop`.
    var toDo: String {
        switch record.kind {
        case .migrate: "migrate \(object)"
        case .backup: "back up \(object)"
        case .restore: "restore \(object)"
        case .verify: "verify \(object)"
        case .transfer: "transfer \(object)"
        case .downgrade: "downgrade \(object)"
        case .repair: "repair \(object)"
        case .prune: "remove old backups of \(object)"
        case .rescan: "look for memories"
        }
    }

    /// What became of it, as in ` from version 1 to 4: verified, locked for 12 ms`.
    var achievement: String {
        var text = ""
        if let from = record.result?.fromVersion, let to = record.result?.toVersion, from != to {
            text += " from version \(from) to \(to)"
        }
        var facts: [String] = []
        if [.migratedVerified, .restoredVerified].contains(record.dataState) { facts.append("verified") }
        if let milliseconds = record.result?.lockedMilliseconds { facts.append("locked for \(milliseconds) ms") }
        if record.kind == .backup, let backup = record.backup { facts.append("as \(backup)") }
        if let removed = record.result?.removed {
            facts.append("\(removed.count) backups, \(record.result?.freedBytes ?? 0) bytes")
        }
        switch record.findings.count {
        case 0: break
        // What somebody else did is nowhere else.
        case _ where record.trigger == "shadow": facts += record.findings.prefix(8).map(\.message)
        case 1: facts.append("1 finding")
        case let count: facts.append("\(count) findings")
        }
        return facts.isEmpty ? text : text + ": " + facts.joined(separator: ", ")
    }

    /// What is true of the data now. The record's word for it, whatever the outcome.
    var state: String {
        switch record.dataState {
        case .untouched: "its data is untouched"
        case .changing: "its data is in the middle of a change"
        case .migratedVerified: "its data is migrated and verified"
        case .restoredVerified: "its data was restored" + (record.backup.map { " from \($0)" } ?? "") + " and verified"
        case .unverified: "its data is not in a verified state"
        }
    }

    private var object: String {
        if let location { return location }
        if let store = record.store { return "memory \(store)" }
        return switch record.kind {
        case .restore: "a backup"
        case .verify: "backups"
        case .prune: "all memories"
        case .migrate, .backup, .transfer, .downgrade, .repair, .rescan: "a memory"
        }
    }
}
