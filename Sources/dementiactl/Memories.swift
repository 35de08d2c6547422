// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// The memories that the daemon knows, as people call them.
struct Memories: Sendable {
    private let names: MemoryNames
    private let lines: [StoreID: String]

    /// - Parameter backups: backups whose memories may be forgotten or gone; those are named after the place that the backup tells
    init(_ stores: [StoreForm] = [], backups: [BackupForm] = []) {
        let known = Set(stores.map(\.id))
        let gone = Dictionary(backups.filter { !known.contains($0.store) }.map { ($0.store, $0.location) }) {
            first, _ in first
        }
        names = MemoryNames(
            stores.map { .init(id: $0.id, project: $0.project, location: $0.location) }
                + gone.map { .init(id: $0.key, project: MemoryNames.project(at: $0.value), location: $0.value) })
        lines = Dictionary(stores.compactMap { store in store.line.map { (store.id, $0) } }) { first, _ in first }
    }

    /// The name of the memory `id`, or its id when it is not known; a dash for work on no single memory.
    func name(_ id: StoreID?) -> String { id.map(names.name) ?? "-" }

    /// The name of the memory `id` as one word of a shell.
    func word(_ id: StoreID) -> String { ShellText.word(names.name(id)) }

    /// The line of the memory `id`.
    func line(_ id: StoreID?) -> String? { id.flatMap { lines[$0] } }

    /// A schema of the memory `id` as the version of Dementia.
    func version(_ number: Int?, of id: StoreID?) -> String { VersionText.name(number, line: line(id)) }

    /// The operation as a sentence.
    func sentence(_ operation: OperationRecord) -> OperationSentence {
        OperationSentence(operation, name: operation.store.map(names.name), line: line(operation.store))
    }
}

extension Session {
    /// The memories that are known. When they cannot be had, only their names are missing, and ids take their place.
    func memories(backups: [BackupForm] = []) async -> Memories {
        Memories((try? await client.stores()) ?? [], backups: backups)
    }

    /// Prints a result: a document, or for a person the text that is made of it with the names of memories.
    func show(
        _ kind: String, _ data: some Encodable & Sendable, backups: [BackupForm] = [],
        naming text: (Memories, Style) -> String
    ) async throws(GuardError) {
        if console.isJSON { return try console.document(kind, data) }
        let memories = await memories(backups: backups)
        console.say(text(memories, console.style))
    }
}
