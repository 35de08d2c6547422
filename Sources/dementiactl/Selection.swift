// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import Glibc
internal import GuardCore

/// Finds the memory, the backup or the operation that a person names.
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

    /// The one store that `name` means: its id, its place or folder, its project where no other has the same one, an end of its place, or
    /// the beginning of its id. Pure.
    ///
    /// - Parameter path: the absolute path that `name` is when it is a path
    static func store(_ name: String, among all: [StoreForm], path: String) throws(GuardError) -> StoreForm {
        let places = all.map { (id: $0.id, project: $0.project, location: $0.location) }
        guard let id = try store(name, among: places, path: path), let form = all.first(where: { $0.id == id }) else {
            throw CommandText.noStore(name, among: all)
        }
        return form
    }

    /// A store by what names it.
    typealias Place = (id: StoreID, project: String, location: String)

    /// The id of the one place that `name` means, by the same rules; nil when there is none.
    static func store(_ name: String, among all: [Place], path: String) throws(GuardError) -> StoreID? {
        guard !name.isEmpty else { return nil }
        let typed = PostgresPlace(name)?.location
        func exact(_ place: Place) -> Bool {
            place.id.value == name || [name, path, typed].contains(place.location)
        }
        func named(_ place: Place) -> Bool {
            place.project == name || MemoryNames.isTail(name, of: place.location)
                || (place.location.hasPrefix("/") && folder(of: place.location) == path)
        }
        for rule in [exact, named, { $0.id.value.hasPrefix(name) }] {
            let matches = Set(all.filter(rule).map(\.id))
            if let only = matches.first, matches.count == 1 { return only }
            guard matches.isEmpty else {
                let memories = MemoryNames(all.map { .init(id: $0.id, project: $0.project, location: $0.location) })
                let lines = all.filter { matches.contains($0.id) }.map { "\(memories.name($0.id))  \($0.location)" }
                throw CommandText.ambiguous(name, lines)
            }
        }
        return nil
    }

    /// The backup that `text` means: its id, its number, or the beginning of an id.
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

    /// The real path that `name` is here; made absolute when nothing is at it. The daemon has another working directory.
    static func resolved(_ name: String) -> String {
        if let real = realpath(name, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        guard !name.hasPrefix("/"), let here = getcwd(nil, 0) else { return name }
        defer { free(here) }
        return String(cString: here) + "/" + name
    }

    /// The folder that holds the file at `path`.
    static func folder(of path: String) -> String {
        let parts = path.split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/")
    }
}

/// A schema as a person types it in a URL: `postgresql://anna@db.example/dementia#shop`.
struct PostgresPlace {
    /// The place as the daemon writes it: `db.example:5432/dementia#shop`.
    let location: String

    /// nil for text that is no URL of a schema.
    init?(_ text: String) {
        guard let start = text.firstRange(of: "://"), ["postgres", "postgresql"].contains(text[..<start.lowerBound]),
            let mark = text.firstIndex(of: "#")
        else { return nil }
        let authorityAndPath = text[start.upperBound..<mark].split(separator: "?", maxSplits: 1).first ?? ""
        let parts = authorityAndPath.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let authority = parts.first, !parts[1].isEmpty else { return nil }
        let host = authority.split(separator: "@").last ?? ""
        guard !host.isEmpty else { return nil }
        let hasPort = host.split(separator: "]").last?.contains(":") == true
        location = "\(host)\(hasPort ? "" : ":5432")/\(parts[1])#\(text[text.index(after: mark)...])"
    }
}
