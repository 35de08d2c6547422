// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit
internal import Vault

/// Which contexts hold some words, and in which states they stood.
extension ContentReader {
    func search(_ question: SearchQuestion) async throws(GuardError) -> SearchForm {
        let words = FoldedText(question.words)
        var results = SearchResults(question.store)
        if question.scope != .live {
            let search = try backupSearch()
            let standing = try await search.update(question.store, with: tools)
            let matches = try await search.matches(words, of: question.store)
            results.add(matches, standing)
        }
        if question.scope != .backups {
            for store in await searchedStores(question.store) {
                do throws(GuardError) {
                    try await addLive(store, words, to: &results)
                } catch {
                    results.missing.append("what \(store.name) holds now: \(error.message)")
                }
            }
        }
        let newest = results.newest(since: question.since)
        var hits: [SearchForm.Hit] = []
        for hit in newest.prefix(question.limit) {
            var context = hit.context
            if context == nil, let match = hit.match { context = try await backupSearch().context(match) }
            guard let context, let first = hit.first, let last = hit.last else { continue }
            let holder =
                FoldedText(context.content).firstPlace(of: words) == nil ? Array(context.label.utf8) : context.content
            hits.append(
                SearchForm.Hit(
                    store: hit.store, location: try await place(of: hit.store), label: context.label,
                    version: context.version, session: context.session, first: first, last: last, states: hit.count,
                    isLive: results.searchedLive.contains(hit.store) ? hit.isLive : nil,
                    excerpt: FoldedText.excerpt(of: holder, around: words)))
        }
        return SearchForm(
            items: hits, backups: results.backups, live: results.searchedLive.count,
            notSearched: results.missing.sorted() + [Self.leftOut], isCut: newest.count > question.limit)
    }

    private static let leftOut = "tables other than the one of contexts, and contexts that are kept in archives"

    /// The index of the vault, opened when it is not yet.
    func backupSearch() throws(GuardError) -> BackupSearch {
        if let knownSearch { return knownSearch }
        do throws(SystemCallError) {
            let search = try BackupSearch(in: Directory.parent(of: tools.scratch), scratch: tools.scratch)
            knownSearch = search
            return search
        } catch {
            throw GuardError(
                error.isNoSpace ? .noSpace : .inputOutput, "there is no room for an index of the backups",
                hint: "Nothing was changed. Look at the room under the state directory.", causes: [error.description])
        }
    }

    private func searchedStores(_ id: StoreID?) async -> [StoreLocation] {
        await supervisor.stores.forms.filter { id == nil || $0.id == id }.map(\.place)
    }

    private func place(of id: StoreID) async throws(GuardError) -> String {
        if let form = await supervisor.stores.form(id) { return form.location }
        // A memory that is not guarded any more is still known to its backups.
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.newest(of: id) }
        return entry?.manifest.store.location ?? id.value
    }

    private func addLive(
        _ location: StoreLocation, _ words: FoldedText, to results: inout SearchResults
    ) async throws(GuardError) {
        let copies = try copies()
        let prepared = try await prepare(.live(location.id), look: nil, in: copies)
        let found = try await copies.read(prepared.subject) { (state) throws(SQLiteError) in
            var found: [ContextText] = []
            var digests: Set<[UInt8]> = []
            try state.forEachContext { (context) throws(SQLiteError) in
                guard context.holds(words), digests.insert(context.digest).inserted else { return }
                found.append(context)
            }
            return found
        }
        results.addLive(found, prepared.memory)
    }
}

/// Puts together what is found in backups and in memories: a context with one content is one result, wherever it stood.
struct SearchResults {
    /// One result.
    struct Hit {
        let store: StoreID
        var match: SearchIndex.Match?
        /// Known of what a live memory holds; otherwise the index has it.
        var context: ContextText?
        var first: MemoryState?
        var last: MemoryState?
        var count = 0
        var isLive = false
    }

    private struct Key: Hashable {
        let store: StoreID
        let digest: [UInt8]
    }

    /// The number of backups that were searched.
    private(set) var backups = 0
    private(set) var searchedLive: Set<StoreID> = []
    var missing: [String] = []
    private let store: StoreID?
    private var hits: [Key: Hit] = [:]

    init(_ store: StoreID?) {
        self.store = store
    }

    mutating func add(_ matches: [SearchIndex.Match], _ standing: BackupSearch.Standing) {
        missing += standing.missing
        backups = standing.states.values.reduce(0) { $0 + $1.count }
        for match in matches {
            guard let id = StoreID(match.store) else { continue }
            let states = (standing.states[id] ?? []).filter { name in
                match.spans.contains { $0.contains(Int64(clamping: name.id.sequence)) }
            }
            guard let first = states.first, let last = states.last else { continue }
            var hit = Hit(store: id, match: match, count: states.count)
            hit.first = MemoryState(id, first)
            hit.last = MemoryState(id, last)
            hits[Key(store: id, digest: match.digest)] = hit
        }
    }

    mutating func addLive(_ contexts: [ContextText], _ state: MemoryState) {
        searchedLive.insert(state.store)
        for context in contexts {
            let key = Key(store: state.store, digest: context.digest)
            var hit = hits[key] ?? Hit(store: state.store)
            hit.context = context
            hit.isLive = true
            hit.count += 1
            hit.first = hit.first ?? state
            hit.last = state
            hits[key] = hit
        }
    }

    /// The results, those that stood last first.
    func newest(since: Timestamp?) -> [Hit] {
        hits.values.filter { hit in since.map { moment in hit.last.map { $0.at >= moment } ?? false } ?? true }
            .sorted { one, other in
                if one.isLive != other.isLive { return one.isLive }
                // Those that stood last first, and among these those that came last. What is live is newer than any backup.
                func place(_ hit: Hit) -> (UInt64, UInt64, Int64, String) {
                    (
                        hit.last?.backup?.sequence ?? .max, hit.first?.backup?.sequence ?? .max, hit.match?.id ?? 0,
                        hit.context?.label ?? ""
                    )
                }
                return place(one) > place(other)
            }
    }
}

extension MemoryState {
    /// The content of a backup, by its name alone.
    init(_ store: StoreID, _ name: BackupName) {
        self.init(
            store: store, backup: name.id, at: name.createdAt, reason: name.reason, schemaVersion: name.schemaVersion)
    }
}
