// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import Glibc
internal import GuardCore

/// Finds what a person means by an id, the beginning of one, or a path.
struct Selection: Sendable {
    let client: ControlClient

    /// The stores that `names` mean, in that order; every store for none.
    func stores(_ names: [String]) async throws(GuardError) -> [StoreForm] {
        let all = try await client.stores()
        guard !names.isEmpty else { return all }
        var chosen: [StoreForm] = []
        for name in names {
            let store = try Self.store(name, among: all, path: Self.resolved(name))
            if !chosen.contains(where: { $0.id == store.id }) { chosen.append(store) }
        }
        return chosen
    }

    /// The one store that `name` means.
    func store(_ name: String) async throws(GuardError) -> StoreForm {
        try Self.store(name, among: try await client.stores(), path: Self.resolved(name))
    }

    /// Pure. `path` is what `name` is when it is a path.
    static func store(_ name: String, among all: [StoreForm], path: String) throws(GuardError) -> StoreForm {
        if let store = all.first(where: { $0.id.value == name || $0.location == name || $0.location == path }) {
            return store
        }
        let matches = name.isEmpty ? [] : all.filter { $0.id.value.hasPrefix(name) }
        guard let only = matches.first, matches.count == 1 else {
            throw matches.isEmpty
                ? CommandText.noStore(name) : CommandText.ambiguous(name, matches.map { "\($0.id) \($0.location)" })
        }
        return only
    }

    /// The backup that `text` means: its id, the beginning of one, or its number.
    func backup(_ text: String) async throws(GuardError) -> BackupID {
        if let id = BackupID(text) { return id }
        let matches = RestoreChoice.backups(text, among: try await client.backups()).map(\.id)
        guard let only = matches.first, matches.count == 1 else {
            throw matches.isEmpty ? CommandText.noBackup(text) : CommandText.ambiguous(text, matches.map(\.description))
        }
        return only
    }

    /// The operation that `text` means: its id, or the beginning of one.
    func operation(_ text: String) async throws(GuardError) -> OperationID {
        let upper = text.uppercased()
        let full = upper.hasPrefix("OP_") ? "op_" + upper.dropFirst(3) : "op_" + upper
        if let id = OperationID(full) { return id }
        let matches = try await client.operations(atMost: 1000).map(\.id).filter { $0.value.hasPrefix(full) }
        guard let only = matches.first, matches.count == 1, !text.isEmpty else {
            throw matches.isEmpty || text.isEmpty
                ? CommandText.noOperation(text) : CommandText.ambiguous(text, matches.map(\.value))
        }
        return only
    }

    // MARK: Paths

    /// The real path that `name` is here; made absolute when there is nothing at it. The daemon has another working directory.
    static func resolved(_ name: String) -> String {
        if let real = realpath(name, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        guard !name.hasPrefix("/"), let here = getcwd(nil, 0) else { return name }
        defer { free(here) }
        return String(cString: here) + "/" + name
    }
}
