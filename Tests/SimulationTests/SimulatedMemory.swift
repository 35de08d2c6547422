// SPDX-License-Identifier: MIT

import GuardCore
import HashKit
import Synchronization

/// A memory that lives outside of every engine, and the model's knowledge of it: what it holds, and who changed it.
final class SimulatedMemory: Sendable {
    /// A change that the engine made to values or objects.
    struct Effect: Sendable {
        enum Kind: Sendable { case migrated, restored, recreated }

        let kind: Kind
        let operation: OperationID?
        let before: MemoryContent?
        let after: MemoryContent
    }

    private struct State {
        var content: MemoryContent? { didSet { if let content { recent.append(content) } } }
        /// Counts everything that was committed.
        var commits: Int64 = 1
        /// The session that keeps writers away.
        var lockedBy: UInt64?
        var effects: [Effect] = []
        var sessions: UInt64 = 0
        var writes = 0
        /// The contents since the last ``takeRecent()``.
        var recent: [MemoryContent] = []
    }

    let location: StoreLocation
    private let state: Mutex<State>

    init(_ location: StoreLocation, _ content: MemoryContent) {
        self.location = location
        state = Mutex(State(content: content, recent: [content]))
    }

    var content: MemoryContent? { state.withLock(\.content) }
    var commits: Int64 { state.withLock(\.commits) }
    /// Everything that engines changed, oldest first.
    var effects: [Effect] { state.withLock(\.effects) }

    /// Everything that it held since this was asked last, with what it holds now.
    func takeRecent() -> [MemoryContent] {
        state.withLock { state in
            let recent = state.recent
            state.recent = [state.content].compactMap(\.self)
            return recent
        }
    }

    func newSession() -> UInt64 {
        state.withLock { state in
            state.sessions += 1
            return state.sessions
        }
    }

    // MARK: The application

    /// Writes a row, unless somebody has the write lock.
    func write() {
        state.withLock { state in
            guard state.lockedBy == nil, state.content != nil else { return }
            state.writes += 1
            let number = state.writes
            state.content?.rows["key\(number % 7)"] = "value\(number)"
            state.commits += 1
        }
    }

    /// Brings the schema one step further without a word to the ledger, as an application does that migrates by itself.
    func upgrade() {
        state.withLock { state in
            guard state.lockedBy == nil, let version = state.content?.version, version < 4 else { return }
            state.content?.version = version + 1
            state.commits += 1
        }
    }

    /// Takes the file away, as with a filesystem that is not mounted; or brings it back.
    func move(away content: MemoryContent?) {
        state.withLock { state in
            state.content = content
            state.commits += 1
        }
    }

    // MARK: The engine

    /// Keeps writers away for `session`. False when another session does.
    func lock(_ session: UInt64) -> Bool {
        state.withLock { state in
            guard state.lockedBy == nil || state.lockedBy == session else { return false }
            state.lockedBy = session
            return true
        }
    }

    /// The process that held locks is no more.
    func dropLocks() { state.withLock { $0.lockedBy = nil } }

    func unlock(_ session: UInt64) {
        state.withLock { state in
            if state.lockedBy == session { state.lockedBy = nil }
        }
    }

    /// Replaces what is there when nothing was committed since `commits`; nil for whatever was. Gives the count after it, or nil when the
    /// memory has moved on.
    func commit(
        _ content: MemoryContent, since commits: Int64?, _ kind: Effect.Kind, _ operation: OperationID?
    ) -> Int64? {
        state.withLock { state in
            guard commits == nil || state.commits == commits else { return nil }
            state.effects.append(
                Effect(kind: kind, operation: operation, before: state.content, after: content))
            state.content = content
            state.commits += 1
            return state.commits
        }
    }

    /// Changes the ledger alone.
    func writeLedger(_ change: (inout MemoryContent) -> Void) {
        state.withLock { state in
            guard var content = state.content else { return }
            change(&content)
            state.content = content
            state.commits += 1
        }
    }
}
