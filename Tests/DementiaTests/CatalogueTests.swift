// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import Dementia

@Suite struct CatalogueTests {
    @Test("the list of shipped migrations is the folder's")
    func complete() throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let folder = try #require(opendir(root + "/Sources/Dementia/Migrations"))
        defer { closedir(folder) }
        var names: Set<String> = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
            }
            if !name.hasPrefix(".") { names.insert(name) }
        }
        #expect(names == Set(Catalogue.shipped.map(\.name)))
        #expect(Catalogue.shipped.count == names.count)
    }

    @Test("every shipped migration is read, and versions rise by one")
    func versions() throws {
        let catalogue = try Catalogue()
        #expect(catalogue.migrations(of: .sqlite4).map(\.version) == [1, 2, 3, 4])
        #expect(catalogue.migrations(of: .sqlite4).map(\.name) == ["base", "rlm", "files", "embeddings"])
        #expect(catalogue.head(of: .sqlite4) == 4)
        #expect(catalogue.head(of: .lean3) == nil)
        #expect(catalogue.migrations(of: .lean3) == [])
    }

    @Test("people know every migration of a SQLite memory by the release that brought it")
    func releases() throws {
        let labels = try Catalogue().migrations(of: .sqlite4).compactMap { Line.sqlite4.release(bringing: $0.version) }
        #expect(labels == ["4.0", "4.1", "4.2", "4.4"])
        #expect(Line.postgres4.release(bringing: 1) == nil)
    }

    @Test("no shipped migration of a SQLite memory changes a value that is there")
    func additive() throws {
        for migration in try Catalogue().migrations(of: .sqlite4) {
            for change in migration.changes {
                switch change {
                case .fills, .renames: continue
                default: Issue.record("\(migration.name) declares \(change)")
                }
            }
        }
    }

    @Test("migrations of a configured folder join their line in the order of versions")
    func dropIns() throws {
        let text = "-- changes: none\n-- up\nCREATE TABLE a (x);\n-- down: none\n-- verify\nSELECT 1 WHERE 0;\n"
        let catalogue = try Catalogue(dropIns: [
            ("sqlite4_0010_ten.sql", text), ("sqlite4_0009_nine.sql", text), ("lean3_0001_first.sql", text),
        ])
        #expect(catalogue.migrations(of: .sqlite4).map(\.version) == [1, 2, 3, 4, 9, 10])
        #expect(catalogue.head(of: .lean3) == 1)
        let error = #expect(throws: MigrationFileError.self) {
            try Catalogue(dropIns: [("sqlite4_0002_mine.sql", text)])
        }
        #expect(error?.message.contains("'rlm'") == true)
        #expect(throws: MigrationFileError.self) {
            try Catalogue(dropIns: [("sqlite4_0007_a.sql", text), ("sqlite4_0007_b.sql", text)])
        }
    }
}

@Suite struct RecognitionTests {
    private func recognise(_ tables: [String: [String]]) -> Recognition {
        .sqlite(
            Shape(
                tables: tables.mapValues { columns in
                    columns.map { Shape.Column(name: $0, type: "TEXT", isNotNull: false, defaultValue: nil) }
                }, indices: []))
    }

    private static let contexts = ["id", "session_id", "label", "version", "content", "content_hash", "locked_at"]

    @Test("one table of Dementia's is enough, whatever else is there")
    func memories() {
        #expect(recognise(["context_locks": Self.contexts, "mine": ["x"]]) == .memory(.sqlite4))
        #expect(recognise(["session_updates": ["id", "timestamp", "message"]]) == .memory(.sqlite4))
        #expect(recognise(["files": ["indexed_at"], "sessions": ["id", "files_indexed"]]) == .memory(.sqlite4))
        #expect(
            recognise([
                "context_locks": ["id", "session_id", "label", "content", "embedding_model"],
                "sessions": ["id", "started_at"],
            ])
                == .memory(.lean3))
    }

    @Test("nothing, nothing of ours, and something of ours that nobody made are three answers")
    func others() {
        #expect(recognise([:]) == .empty)
        #expect(recognise(["users": ["id"], "decisions": ["id"]]) == .foreign)
        #expect(
            recognise(["sessions": ["id", "token"]])
                == .unknown("its table sessions has no column started_at, which every known Dementia gives it"))
        #expect(
            recognise(["context_locks": Self.contexts.dropLast() + ["x"]])
                == .unknown("its table context_locks has no column locked_at, which every known Dementia gives it"))
    }

    @Test("a fingerprint is of tables, columns, types, defaults and indices, and not of their order")
    func fingerprint() {
        func shape(_ columns: [(String, String, Bool, String?)], _ indices: Set<String> = []) -> Shape {
            Shape(
                tables: ["t": columns.map { .init(name: $0.0, type: $0.1, isNotNull: $0.2, defaultValue: $0.3) }],
                indices: indices)
        }
        let one = shape([("a", "TEXT", true, nil), ("b", "INTEGER", false, "0")])
        #expect(one.fingerprint == shape([("b", "INTEGER", false, "0"), ("a", "TEXT", true, nil)]).fingerprint)
        for other in [
            shape([("a", "TEXT", true, nil)]), shape([("a", "TEXT", false, nil), ("b", "INTEGER", false, "0")]),
            shape([("a", "TEXT", true, nil), ("b", "INTEGER", false, nil)]),
            shape([("a", "TEXT", true, nil), ("b", "REAL", false, "0")]),
            shape([("a", "TEXT", true, nil), ("b", "INTEGER", false, "0")], ["i"]),
        ] {
            #expect(one.fingerprint != other.fingerprint)
        }
    }
}
