// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores
internal import Transfer
internal import Vault

/// What follows the COMMIT of a transfer: verification from a new connection, and what was decided about the file. Recovery enters here too.
struct TransferEnd {
    let tools: EngineContext
    let log: OperationLog
    let destination: TransferDestination

    /// Verifies the schema and settles. What is decided about the file can be done again after a crash.
    ///
    /// - Parameters:
    ///   - source: the file that was transferred
    ///   - kept: the backup of the schema as it was before
    ///   - letGo: ends the connections, before anybody is told of the end
    func verifyAndSettle(
        _ report: TransferReport, of source: StoreLocation, isArchiving: Bool, kept: BackupID?,
        _ letGo: () async -> Void
    ) async throws(GuardError) -> OperationRecord {
        try await log.step(.verify)
        log.add(report.findings)
        var result = OperationResult(report)
        result.line = Line.postgres4.rawValue
        result.toVersion = tools.catalogue.head(of: .postgres4)
        result.keptState = kept
        let problems: [String]
        do throws(GuardError) {
            let job = job
            problems = try await TransferThread.run { (_) throws(GuardError) in try job.verifyAfterCommit() }
        } catch {
            await letGo()
            return try await log.settle(Evidence(afterCommit: error), because: error, result: result)
        }
        await letGo()
        guard problems.isEmpty else {
            let error = GuardError(
                .verificationFailed,
                "\(destination.location.name): after the transfer \(problems.joined(separator: "; "))",
                store: source.id, dataState: .unverified,
                hint: "The file is as it was. Look at the schema, or drop it and transfer again.")
            return try await log.settle(.unproved, because: error, result: result)
        }
        if destination.isConfigured {
            let location = destination.location
            try await tools.journaling(about: location.id) { (journal) throws(JournalError) in
                try await journal.adopt(location)
            }
        } else {
            log.add([
                Finding(
                    code: "notGuarded",
                    message:
                        "its server is not in the configuration, so the new memory is not guarded: name it in postgres.connections"
                )
            ])
        }
        if isArchiving { try await archive(source, log.record.backup) }
        return try await log.settle(.done, result: result)
    }

    /// Keeps the file's backup for good, and marks the file: it is looked at and backed up, and nothing happens to it by itself.
    func archive(_ source: StoreLocation, _ backup: BackupID?) async throws(GuardError) {
        let successor = destination.location.name
        try await tools.journaling(about: source.id) { (journal) throws(JournalError) in
            if let backup { try await journal.pin(backup, store: source.id) }
            try await journal.markMoved(source, to: successor)
        }
    }

    private var job: TransferJob {
        TransferJob(
            source: "", identity: "", contentDigest: "", into: destination.store, operation: log.record.id,
            startedAt: log.record.startedAt, catalogue: tools.catalogue)
    }

    // MARK: After a crash

    /// What the schema's register of transfers has of this one; nil when it was not committed.
    func committedReport() async throws(GuardError) -> TransferReport? {
        let job = job
        return try await TransferThread.run { (_) throws(GuardError) in try job.committedReport() }
    }

    private static let forGood = "for good "

    /// The detail of a `transfer` step, by which a later process knows where it led, and what was wanted of the file.
    static func detail(of destination: TransferDestination, isArchiving: Bool) -> String {
        (isArchiving ? forGood : "") + "to " + destination.text
    }

    /// What ``detail(of:isArchiving:)`` says.
    static func reading(_ detail: String) -> (text: String, isArchiving: Bool)? {
        let isArchiving = detail.hasPrefix(forGood)
        let rest = isArchiving ? detail.dropFirst(forGood.count) : detail[...]
        guard rest.hasPrefix("to ") else { return nil }
        return (String(rest.dropFirst(3)), isArchiving)
    }
}
