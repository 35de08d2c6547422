// SPDX-License-Identifier: MIT

internal import GuardCore

/// The table: a new route is a name and a row here, and its answer in `Endpoints` of the server.
extension Route {
    /// What a route is for. The server answers each with one case of `Endpoints`.
    public enum Name: String, Sendable, CaseIterable {
        case root
        case status, health, metrics, document
        case stores, store, history, adopt, forget
        case migrations
        case backups, backup, content, pin, unpin
        case backupTables, backupRows, storeTables, storeRows, storeStates
        case diff, diffRows, search
        case operations, operation, operationEvents, start, cancel
        case plan
        case events, audit, auditVerification
        case holds, addHold, removeHold
        case releases
        case diagnostics
        case config, reload
    }

    /// Every route.
    public static let all: [Route] = Name.allCases.map(route)

    /// The methods that some route has at the path of a request; empty when there is nothing at all.
    public static func methods(at path: some StringProtocol) -> [Method] {
        all.filter { $0.matches(path) }.map(\.method)
    }

    /// The line of `name` in the table.
    public static func route(_ name: Name) -> Route {
        switch name {
        case .root: get(name, "/", RootForm.self, "What answers here, and what it can do.", touches: .itself)

        case .status: get(name, "/v1/status", StatusForm.self, "The daemon at a glance.")
        case .health:
            get(
                name, "/v1/health", HealthForm.self,
                "Whether every part works: 200, or 503 with the parts that do not.", touches: .itself
            )
        case .metrics:
            Route(
                name, .get, "/v1/metrics", for: .reader, "Figures for Prometheus.", touches: .itself, answer: .metrics)
        case .document:
            Route(name, .get, "/v1/openapi.json", for: .reader, "This document.", touches: .itself, answer: .document)

        case .stores: get(name, "/v1/stores", ItemList<StoreForm>.self, "Every store that is known.")
        case .store: get(name, "/v1/stores/{id}", StoreForm.self, "One store, examined now.", touches: .stores)
        case .history:
            get(
                name, "/v1/stores/{id}/history", HistoryForm.self,
                "What ever happened to one store: its ledger, and every attempt.", touches: .stores)
        case .adopt:
            Route(
                name, .post, "/v1/stores", for: .owner, "Guards a store that lies outside of the watched folders.",
                touches: .stores,
                accepts: StoreRequest.self, answer: .form(StoreForm.self, status: 201))
        case .forget:
            Route(
                name, .delete, "/v1/stores/{id}", for: .owner,
                "Guards a store no longer. Its backups stay, and so does the store.", touches: .stores, answer: .nothing
            )

        case .migrations:
            get(
                name, "/v1/migrations", ItemList<MigrationForm>.self, "Every migration that is known.", touches: .itself
            )

        case .backups:
            get(
                name, "/v1/backups", ItemList<BackupForm>.self, "The backups, newest first.",
                parameters: [.store, .limit, .after])
        case .backup: get(name, "/v1/backups/{id}", BackupForm.self, "One backup.")
        // A memory's whole content: not for readers.
        case .content:
            Route(
                name, .get, "/v1/backups/{id}/content", for: .owner, "The archive of one backup: a zstd frame.",
                answer: .bytes)
        case .backupTables, .backupRows, .storeTables, .storeRows, .storeStates, .diff, .diffRows, .search:
            contents(name)
        case .pin:
            Route(
                name, .put, "/v1/backups/{id}/pin", for: .owner, "Keeps retention from removing a backup.",
                touches: .changes,
                answer: .form(BackupForm.self, status: 200))
        case .unpin:
            Route(
                name, .delete, "/v1/backups/{id}/pin", for: .owner, "Lets retention decide on a backup again.",
                touches: .changes,
                answer: .form(BackupForm.self, status: 200))

        case .operations:
            get(
                name, "/v1/operations", ItemList<OperationRecord>.self, "The operations, newest first.",
                parameters: [.store, .state, .limit, .after])
        case .operation:
            get(name, "/v1/operations/{id}", OperationRecord.self, "One operation.", parameters: [.wait])
        case .operationEvents:
            Route(
                name, .get, "/v1/operations/{id}/events", for: .reader,
                "What happens to one operation: how it stands, then every change until it is settled.",
                answer: .events)
        case .start:
            Route(
                name, .post, "/v1/operations", for: .owner, "Starts an operation.", touches: .stores,
                accepts: OperationRequest.self,
                answer: .form(OperationRecord.self, status: 202))
        case .cancel:
            Route(
                name, .post, "/v1/operations/{id}/cancel", for: .owner,
                "Asks an operation to stop, which it does before the point of no return.", touches: .changes,
                accepts: EmptyRequest.self,
                answer: .form(OperationRecord.self, status: 202))

        // Without any side effect, and so for readers too; one that names a place is the owner's (``PlanRequest/access``).
        case .plan:
            Route(
                name, .post, "/v1/plans", for: .reader,
                "What an operation would do. Changes nothing. Only the owner names a place.", touches: .stores,
                accepts: PlanRequest.self, answer: .form(PlanForm.self, status: 200))

        case .events:
            Route(
                name, .get, "/v1/events", for: .reader, "The audit as it grows.",
                parameters: [.since, .store], answer: .events)
        case .audit:
            get(
                name, "/v1/audit", ItemList<JournalEvent>.self, "The audit, newest first.",
                parameters: [.store, .limit, .after])
        case .auditVerification:
            get(
                name, "/v1/audit/verification", AuditVerification.self,
                "Whether every entry of the audit is there and as it was written.")

        case .holds: get(name, "/v1/holds", ItemList<Hold>.self, "The holds, newest first.")
        case .addHold:
            Route(
                name, .post, "/v1/holds", for: .owner, "Pauses automation for a store or for everything.",
                touches: .changes,
                accepts: HoldRequest.self, answer: .form(Hold.self, status: 201))
        case .removeHold:
            Route(name, .delete, "/v1/holds/{id}", for: .owner, "Ends a hold.", touches: .changes, answer: .nothing)

        case .releases:
            get(name, "/v1/releases", ItemList<ReleaseForm>.self, "The releases of Dementia that are installed.")

        case .diagnostics:
            get(
                name, "/v1/diagnostics", ItemList<Diagnosis>.self,
                "What is not as it should be, each with what mends it.")

        case .config: get(name, "/v1/config", ConfigForm.self, "The configuration that is in force.", touches: .itself)
        case .reload:
            Route(
                name, .post, "/v1/config/reload", for: .owner, "Takes over what the configuration says now.",
                touches: .stores,
                accepts: EmptyRequest.self, answer: .form(ConfigReloadForm.self, status: 200))
        }
    }

    /// What is only looked at, and by everybody whom the socket admits.
    private static func get(
        _ name: Name, _ path: String, _ form: any (Codable & Sendable).Type, _ summary: String,
        touches concern: Concern = .records, parameters: [Parameter] = []
    ) -> Route {
        Route(
            name, .get, path, for: .reader, summary, touches: concern, parameters: parameters,
            answer: .form(form, status: 200))
    }
}
