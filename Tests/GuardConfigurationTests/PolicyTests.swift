// SPDX-License-Identifier: MIT

import Testing

@testable import GuardConfiguration

@Suite("A policy of its own for each store")
struct PolicyTests {
    private var migrate: Settings.Migrate {
        var migrate = Settings.Migrate()
        migrate.mode = .ask
        migrate.auto = ["/home/ann/src"]
        migrate.off = ["/home/ann/src/old", "0123456789ab"]
        migrate.ask = ["/home/ann/src/old/shop/.claude-memory.db"]
        return migrate
    }

    @Test(
        "the nearest entry that names a store, or a folder above it, decides",
        arguments: [
            ("/home/ann/notes/.claude-memory.db", Settings.Migrate.Mode.ask),
            ("/home/ann/src/shop/.claude-memory.db", .auto), ("/home/ann/src-2/.claude-memory.db", .ask),
            ("/home/ann/src/old/.claude-memory.db", .off), ("/home/ann/src/old/shop/.claude-memory.db", .ask),
        ])
    func nearest(location: String, mode: Settings.Migrate.Mode) {
        #expect(migrate.mode(for: location, id: "ffffffffffff") == mode)
    }

    @Test("an id means one store, and is nearer than any folder")
    func id() {
        #expect(migrate.mode(for: "/home/ann/src/shop/.claude-memory.db", id: "0123456789ab") == .off)
        #expect(migrate.mode(for: "db.example:5432/work#shop", id: "0123456789ab") == .off)
        #expect(migrate.mode(for: "db.example:5432/work#shop", id: "ffffffffffff") == .ask)
    }

    @Test("one place in two lists is two policies, and is refused")
    func contradiction() {
        var migrate = migrate
        #expect(migrate.contradictions.isEmpty)
        migrate.auto.append("/home/ann/src/old")
        #expect(migrate.contradictions == ["/home/ann/src/old"])
    }
}
