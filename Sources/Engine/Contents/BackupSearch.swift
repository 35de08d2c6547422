// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import HashKit
internal import LinuxKit
internal import SQLiteKit
internal import Vault

/// The index of the vault, kept up with it whenever something is looked for. Everything blocks, on this actor's own thread.
actor BackupSearch {
    /// The most bytes that the index may have.
    static let mostBytes: Int64 = 1 << 30

    private let thread: ThreadExecutor
    private let path: String
    private let scratch: String
    private var index: SearchIndex?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - state: the state directory, in which the index has a folder
    ///   - scratch: where a backup is decoded to be read
    init(in state: String, scratch: String) throws(SystemCallError) {
        thread = try ThreadExecutor(name: "search")
        let folder = state + "/search"
        try Directory.createAll(folder)
        path = folder + "/index.db"
        self.scratch = scratch
    }

    /// What a look at the vault found.
    struct Standing: Sendable {
        /// The backups that the index has, by store, each with its place in the order of backups.
        var states: [StoreID: [BackupName]] = [:]
        /// The parts that are missing, a sentence each.
        var missing: [String] = []
    }

    /// Adds what came to the vault since, and forgets what went, of one store or of all.
    func update(_ store: StoreID?, with tools: EngineContext) throws(GuardError) -> Standing {
        let index = try opened()
        let lines: [IndexEntry]
        do throws(VaultError) {
            lines = try tools.vault.index(store: store)
        } catch {
            throw EngineFailure.vault(error)
        }
        var standing = Standing()
        let known = try telling { () throws(SQLiteError) in try index.backups() }
        if store == nil {
            let gone = known.subtracting(lines.compactMap { $0.name?.id.description })
            try index.changing(
                { () throws(GuardError) in
                    try telling { () throws(SQLiteError) in try index.forget(gone) }
                }, orElse: Self.failure)
        }
        for (store, lines) in Dictionary(grouping: lines, by: \.store) {
            for line in lines where line.name == nil { standing.missing.append("\(line.path) is no backup") }
            let ordered = lines.filter { $0.name != nil }.sorted {
                ($0.name?.id.sequence ?? 0) < ($1.name?.id.sequence ?? 0)
            }
            try add(ordered, of: store, to: index, &standing, tools)
        }
        return standing
    }

    /// Adds the backups of one store in their order, a transaction each, so that a search that is cut short has not worked for nothing.
    private func add(
        _ lines: [IndexEntry], of store: StoreID, to index: SearchIndex, _ standing: inout Standing,
        _ tools: EngineContext
    ) throws(GuardError) {
        var known = try telling { () throws(SQLiteError) in try index.backups() }
        var tail = try telling { () throws(SQLiteError) in try index.tail(of: store.value) }
        for line in lines {
            guard let name = line.name else { continue }
            let (id, sequence) = (name.id.description, Int64(clamping: name.id.sequence))
            if known.contains(id) {
                standing.states[store, default: []].append(name)
                continue
            }
            guard case .good(let entry) = tools.vault.listing(of: line) else {
                standing.missing.append("backup \(id) is damaged")
                continue
            }
            if try telling({ () throws(SQLiteError) in try index.size() }) > Self.mostBytes {
                standing.missing.append("backup \(id): the index has reached \(Self.mostBytes) bytes")
                continue
            }
            if let newest = tail, sequence <= newest.sequence {
                // One that could not be read before can be now: the order is made anew.
                try index.changing(
                    { () throws(GuardError) in
                        try telling { () throws(SQLiteError) in try index.forget(store: store.value) }
                    }, orElse: Self.failure)
                standing.states[store] = nil
                return try add(lines, of: store, to: index, &standing, tools)
            }
            let content = entry.manifest.content.fingerprint.hex
            let state = SearchIndex.State(store: store.value, backup: id, sequence: sequence, content: content)
            do throws(GuardError) {
                try add(state, entry, isSame: tail?.content == content, to: index, tools)
            } catch {
                guard error.code != .noSpace else { throw error }
                standing.missing.append("backup \(id) could not be read: \(error.message)")
                continue
            }
            known.insert(id)
            tail = (sequence, content)
            standing.states[store, default: []].append(name)
        }
    }

    private func add(
        _ state: SearchIndex.State, _ entry: Entry, isSame: Bool, to index: SearchIndex, _ tools: EngineContext
    ) throws(GuardError) {
        guard !isSame else {
            return try index.changing(
                { () throws(GuardError) in
                    try telling { () throws(SQLiteError) in try index.add(state, nil) }
                }, orElse: Self.failure)
        }
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        let decoded = try DecodedState(entry, at: "\(scratch)/search-\(entry.id)", of: location, with: tools)
        defer { decoded.remove() }
        try index.changing(
            { () throws(GuardError) in
                try telling { () throws(SQLiteError) in try index.add(state, try ContentState(decoded.file)) }
            }, orElse: Self.failure)
    }

    // MARK: Asking

    /// A context that holds the words, with where it stood.
    struct Found: Sendable {
        let match: SearchIndex.Match
        let context: ContextText
    }

    /// The contexts that hold `words`.
    func matches(_ words: FoldedText, of store: StoreID?) throws(GuardError) -> [SearchIndex.Match] {
        let index = try opened()
        return try telling { () throws(SQLiteError) in try index.matches(words, store: store?.value) }
    }

    /// The contexts of one label.
    func contexts(labelled label: String, of store: StoreID) throws(GuardError) -> [Found] {
        let index = try opened()
        return try telling { () throws(SQLiteError) in
            var found: [Found] = []
            for match in try index.matches(label: label, store: store.value) {
                guard let context = try index.context(match.id) else { continue }
                found.append(Found(match: match, context: context))
            }
            return found
        }
    }

    /// The context of a match; nil when it was forgotten meanwhile.
    func context(_ match: SearchIndex.Match) throws(GuardError) -> ContextText? {
        let index = try opened()
        return try telling { () throws(SQLiteError) in try index.context(match.id) }
    }

    private func opened() throws(GuardError) -> SearchIndex {
        if let index { return index }
        let path = path
        let opened = try telling { () throws(SQLiteError) in try SearchIndex(path: path) }
        index = opened
        return opened
    }

    private func telling<Result>(_ body: () throws(SQLiteError) -> Result) throws(GuardError) -> Result {
        do {
            return try body()
        } catch {
            // An index that is damaged is made anew by the next question.
            if error.code ~= .corrupt || error.code ~= .notADatabase { index = nil }
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: SQLiteError) -> GuardError {
        GuardError(
            error.isNoSpace ? .noSpace : .inputOutput, "the index of the backups could not be used",
            hint:
                "Nothing was changed. It can be removed at any time, and is made anew: the folder search in the state directory.",
            causes: [error.description])
    }
}
