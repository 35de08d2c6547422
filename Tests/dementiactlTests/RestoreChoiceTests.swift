// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@testable import dementiactl

@Suite("Which backup is restored", .serialized)
struct RestoreChoiceTests {
    static let shop = Samples.stores[0]
    static let blog = Samples.stores[1]

    /// Newest first: what had failed, what was replaced, what cannot be proved, and then the good ones.
    static let backups = [
        backup(9, .failedState, 4), backup(8, .beforeRestore, 4), backup(7, .schedule, 4, verified: false),
        backup(6, .schedule, 4), backup(5, .migration, 3), backup(4, .release, 1),
        Samples.backup(BackupID(sequence: 3, root: "333333333333"), of: blog, .manual, at: 1),
    ]

    static func backup(_ number: UInt64, _ reason: BackupReason, _ version: Int, verified: Bool = true) -> BackupForm {
        Samples.backup(
            BackupID(sequence: number, root: String(repeating: String(number % 10), count: 12)), of: shop, reason,
            at: version, verified: verified)
    }

    @Test(
        "Of a store the newest good one; before a version, the newest from before it; a backup by its id, its beginning or its number",
        arguments: [
            (["\(shop.id)"], 6), ([shop.location], 6), ([String(shop.id.value.prefix(4))], 6), (["\(blog.id)"], 3),
            (["\(shop.id)", "--before", "4"], 5), (["\(shop.id)", "--before", "3"], 4),
            (["\(shop.id)", "--before", "4.2"], 5), (["\(shop.id)", "--before", "4.2.0"], 5),
            (["shop"], 6), (["blog"], 3), (["srv/shop"], 6), (["9"], 9), (["000005"], 5), (["000005_55"], 5),
        ] as [([String], UInt64)])
    func chosen(_ arguments: [String], _ number: UInt64) async throws {
        try await World.run { world in
            await world.service.keep(Self.backups)
            let end = try await Ctl(world: world).run(["restore"] + arguments + ["--yes", "--json"])
            #expect(end.status == 0, "\(end.output)")
            #expect(await world.service.started.first?.request.backup?.sequence == number)
        }
    }

    @Test(
        "What cannot be told is said, with what there is instead",
        arguments: [
            (["nothing"], GuardError.Code.notFound), (["\(shop.id)", "--before", "1"], .notFound),
            (["\(shop.id)", "--before", "9.9"], .usage), (["9", "--before", "4"], .usage), ([""], .notFound),
        ] as [([String], GuardError.Code)])
    func refused(_ arguments: [String], _ code: GuardError.Code) async throws {
        try await World.run { world in
            await world.service.keep(Self.backups)
            let end = try await Ctl(world: world).run(["restore"] + arguments + ["--yes", "--json"])
            #expect(try AnyDocument(end).error?.code == code)
            #expect(await world.service.started.isEmpty)
        }
    }

    @Test("The number of a backup wins over the beginning of a store's id")
    func number() async throws {
        try await World.run { world in
            let number = try #require(UInt64(Self.shop.id.value.prefix(5)))
            await world.service.keep([Self.backup(number, .manual, 4)])
            let end = try await Ctl(world: world).run("restore", String(number), "--dry-run", "--json")
            #expect(end.status == 0)
            #expect(end.output.contains("\"backup\":\"\(Self.backup(number, .manual, 4).id)\""))
        }
    }

    @Test("A release of the past means what it brought, of the store's own line")
    func past() {
        func migration(_ version: Int, _ since: String?, _ line: String = "sqlite-4") -> MigrationForm {
            MigrationForm(
                line: line, version: version, name: "x", checksum: "", reversible: true, since: since)
        }
        let all = [
            migration(1, "4.0"), migration(2, "4.1"), migration(3, "4.2"), migration(4, "4.4"), migration(7, nil),
            migration(9, "4.1", "postgres-4"),
        ]
        func version(_ text: String) -> Int? { RestoreChoice.version(of: text, line: "sqlite-4", among: all) }
        #expect(version("4.1") == 2 && version("4.1.0") == 2 && version("4.0.0-rc1") == 1 && version("4.4") == 4)
        #expect(version("4.10") == nil && version("4") == nil && version("") == nil)
    }

    @Test("A release means what it needs, of the store's own line; of several that fit, the lowest")
    func releases() {
        func release(_ label: String, _ line: String, _ version: Int?) -> ReleaseForm {
            ReleaseForm(id: label, label: label, path: "/opt", line: line, version: version)
        }
        let all = [
            release("4.1.2", "sqlite-4", 3), release("4.1.0", "sqlite-4", 2), release("4.10.0", "sqlite-4", 4),
            release("4.1.9", "postgres-4", 1), release("4.0.0-rc1", "sqlite-4", nil),
        ]
        #expect(RestoreChoice.version(of: "4.1", line: "sqlite-4", among: all) == 2)
        #expect(RestoreChoice.version(of: "4.10", line: "sqlite-4", among: all) == 4)
        #expect(RestoreChoice.version(of: "4.0.0", line: "sqlite-4", among: all) == nil)
        #expect(RestoreChoice.version(of: "5", line: nil, among: all) == nil)
    }
}
