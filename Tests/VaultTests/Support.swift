// SPDX-License-Identifier: MIT

import FoundationEssentials
import Glibc
import GuardCore
import HashKit
import LinuxKit
import Synchronization

@testable import Vault

/// A directory of one test's own, removed with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/dementiad-vault-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError(call: "mkdtemp", errno: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? Directory.removeTree(path) }
}

/// Runs `command` in a shell, and gives its exit status and everything it printed.
func shell(_ command: String) throws -> (status: Int32, output: String) {
    let folder = try TemporaryFolder()
    let status = system("{ \(command)\n} >'\(folder.path)/output' 2>&1 </dev/null")
    let output = try OpenFile.content(of: "\(folder.path)/output")
    // WEXITSTATUS is a macro.
    return (status >> 8 & 0xFF, String(decoding: output, as: UTF8.self))
}

/// A clock that a test moves by hand.
final class Clock: Sendable {
    private let seconds = Mutex<Double>(1_762_689_662.345)

    func now() -> Timestamp { seconds.withLock { Timestamp(Date(timeIntervalSince1970: $0)) } }

    func move(years: Double) { seconds.withLock { $0 += years * 365.25 * 86_400 } }
}

/// Text that compresses and noise that does not: the same bytes for the same seed.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { index in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return index % 2 == 0 ? UInt8(truncatingIfNeeded: state >> 33) : UInt8(97 + index % 7)
    }
}

let shop = StoreLocation(engine: .sqlite, name: "/home/me/src/shop/.claude-memory.db")
let other = StoreLocation(engine: .sqlite, name: "/home/me/src/other/.claude-memory.db")

/// What the engine would know of a backup.
func draft(_ reason: BackupReason = .manual, tables: Int = 1) -> ManifestDraft {
    let table = TableDigest(name: "memories", rows: 3, identities: SHA256.digest(of: "rows"), columns: [])
    return ManifestDraft(
        host: "workstation", daemonVersion: "1.0.0", reason: reason, project: "shop", line: "sqlite-4",
        schemaVersion: 2,
        engineFacts: ["pageSize": "4096"],
        content: StoreDigest(objects: [], tables: Array(repeating: table, count: tables)),
        checks: .init(
            integrity: "ok", foreignKeyViolations: 0,
            restoreTest: .init(ok: true, at: Timestamp(Date(timeIntervalSince1970: 1_762_689_662)), seconds: 0.5)),
        proof: .restored)
}

extension Vault {
    init(_ folder: TemporaryFolder, clock: Clock = Clock(), disk: Disk = Disk()) throws(VaultError) {
        // The vault keeps the folder: it is removed after its last user.
        let now: WallClock = { withExtendedLifetime(folder) { clock.now() } }
        try self.init(openingOrCreating: folder.path + "/vault", now: now, disk: disk)
    }

    /// The whole life of a backup, as the engine runs it.
    @discardableResult
    func backUp(
        _ bytes: [UInt8], of location: StoreLocation = shop, reason: BackupReason = .manual, knownDigest: Bool = false,
        kind: PayloadKind = .sqliteDatabase, level: Int = 3
    ) throws -> Entry {
        let options = PayloadOptions(
            kind, rawBytes: kind == .sqliteDatabase ? Int64(bytes.count) : nil, level: level, workers: 0,
            known: knownDigest ? SHA256.digest(of: bytes) : nil)
        var staging = try stage(for: location, options)
        if !staging.isLinked {
            try bytes.withUnsafeBytes { try staging.write($0) }
            try staging.finishPayload()
        }
        try staging.readBack()
        return try staging.publish(draft(reason))
    }

    /// Every file of the vault but the lock and its bytes, for comparisons to the byte.
    func contents(under folder: String? = nil) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        let folder = folder ?? path
        for name in try Directory.entries(folder) where name != "lock" {
            let child = "\(folder)/\(name)"
            if try FileStatus(ofLink: child).kind == .directory {
                result.merge(try contents(under: child)) { first, _ in first }
            } else {
                result[child] = try OpenFile.content(of: child)
            }
        }
        return result
    }

    /// The names in all staging folders and the trash.
    func leftovers() throws -> [String] {
        try Directory.entries(trashPath)
            + storeFolders().flatMap { folder in
                let incoming = "\(storesPath)/\(folder.name)/.incoming"
                return try FileStatus.ifPresent(incoming) == nil ? [] : Directory.entries(incoming)
            }
    }
}
