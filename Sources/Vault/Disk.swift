// SPDX-License-Identifier: MIT

internal import LinuxKit

/// The one way by which the vault changes anything on disk.
///
/// A test puts a judge in between: it lets the n-th change fail, as a full or broken disk would, or lets that one and everything
/// after it fail, which leaves on disk exactly what a crash at that point leaves.
struct Disk: Sendable {
    /// What is about to happen.
    enum Change: Sendable, Hashable, CaseIterable {
        case makeDirectory, create, write, sync, close, link, rename, unlink, removeTree, syncDirectory
    }

    /// What a judge decides.
    enum Verdict: Sendable {
        case proceed
        /// Nothing happens, and the error number is reported.
        case fail(Int32)
        /// A write leaves its first half on disk; other changes just fail.
        case tear(Int32)
    }

    /// Asked before each change; nothing in the daemon.
    var judge: (@Sendable (Change, String) -> Verdict)?

    private func permit(_ change: Change, _ path: String) throws(VaultError) {
        switch judge?(change, path) ?? .proceed {
        case .proceed: return
        case .fail(let code), .tear(let code):
            throw VaultError(SystemCallError(call: "\(change)", errno: code, path: path))
        }
    }

    func makeDirectory(_ path: String) throws(VaultError) {
        try permit(.makeDirectory, path)
        try translated { () throws(SystemCallError) in try Directory.create(path) }
    }

    /// Makes `path` unless it is a directory already.
    func ensureDirectory(_ path: String) throws(VaultError) {
        let status = try translated { () throws(SystemCallError) in try FileStatus.ifPresent(path) }
        if status?.kind != .directory { try makeDirectory(path) }
    }

    func create(_ path: String, mode: UInt32) throws(VaultError) -> OpenFile {
        try permit(.create, path)
        return try translated { () throws(SystemCallError) in try OpenFile.creating(path, mode: mode) }
    }

    /// Makes `path` where somebody outside of the vault wants a file: on a way without any symbolic link.
    func createOutside(_ path: String, mode: UInt32) throws(VaultError) -> OpenFile {
        try permit(.create, path)
        return try translated { () throws(SystemCallError) in try OpenFile.creatingWithoutLinks(path, mode: mode) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, to file: borrowing OpenFile) throws(VaultError) {
        do throws(SystemCallError) {
            switch judge?(.write, file.path) ?? .proceed {
            case .proceed: try file.write(bytes)
            case .fail(let code): throw SystemCallError(call: "write", errno: code, path: file.path)
            case .tear(let code):
                try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]))
                throw SystemCallError(call: "write", errno: code, path: file.path)
            }
        } catch {
            throw VaultError(error)
        }
    }

    /// Marks a file outside of the vault as one that is being written.
    func lock(_ file: borrowing OpenFile) throws(VaultError) {
        do {
            // It was made a moment ago under a name that nobody else chooses.
            _ = try file.lock()
        } catch {
            throw VaultError(error)
        }
    }

    /// A failure is final: the file is to be thrown away.
    func sync(_ file: borrowing OpenFile) throws(VaultError) {
        try permit(.sync, file.path)
        do {
            try file.sync()
        } catch {
            throw VaultError(error)
        }
    }

    func close(_ file: consuming OpenFile) throws(VaultError) {
        try permit(.close, file.path)
        do {
            try file.close()
        } catch {
            throw VaultError(error)
        }
    }

    /// Makes the file `path` with these bytes, on disk when this returns.
    func createFile(_ path: String, mode: UInt32, _ bytes: [UInt8]) throws(VaultError) {
        let file = try create(path, mode: mode)
        let buffer = ByteBuffer(count: bytes.count)
        buffer.bytes.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(buffer.bytes), to: file)
        try sync(file)
        try close(file)
    }

    func link(_ source: String, as target: String) throws(VaultError) {
        try permit(.link, target)
        try translated { () throws(SystemCallError) in try Directory.link(source, as: target) }
    }

    func rename(_ source: String, to target: String) throws(VaultError) {
        try permit(.rename, target)
        try translated { () throws(SystemCallError) in try Directory.rename(noReplace: source, to: target) }
    }

    func unlink(_ path: String) throws(VaultError) {
        try permit(.unlink, path)
        try translated { () throws(SystemCallError) in try Directory.unlink(path) }
    }

    func removeTree(_ path: String) throws(VaultError) {
        try permit(.removeTree, path)
        try translated { () throws(SystemCallError) in try Directory.removeTree(path) }
    }

    func syncDirectory(_ path: String) throws(VaultError) {
        try permit(.syncDirectory, path)
        try translated { () throws(SystemCallError) in try Directory.sync(path) }
    }
}
