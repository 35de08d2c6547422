// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Testing

@Suite("Versions and names as people know them")
struct VersionTextTests {
    @Test("A schema is told as the version of Dementia that makes it")
    func names() {
        let names = (0...5).map { VersionText.name($0, line: "sqlite-4") }
        #expect(names == ["older than 4.0", "4.0", "4.1", "4.2", "4.4", "schema 5"])
        #expect(VersionText.name(8, line: "postgres-4") == "4.2 (8 of 11 migrations)")
        #expect(VersionText.name(12, line: "postgres-4") == "schema 12")
        #expect(VersionText.name(0, line: "lean-3") == "3.1")
        #expect(VersionText.name(nil, line: "sqlite-4") == "?" && VersionText.name(3, line: nil) == "schema 3")
    }

    @Test("A change is told with both versions, and of a schema of PostgreSQL with both migrations")
    func changes() {
        #expect(VersionText.change(from: 1, to: 4, line: "sqlite-4") == "4.0 → 4.4")
        #expect(VersionText.change(from: 8, to: 11, line: "postgres-4") == "4.2 (8 → 11 of 11 migrations)")
        #expect(VersionText.change(from: nil, to: 11, line: "postgres-4") == "new → 4.2 (11 of 11 migrations)")
        #expect(VersionText.standing(4, wanted: 4, line: "sqlite-4") == "4.4")
        #expect(VersionText.standing(2, wanted: 4, line: "sqlite-4") == "4.1 → 4.4")
    }

    @Test(
        "A version is read as the schema that it makes; nil for one that is none",
        arguments: [
            ("4.0", 1), ("4.0.0-rc1", 1), ("v4.1.0", 2), ("4.2", 3), ("4.3", 3), ("4.4.0", 4), ("2", 2), ("9", 9),
            ("4.9", nil), ("4.10", nil), ("4.", nil), ("", nil), ("newest", nil),
        ] as [(String, Int?)])
    func schemas(_ text: String, _ schema: Int?) {
        #expect(VersionText.schema(of: text, line: "sqlite-4") == schema)
    }

    @Test("Every schema of the catalogue has its place in the lines, and every name leads back to its schema")
    func complete() throws {
        #expect(VersionText.schema(of: "4.2", line: "postgres-4") == 11)
        let catalogue = try Catalogue()
        for line in Line.allCases {
            for migration in catalogue.migrations(of: line) { #expect(line.versions.contains(migration.version)) }
            #expect(catalogue.head(of: line) == nil || catalogue.head(of: line) == line.versions.upperBound)
        }
        for row in VersionText.rows(line: "sqlite-4") {
            for release in row.releases { #expect(VersionText.schema(of: release, line: row.line) == row.schema) }
        }
        #expect(
            VersionText.list(line: "sqlite-4")
                == "4.0 (schema 1), 4.1 (schema 2), 4.2 and 4.3 (schema 3), 4.4 (schema 4)")
    }

    @Test("A memory is called by its project, and by the end of its place where two have the same project")
    func memories() {
        func memory(_ location: String, _ project: String) -> MemoryNames.Memory {
            let engine: StoreEngine = location.hasPrefix("/") ? .sqlite : .postgres
            return .init(id: StoreLocation(engine: engine, name: location).id, project: project, location: location)
        }
        let places = [
            ("/home/anna/paid/shop/.claude-memory.db", "shop"), ("/home/anna/play/shop/.claude-memory.db", "shop"),
            ("db:5432/dementia#shop", "shop"), ("/home/anna/wiki/.claude-memory.db", "wiki"),
            ("/srv/a/b/x/1.db", "x"), ("/srv/a/b/x/2.db", "x"), ("/one/a/blog/m.db", "blog"),
            ("/two/a/blog/m.db", "blog"),
        ]
        let all = places.map { memory($0.0, $0.1) }
        let names = MemoryNames(all)
        let told = places.map { names.name(memory($0.0, $0.1).id) }
        #expect(
            told == [
                "paid/shop", "play/shop", "dementia#shop", "wiki", "/srv/a/b/x/1.db", "/srv/a/b/x/2.db", "one/a/blog",
                "two/a/blog",
            ])
        #expect(MemoryNames.project(at: "/srv/shop/m.db") == "shop" && MemoryNames.project(at: "h:1/d#s") == "s")
        #expect(MemoryNames.isTail("paid/shop", of: places[0].0) && !MemoryNames.isTail("ork/shop", of: places[0].0))
    }
}
