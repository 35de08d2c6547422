// SPDX-License-Identifier: MIT

internal import Glibc
public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    /// Puts the database file at `source` in the place of a file that is missing or that SQLite cannot open.
    ///
    /// The only case in which a file is replaced by rename, and only when no process has it open: a connection to the replaced file
    /// would go on writing into a file without a name. What was there stays beside it, under names that end in `suffix`. Each step
    /// can be done again after a crash: first the old `-wal` and `-journal` go aside, because SQLite would replay them into whatever
    /// has the database's name.
    public func recreate(
        from source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError) {
        close()
        try checkReplaceable()
        let folder = Directory.parent(of: path)
        let staged = "\(path).new-\(suffix)"
        var hasBegun = false
        do throws(SystemCallError) {
            if try FileStatus.ifPresent(staged) != nil { try Directory.unlink(staged) }
            try copy(source, to: staged, rights)
            hasBegun = true
            for beside in ["-wal", "-journal"] where try FileStatus.ifPresent(path + beside) != nil {
                try Directory.rename(noReplace: path + beside, to: "\(path)\(beside).\(suffix)")
            }
            try Directory.sync(folder)
            let aside = "\(path).\(suffix)"
            if try FileStatus.ifPresent(path) != nil {
                if try FileStatus.ifPresent(aside) == nil { try Directory.rename(noReplace: path, to: aside) }
            }
            try Directory.rename(noReplace: staged, to: path)
            try Directory.sync(folder)
            // It describes the old file's -wal, and SQLite makes a new one.
            if try FileStatus.ifPresent(path + "-shm") != nil { try Directory.unlink(path + "-shm") }
        } catch {
            let failure = failure.translate(error, "putting the restored file in place")
            throw hasBegun ? failure.with(dataState: .unverified) : failure
        }
        let found: StoreDigest
        do throws(GuardError) {
            found = try translating("verifying the restore") { () throws(SQLiteError) in
                try SQLiteSchema(try connectForVerification()).content()
            }
        } catch {
            throw error.with(dataState: .unverified)
        }
        guard found == content else {
            throw GuardError(
                .restoreFailed, "\(path) does not hold what was restored into it", store: location.id,
                dataState: .unverified,
                hint: "What was there before lies beside it, as \(path).\(suffix).")
        }
    }

    /// Fails unless the file is missing, or SQLite cannot read it and nobody has it open.
    private func checkReplaceable() throws(GuardError) {
        let status: FileStatus?
        do {
            status = try FileStatus.ifPresent(path)
        } catch {
            throw failure.translate(error, "looking at it")
        }
        guard let status else { return }
        guard status.kind == .file else {
            _ = try self.status()
            return
        }
        let holders = OpenHolders.find(device: status.device, inode: status.inode).filter { $0.pid != getpid() }
        guard holders.isEmpty else { throw failure.busy("a restore of a file that cannot be opened") }
        guard !isSound() else {
            throw GuardError(
                .restoreFailed, "\(path) is a sound database: it is restored into, and not replaced",
                store: location.id,
                hint: "Nothing was changed. See: dementiactl restore --help")
        }
    }

    /// Whether SQLite can read all of it.
    private func isSound() -> Bool {
        guard let connection = try? connect().connection else { return false }
        return (try? IntegrityCheck.complaints(connection).isEmpty) ?? false
    }

    private func connectForVerification() throws(SQLiteError) -> Connection {
        try Connection(path: path, access: .readWrite)
    }

    private func copy(_ source: String, to target: String, _ rights: FileRights?) throws(SystemCallError) {
        let input = try OpenFile.reading(source)
        let output = try OpenFile.creatingWithoutLinks(target, mode: (rights?.mode ?? 0o600) & 0o777)
        let buffer = ByteBuffer(count: 256 << 10)
        while case let count = try input.read(into: buffer.bytes), count > 0 {
            try output.write(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
        }
        try output.sync()
        try output.close()
    }
}
