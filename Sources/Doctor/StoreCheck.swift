// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Memories that are not as they should be, by what the daemon knows of them.
public struct StoreCheck: Check {
    /// What the newest backup of a memory says of it.
    public struct Kept: Sendable, Equatable {
        let project: String
        let sizeBytes: Int64

        public init(project: String, sizeBytes: Int64) {
            self.project = project
            self.sizeBytes = sizeBytes
        }
    }

    private let stores: [StoreForm]
    private let kept: [StoreID: Kept]
    private let now: Timestamp
    private let startedAt: Timestamp
    private let canRestore: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - stores: every memory
    ///   - kept: what their newest backups say; one that is missing tells nothing itself
    ///   - now: the moment
    ///   - startedAt: when the daemon was started: it makes the first backups by itself
    ///   - canRestore: whether the folder of a missing memory's path is there
    public init(
        _ stores: [StoreForm], kept: [StoreID: Kept], now: Timestamp, startedAt: Timestamp,
        canRestore: @escaping @Sendable (String) -> Bool
    ) {
        self.stores = stores
        self.kept = kept
        self.now = now
        self.startedAt = startedAt
        self.canRestore = canRestore
    }

    public var diagnoses: [Diagnosis] {
        stores.flatMap { store in
            [bare(store), missing(store), drifted(store), failed(store), unknown(store), lean(store)].compactMap(\.self)
        }
    }

    // MARK: Backups

    /// No backup yet, and enough time for one.
    private func bare(_ store: StoreForm) -> Diagnosis? {
        let isThere = ![.missing, .unknown, .failed].contains(store.state)
        guard store.lastBackup == nil, isThere, now.milliseconds - startedAt.milliseconds >= Self.patience else {
            return nil
        }
        return Diagnosis(
            .noBackup, .failure, "There is no proved backup of \(store.location).", store: store.id,
            remedy: .init("Take one now.", command: "dementiactl backup create \(store.id)"))
    }

    /// How long the daemon has for the first backups after its start, in milliseconds.
    private static let patience: Int64 = 60_000

    // MARK: Existence

    private func missing(_ store: StoreForm) -> Diagnosis? {
        guard store.state == .missing, store.engine == .sqlite else { return nil }
        // The same project's, somewhere else, with less in it.
        let before = kept[store.id]
        let other = stores.first { other in
            other.engine == .sqlite && other.state != .missing && other.project == before?.project
                && other.sizeBytes < before?.sizeBytes ?? 0
        }
        let isThere = canRestore(store.location)
        let backup = store.lastBackup
        let remedy: Diagnosis.Remedy
        if let backup, isThere {
            remedy = .init(
                "Put its newest backup back, if it was not removed on purpose.",
                command: "dementiactl restore \(backup.id) --yes")
        } else {
            remedy = .init(
                "If it was moved or removed on purpose, guard it no longer; its backups stay in the vault.",
                command: "dementiactl stores forget \(store.id) --yes")
        }
        guard let other else {
            return Diagnosis(
                .storeMissing, .failure, "\(store.location) is not there any more.", store: store.id, remedy: remedy)
        }
        return Diagnosis(
            .emptyElsewhere, .failure,
            "\(store.location) is not there any more, and \(other.location) of the same project holds less: Dementia may "
                + "have begun an empty memory at another place.", store: store.id, remedy: remedy)
    }

    // MARK: Shape

    private func drifted(_ store: StoreForm) -> Diagnosis? {
        guard store.state == .drifted else { return nil }
        return Diagnosis(
            .storeDrifted, .failure, "Ledger and schema of \(store.location) disagree.", store: store.id,
            remedy: .init(
                "Make it whole; a backup is taken first. What would be done: add --dry-run.",
                command: "dementiactl repair \(store.id) --yes"))
    }

    /// What the status calls failed is told with the same words.
    private func failed(_ store: StoreForm) -> Diagnosis? {
        guard store.hasFailed else { return nil }
        let why = store.problem?.detail ?? "The last operation on \(store.location) failed."
        return Diagnosis(
            .storeFailed, .failure, "\(store.location) needs a look: \(why)", store: store.id,
            remedy: .init(
                "See what was done and what became of the data; when the cause is mended, migrate it by its name.",
                command: store.next))
    }

    /// It is left alone, and so nobody guards it.
    private func unknown(_ store: StoreForm) -> Diagnosis? {
        guard store.state == .unknown, !store.hasFailed else { return nil }
        let isNone = store.problem.map { [.notADatabase, .foreignSchema].contains($0.code) } ?? false
        let remedy: Diagnosis.Remedy =
            switch (isNone, store.lastBackup) {
            case (true, let backup?):
                .init(
                    "Put its newest backup back, if it was a memory.",
                    command: "dementiactl restore \(backup.id) --yes")
            case (true, nil):
                .init(
                    "If it is no memory, guard it no longer.", command: "dementiactl stores forget \(store.id) --yes")
            case (false, _): .init("See what is known of it.", command: "dementiactl stores show \(store.id)")
            }
        return Diagnosis(
            .storeUnknown, .failure, store.problem?.detail ?? "\(store.location) is no memory that dementiad knows.",
            store: store.id, remedy: remedy)
    }

    /// The lean server inserts a column that its own table does not have, and names a conflict that no index backs: every memory that it
    /// is given is refused.
    private func lean(_ store: StoreForm) -> Diagnosis? {
        guard store.line == "lean-3", store.state != .missing else { return nil }
        let mended =
            "ALTER TABLE context_locks ADD COLUMN version TEXT NOT NULL DEFAULT '1.0'; "
            + "CREATE UNIQUE INDEX idx_context_locks_version ON context_locks(session_id, label, version)"
        return Diagnosis(
            .leanTable, .failure,
            "\(store.location): the lean server can store nothing in the table context_locks that it made, because it "
                + "has no column version.", store: store.id,
            remedy: .init(
                "Back it up and give the table what the server expects. It counts as a memory of line sqlite-4 from then on, which the "
                    + "lean server can use as well.",
                command: "dementiactl backup create \(store.id) && sqlite3 -bail -cmd '.timeout 10000' "
                    + "\(ShellText.word(store.location)) \(ShellText.word("BEGIN IMMEDIATE; \(mended); COMMIT"))"
                    + " && dementiactl stores rescan"))
    }
}

/// Two memories whose projects have one schema name between them.
public struct SharedSchemaCheck: Check {
    private let stores: [StoreForm]
    private let name: @Sendable (String) -> String

    /// - Parameters:
    ///   - stores: every memory; those in PostgreSQL have their schemas already
    ///   - name: the schema of a project, by Dementia's rule
    public init(_ stores: [StoreForm], name: @escaping @Sendable (String) -> String) {
        self.stores = stores
        self.name = name
    }

    public var diagnoses: [Diagnosis] {
        let files = stores.filter { $0.engine == .sqlite && $0.state != .missing }
        return Dictionary(grouping: files) { name($0.project) }.filter { !$0.key.isEmpty && $0.value.count > 1 }
            .sorted { $0.key < $1.key }.map { schema, stores in
                let places = stores.map(\.location).sorted()
                return Diagnosis(
                    .sharedSchema, .notice,
                    "\(places.joined(separator: " and ")) come to one schema name in PostgreSQL, \(schema): Dementia would "
                        + "mix them there.",
                    remedy: .init(
                        "Before either goes there, give one of the projects a name of its own, \(schema.prefix(28))_2 say: "
                            + "DEMENTIA_SCHEMA in the environment of its server, and "
                            + "dementiactl transfer \(stores[0].id) --to URL#SCHEMA. "
                            + "Nothing has to be done while they stay files."))
            }
    }
}
