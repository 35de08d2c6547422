// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Stores
internal import Vault

/// Writes a backup where nothing is yet: into a file, or into a schema of its own or another server. Its store is not touched.
struct RestoreElsewhere {
    /// Where it goes.
    enum Place: Sendable {
        case file(String)
        case schema(PostgresStore)

        /// As people read it, without any secret.
        var name: String {
            switch self {
            case .file(let path): path
            case .schema(let store): store.location.name
            }
        }
    }

    let tools: EngineContext
    let log: OperationLog
    let entry: Entry

    /// Writes the backup to `place`, and settles the operation.
    func run(to place: Place) async throws(GuardError) -> OperationRecord {
        do throws(GuardError) {
            switch place {
            case .file(let path):
                try await log.step(.restore, detail: Self.detail(entry.id, place))
                try await write(to: path)
            case .schema(let store):
                try await restore(into: store)
            }
        } catch {
            return try await log.settle(failed: error)
        }
        return try await log.settle(.done)
    }

    private func write(to path: String) async throws(GuardError) {
        let entry = entry
        do throws(GuardError) {
            try await tools.working { (vault) throws(VaultError) in try vault.restore(entry, to: path) }
        } catch {
            // A damaged backup and a name that is taken say it all.
            guard [.inputOutput, .permissionDenied, .noSpace].contains(error.code) else { throw error }
            throw GuardError(
                error.code, "backup \(entry.id) could not be written to \(path)", store: entry.manifest.store.id,
                hint: "Nothing was changed. " + (error.hint ?? "Name another place."), causes: [error.message])
        }
    }

    private func restore(into store: PostgresStore) async throws(GuardError) {
        guard let original = Self.schema(of: entry) else {
            throw GuardError(
                .usage, "backup \(entry.id) is one of a SQLite file, and \(store.location.name) is a schema",
                store: entry.manifest.store.id,
                hint: "Nothing was changed. Move a memory with: dementiactl transfer STORE --to URL#SCHEMA")
        }
        let (tools, entry, log) = (tools, entry, log)
        try await ScratchFolder.use(for: log.record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) in
            let source = scratch.copy("source", of: store)
            try await tools.working { (vault) throws(VaultError) in try vault.restore(entry, to: source) }
            try await log.step(.restore, detail: Self.detail(entry.id, .schema(store)))
            do throws(GuardError) {
                try await store.recreate(from: source, of: original, expecting: entry.manifest.content)
                await store.close()
            } catch {
                await store.close()
                throw error
            }
        }
    }

    // MARK: What a kill leaves

    private static func detail(_ backup: BackupID, _ place: Place) -> String { "\(backup)\(separator)\(place.name)" }

    private static let separator = " to "

    /// Settles the operation of `log`, which an earlier process was killed in: the file or schema came to be whole or not at all, and no
    /// store was touched. What was written of a file goes.
    static func settle(
        _ log: OperationLog, with tools: EngineContext, because interrupted: GuardError
    ) async throws(GuardError) -> OperationRecord {
        let detail = log.record.steps.last { $0.kind == .restore }?.detail ?? ""
        if let range = detail.utf8.firstRange(of: separator.utf8),
            detail.utf8[range.upperBound...].first == UInt8(ascii: "/")
        {
            let folder = Directory.parent(of: String(detail[range.upperBound...]))
            // Best effort: the next restore into the folder tries again. It may lie on a mount that does not answer any more.
            _ = await tools.calls.ask(folder, silentFor: .seconds(4)) {
                try? Vault.clearCutShortRestores(in: realPath(folder))
            }
        }
        return try await log.settle(
            .untouched,
            because: interrupted.hinting(
                "No memory was changed. A backup that was written is whole; if it is not there, start the restore again."
            ))
    }

    /// The schema that the script of `entry` names; nil for a SQLite backup.
    private static func schema(of entry: Entry) -> String? {
        let store = entry.manifest.store
        return StoreLocation(engine: store.engine, name: store.location).schema
    }
}
