// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit

/// What a file needs around it, and what it does not need.
extension SQLiteStore {
    /// Opens the file at `location`. Nothing is opened yet but a thread.
    public static func open(
        _ location: StoreLocation, limits: Limits = Limits()
    ) throws(GuardError) -> SQLiteStore {
        do {
            return try SQLiteStore(path: location.name, limits: limits)
        } catch {
            throw SQLiteFailure(location: location).translate(error, "making a thread for the work")
        }
    }

    /// Room beside the file, where the WAL or the rollback journal grows by about what a migration rewrites, and a filesystem that
    /// keeps SQLite's locks.
    public func preflight() throws(GuardError) -> [Finding] {
        let bytes = try describe().sizeBytes
        let needed = bytes + bytes / 5
        let filesystem: Filesystem
        do {
            filesystem = try Filesystem(holding: Directory.parent(of: path))
        } catch {
            throw failure.translate(error, "looking for room for the migration")
        }
        guard filesystem.freeBytes >= needed else {
            throw GuardError(
                .noSpace,
                "a migration of \(path) needs \(needed) bytes beside it and \(filesystem.freeBytes) are free",
                store: location.id, hint: "Nothing was changed. Free some space on that filesystem.")
        }
        guard filesystem.isLocal else {
            throw GuardError(
                .remoteFilesystem,
                "\(path) lies on a network filesystem (\(filesystem.type)), where SQLite's locks cannot be trusted",
                store: location.id, hint: "Nothing was changed. Move it to a local filesystem.")
        }
        return []
    }

    /// Nothing is left to do: the snapshot's own checks looked at the copy, a restore gives exactly its bytes, and the vault compares what
    /// it reads back with them.
    public func prove(
        _ copy: String, of snapshot: Snapshot, for operation: OperationID, progress: ProgressSink?
    ) async throws(GuardError) -> CopyProof {
        .restored
    }

    public func checkTarget(rehearsedOn scratch: String?) -> CheckTarget {
        let path = scratch ?? path
        return CheckTarget(argument: path, environment: ["CLAUDE_MEMORY_DB": path])
    }

    /// Nothing: all scratch of a file's is in the scratch folder.
    public func discardScratch(of operation: OperationID) async {}
}
