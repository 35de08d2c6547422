// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// The whole audit, oldest first, and what the daemon says of it.
struct AuditExport: Sendable {
    let entries: [JournalEvent]
    let verification: AuditVerification

    /// As one document.
    struct Whole: Codable, Sendable {
        let items: [JournalEvent]
        let verification: AuditVerification
    }

    /// The file that was written.
    struct Written: Codable, Sendable {
        let path: String
        let sizeBytes: Int64
        /// Of the file.
        let sha256: String
        let verification: AuditVerification
    }

    /// Asks for everything. Throws `verificationFailed` when what comes is not what the daemon has just verified.
    init(client: ControlClient) async throws(GuardError) {
        // First verified, then read: it grows meanwhile, and what was verified must be among what is read.
        let verification = try await client.verifyAudit()
        let all = try await client.audit().reversed()
        // What came later is in the next export; so the last line's hash is the head.
        entries = verification.intact ? Array(all.prefix(Int(clamping: verification.entries))) : Array(all)
        self.verification = verification
        guard verification.intact else { return }
        guard Int64(entries.count) == verification.entries, entries.isEmpty || entries.last?.hash == verification.head
        else { throw CommandText.auditChangedOnTheWay }
    }

    var document: Whole { Whole(items: entries, verification: verification) }

    /// Each entry as a line, and the verification as the last one.
    func lines() throws(GuardError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for entry in entries { lines.append(try ControlJSON.encode(entry)) }
        lines.append(try ControlJSON.encode(verification))
        return lines
    }

    func write(to path: String) throws(GuardError) -> Written {
        let file = try ExportFile(path)
        for line in try lines() { try file.write(line + [UInt8(ascii: "\n")]) }
        var digest = ""
        let size = try file.finish { digest = $0 }
        return Written(path: path, sizeBytes: size, sha256: digest, verification: verification)
    }
}
