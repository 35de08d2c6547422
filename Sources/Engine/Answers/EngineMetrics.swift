// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Vault
internal import Watcher

/// How everything stands and what was done, as figures.
///
/// Labels are ids and words of closed lists, never paths: a figure's history must not hold what somebody calls his projects.
struct EngineMetrics {
    let tools: EngineContext
    let now: EngineSnapshot
    let use: VaultUse
    /// On the vault's filesystem.
    let freeBytes: Int64

    /// Every figure.
    func families() async throws(GuardError) -> [MetricFamily] {
        try await [
            MetricFamily(
                "dementia_build_info", .gauge, "The version of dementiad.",
                [.init(1, .init("version", ProductVersion.current))]),
            MetricFamily("dementia_start_time_seconds", .gauge, "When dementiad started.", now.startedAt.seconds),
            MetricFamily(
                "dementia_resident_memory_bytes", .gauge, "Memory that dementiad takes.",
                ProcessMemory.resident().map { [.init(Double($0))] } ?? []),
        ] + storeMetrics(now.stores) + operationMetrics() + backupMetrics() + watchMetrics()
    }

    private func storeMetrics(_ stores: [StoreForm]) -> [MetricFamily] {
        let stores = stores.sorted { $0.id < $1.id }
        func each(_ value: (StoreForm) -> Double?) -> [MetricFamily.Sample] {
            stores.compactMap { store in
                value(store).map { .init($0, .init("store", store.id.value), .init("engine", store.engine.rawValue)) }
            }
        }
        return [
            MetricFamily(
                "dementia_stores", .gauge,
                "Stores by state. One whose last operation failed or was taken back counts as failed, on hold or not.",
                StoreState.allCases.map { state in
                    let count = stores.count { ($0.hasFailed ? .failed : $0.state) == state }
                    return .init(Double(count), .init("state", state.rawValue))
                }),
            MetricFamily(
                "dementia_store_schema_version", .gauge, "The version of a store's schema.",
                each { $0.schemaVersion.map(Double.init) }),
            MetricFamily(
                "dementia_store_wanted_version", .gauge, "The version that a store's schema should have.",
                each { $0.wantedVersion.map(Double.init) }),
            MetricFamily("dementia_store_size_bytes", .gauge, "A store's size.", each { Double($0.sizeBytes) }),
            MetricFamily(
                "dementia_store_last_backup_timestamp_seconds", .gauge, "When a store's newest proved backup was made.",
                each { $0.lastBackup?.createdAt.seconds }),
        ]
    }

    private func operationMetrics() async throws(GuardError) -> [MetricFamily] {
        let (counts, running, holds, entries) = try await tools.journaling { (journal) throws(JournalError) in
            (
                try await journal.settledCounts(), try await journal.unsettled().count, try await journal.holds().count,
                try await journal.lastEventID()
            )
        }
        return [
            MetricFamily(
                "dementia_operations_total", .counter, "Operations that are over, by kind and outcome.",
                counts.map {
                    .init(Double($0.count), .init("kind", $0.kind.rawValue), .init("outcome", $0.outcome.rawValue))
                }),
            MetricFamily("dementia_operations_running", .gauge, "Operations that are not over.", Double(running)),
            MetricFamily("dementia_holds", .gauge, "Holds.", Double(holds)),
            MetricFamily("dementia_audit_entries_total", .counter, "Entries of the audit.", Double(entries)),
        ]
    }

    private func backupMetrics() async throws(GuardError) -> [MetricFamily] {
        let (failed, lastProof) = try await tools.journaling { (journal) throws(JournalError) in
            (try await journal.failedProofs().count, try await journal.lastProofTime())
        }
        return [
            MetricFamily("dementia_backups", .gauge, "Backups in the vault.", Double(use.backups)),
            MetricFamily(
                "dementia_backups_failed_proof", .gauge, "Backups whose last proof failed.",
                Double(failed)),
            MetricFamily(
                "dementia_last_proof_timestamp_seconds", .gauge, "When a backup was last proved again.",
                lastProof.map { [.init($0.seconds)] } ?? []),
            MetricFamily("dementia_vault_stored_bytes", .gauge, "Bytes that the vault takes.", Double(use.storedBytes)),
            MetricFamily(
                "dementia_vault_free_bytes", .gauge, "Bytes free on the vault's filesystem.", Double(freeBytes)),
        ]
    }

    private func watchMetrics() -> [MetricFamily] {
        [
            MetricFamily(
                "dementia_watch_problems", .gauge, "Places that are watched less well than they could be.",
                Double(now.watchProblems.count)),
            MetricFamily(
                "dementia_watch_overflows_total", .counter, "How often the kernel's queue of changes overflowed.",
                Double(now.overflows)),
            MetricFamily(
                "dementia_unreachable_servers", .gauge, "Servers that the last look could not reach.",
                Double(now.unreached.count)),
        ]
    }
}

extension Timestamp {
    /// Seconds since 1970.
    fileprivate var seconds: Double { Double(milliseconds) / 1000 }
}
