// SPDX-License-Identifier: MIT

internal import LinuxKit

// `v4_1` is a version, and `v41` would be another.
// swift-format-ignore: AlwaysUseLowerCamelCase
/// A database of the past that lies in `Tests/Fixtures`. See the README there.
public struct Fixture: Sendable, Hashable, CustomStringConvertible {
    /// Its file's name without `.db`.
    public let name: String

    /// The fixture whose file is `name` and `.db`.
    public init(_ name: String) {
        self.name = name
    }

    /// Its name.
    public var description: String { name }

    /// August 2025: the index of files, with a `sessions` of its own.
    public static let v0_2 = Fixture("v0.2-file-index-real")
    /// August 2025: session updates, todos, fixes, decisions.
    public static let v0_3 = Fixture("v0.3-session-memory-real")
    /// August 2025: contexts with `locked_by`.
    public static let v0_4 = Fixture("v0.4-context-locks-real")
    /// The first 4.0, before indices and WAL.
    public static let v4_0First = Fixture("v4.0.0-first-made")
    /// 4.0.0-rc1.
    public static let v4_0 = Fixture("v4.0.0-rc1-made")
    /// A real 4.0 memory with everything that came before in it, FTS included.
    public static let v4_0Real = Fixture("v4.0-real")
    /// ``v4_0`` after upstream's script.
    public static let v4_1Script = Fixture("v4.0.0-rc1-made.after-migrate_v4_1")
    /// ``v4_0Real`` after upstream's script.
    public static let v4_1ScriptReal = Fixture("v4.0-real.after-migrate_v4_1")
    /// ``v4_0`` after the 4.1 server had opened it: five columns, no tables.
    public static let v4_1Server = Fixture("v4.0.0-rc1-made.after-server-dc8e819")
    /// ``v4_0`` after the last SQLite server had opened it.
    public static let v4_4Server = Fixture("v4.0.0-rc1-made.after-server-49a9ffc")
    /// 4.1 with archives.
    public static let v4_1Crud = Fixture("v4.1-crud-made")
    /// The last SQLite server's own.
    public static let v4_4 = Fixture("v4.4-made")
    /// Comes with its `-wal` and `-shm`, and holds rows that are only there.
    public static let v4_4HotWAL = Fixture("v4.4-hot-wal/hot")
    /// ``v4_4`` after the lean server had written into it.
    public static let leanOnV4_4 = Fixture("v3.1.0-lean-on-v4.4")
    /// The lean server's own, which can hold no context.
    public static let leanFresh = Fixture("v3.1.0-lean-fresh")

    /// Every fixture of line `sqlite-4`, which all have a path to its head.
    public static let sqlite4: [Fixture] = [
        v0_2, v0_3, v0_4, v4_0First, v4_0, v4_0Real, v4_1Script, v4_1ScriptReal, v4_1Server, v4_4Server, v4_1Crud, v4_4,
        v4_4HotWAL, leanOnV4_4,
    ]

    /// Where it lies. Not to be opened by SQLite: even reading a WAL file writes.
    public var path: String { "\(Place.fixtures)/sqlite/\(name).db" }

    /// Copies it, with its `-wal` and `-shm`, to `path`, and gives `path` back.
    @discardableResult
    public func copy(to target: String) throws -> String {
        for suffix in ["", "-wal", "-shm"] where try suffix.isEmpty || FileStatus.ifPresent(path + suffix) != nil {
            try TestSupport.copy(path + suffix, to: target + suffix)
        }
        return target
    }
}

/// Where things lie, found from this file.
public enum Place {
    /// The package's root.
    public static let package = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    /// `Tests/Fixtures`.
    public static let fixtures = package + "/Tests/Fixtures"
    /// The program that makes a memory of any size: `python3 largeStoreMaker CONTEXTS FILE`.
    public static let largeStoreMaker = package + "/Tests/Tools/make_large_store.py"
}
