// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores

/// An operation's own folder for restores that prove and rehearse. Gone when the operation is over; swept at start when a crash left it.
struct ScratchFolder: Sendable {
    let path: String

    /// Makes the folder `name` in `scratch`.
    init(_ name: String, in scratch: String) throws(SystemCallError) {
        path = "\(scratch)/\(name)"
        try Directory.createAll(path)
    }

    /// Runs `body` with a folder of `operation`'s own, and takes away everything that it needed for proofs and rehearsals of `store`:
    /// here and, when `body` may have taken a backup, where the store itself made room for them.
    ///
    /// - Parameter refused: what becomes of it all when there is no folder; without it that is thrown
    static func use<Result: Sendable>(
        for operation: OperationID, on store: any Store, in scratch: String,
        _ body: (ScratchFolder) async throws(GuardError) -> Result,
        orElse refused: (GuardError) async throws(GuardError) -> Result = { (error) throws(GuardError) in throw error }
    ) async throws(GuardError) -> Result {
        let folder: ScratchFolder
        do throws(SystemCallError) {
            folder = try ScratchFolder(operation.value, in: scratch)
        } catch {
            return try await refused(EngineFailure(store.location).system(error, "making scratch for the work"))
        }
        let result: Swift.Result<Result, GuardError>
        do throws(GuardError) {
            result = .success(try await body(folder))
        } catch {
            result = .failure(error)
        }
        await store.discardScratch(of: operation)
        folder.remove()
        return try result.get()
    }

    /// Runs `body` with the path for a copy of `store` that nobody needs after a look at it.
    static func look<Result: Sendable>(
        at store: any Store, named name: String, in scratch: String,
        _ body: (String) async throws(GuardError) -> Result
    ) async throws(GuardError) -> Result {
        try await temporary(name, for: store.location, in: scratch) { (folder) throws(GuardError) in
            try await body(folder.copy("look", of: store))
        }
    }

    /// Runs `body` with the folder `name`, which is for a look at the store at `location` and gone afterwards.
    static func temporary<Result: Sendable>(
        _ name: String, for location: StoreLocation, in scratch: String,
        _ body: (ScratchFolder) async throws(GuardError) -> Result
    ) async throws(GuardError) -> Result {
        let folder: ScratchFolder
        do throws(SystemCallError) {
            folder = try ScratchFolder(name, in: scratch)
        } catch {
            throw EngineFailure(location).system(error, "making scratch for a look")
        }
        defer { folder.remove() }
        return try await body(folder)
    }

    /// The path of a copy of `store` in it, with the ending that such copies have.
    func copy(_ name: String, of store: any Store) -> String {
        "\(path)/\(name).\(store.location.engine.copyExtension)"
    }

    /// Drops what `store` made room for on behalf of operations that are over: a crash, or a server that went away, came before their own
    /// cleaning up. What the journal does not know is another guard's and stays.
    static func discardOld(of store: any Store, with tools: EngineContext) async {
        for operation in await store.scratchLeft() {
            guard let record = try? await tools.journal.operation(operation), record.state == .settled else { continue }
            await store.discardScratch(of: operation)
        }
        await store.close()
    }

    /// Removes the folder with everything in it.
    private func remove() {
        // Best effort: the next start sweeps scratch, and what is in it is only ever a copy.
        try? Directory.removeTree(path)
    }

    /// Empties `scratch`: whatever is in it belongs to operations that a crash ended.
    static func sweep(_ scratch: String) throws(SystemCallError) {
        for name in try Directory.entries(scratch) { try Directory.removeTree("\(scratch)/\(name)") }
    }
}
