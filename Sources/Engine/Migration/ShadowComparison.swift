// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Stores
internal import Vault

/// Says what became of a store since a backup, row by row where the engine can tell, in sentences.
struct ShadowComparison {
    /// One finding for each table that differs.
    let findings: [Finding]
    /// Whether rows that the backup holds are gone or different now.
    let hasLosses: Bool

    /// By the rows themselves.
    init(_ changes: [TableChange]) {
        hasLosses = changes.contains { !$0.isHarmless }
        findings = changes.map { change in
            Finding(code: Self.code, message: Self.sentence(change), table: change.name)
        }
    }

    /// By digests of whole tables: numbers of rows are certain, and other values show where both states have the same columns.
    init(from old: StoreDigest, to new: StoreDigest) {
        var findings: [Finding] = []
        var hasLosses = false
        for table in new.tables {
            guard let before = old[table: table.name] else {
                findings.append(Self.finding(table.name, "is new, with \(table.rows) rows"))
                continue
            }
            let (gained, lost) = (max(0, table.rows - before.rows), max(0, before.rows - table.rows))
            let isComparable = Self.definition(of: table.name, in: old) == Self.definition(of: table.name, in: new)
            let differs = table.rowSum != before.rowSum
            guard gained > 0 || lost > 0 || differs else { continue }
            var words = "\(gained) more, \(lost) fewer rows"
            if gained == 0, lost == 0 { words = "as many rows as before" }
            words +=
                isComparable
                ? (differs && gained == 0 && lost == 0 ? ", and other values in some of them" : "")
                : "; its columns are others now, so values cannot be compared"
            if lost > 0 || (isComparable && differs && gained == 0) { hasLosses = true }
            findings.append(Self.finding(table.name, words))
        }
        for table in old.tables where new[table: table.name] == nil {
            findings.append(Self.finding(table.name, "is gone, with its \(table.rows) rows"))
            hasLosses = true
        }
        self.findings = findings
        self.hasLosses = hasLosses
    }

    private static let code = "changedByOthers"

    private static func finding(_ table: String, _ words: String) -> Finding {
        Finding(code: code, message: "\(table): \(words)", table: table)
    }

    private static func sentence(_ change: TableChange) -> String {
        if change.isNew { return "\(change.name): is new, with \(change.gained) rows" }
        if change.isGone { return "\(change.name): is gone, with its \(change.lost) rows" }
        let columns = change.goneColumns.isEmpty ? "" : "; gone columns: \(change.goneColumns.joined(separator: ", "))"
        return "\(change.name): \(change.gained) gained, \(change.lost) lost, \(change.changed) changed\(columns)"
    }

    private static func definition(of table: String, in content: StoreDigest) -> [String?] {
        content.objects.filter { $0.name == table && $0.type.lowercased() == "table" }.map(\.definition)
    }
}

extension StoreOperation {
    /// Compares the store with `before`, a backup from before somebody else changed its shape, and offers the way back. Nothing is restored.
    func compare(since before: Entry) async throws(GuardError) -> OperationRecord {
        do throws(GuardError) {
            try await log.step(.verify, detail: "compared with \(before.id)", backup: before.id)
            try log.checkStop()
            let snapshot = try await store.snapshot(into: scratch.copy("now", of: store), progress: nil)
            let comparison = try await comparison(before, snapshot)
            log.add(comparison.findings)
            let way = "backup \(before.id) of \(before.manifest.createdAt): dementiactl restore \(before.id)"
            log.add([
                comparison.hasLosses
                    ? Finding(code: "restoreOffered", message: "the state before is in \(way)")
                    : Finding(code: "nothingLost", message: "nothing was lost or changed since \(way)")
            ])
        } catch {
            await store.close()
            return try await log.settle(failed: error)
        }
        await store.close()
        return try await log.settle(.done)
    }

    private func comparison(_ before: Entry, _ now: Snapshot) async throws(GuardError) -> ShadowComparison {
        let byDigests = ShadowComparison(from: before.manifest.content, to: now.content)
        // A schema's copy is a script, and its rows are not at hand.
        guard store.location.engine == .sqlite else { return byDigests }
        let (tools, copy) = (tools, scratch.copy("before", of: store))
        try await tools.working { (vault) throws(VaultError) in try vault.restore(before, to: copy) }
        return try await store.changes(from: copy, to: now.path).map { ShadowComparison($0) } ?? byDigests
    }
}
