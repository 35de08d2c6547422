// SPDX-License-Identifier: MIT

import ControlAPI
import FoundationEssentials
import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Engine

/// The document of `dementiad once --json`.
struct PassDocument: Decodable {
    struct Items: Decodable { let items: [PassItem] }

    let api: Int
    let kind: String
    let data: Items
}

@Suite("Several at once")
struct StarterTests {
    @Test(
        "P9: eight starters on one file, each with a state of its own: one migrates, seven find nothing to do",
        arguments: ["wal", "delete"])
    func eight(journalMode: String) throws {
        let world = try World(.v4_0)
        try world.change("PRAGMA journal_mode = \(journalMode)")
        let before = try world.contents()
        let daemons = try (1...8).map { number in
            try Daemon(["once", "--json", "--watch", world.store, "--state-dir", world.folder.file("state-\(number)")])
        }
        let tools = try daemons.map { try $0.start() }
        var applied = 0
        for (daemon, tool) in zip(daemons, tools) {
            let result = try daemon.finish(tool)
            #expect(result.status == 0, "\(result.output) \(result.errors)")
            #expect(result.errors == "")
            let item = try #require(
                try JSONDecoder().decode(PassDocument.self, from: Data(result.output.utf8)).data.items.first)
            #expect(item.store.state == .current)
            switch item.operation?.outcome {
            case .succeeded: applied += 1
            case .nothingToDo, nil: break
            default: Issue.record("\(result.output)")
            }
        }
        #expect(applied == 1)
        #expect(try world.contents().losses(since: before) == [])
        #expect(try world.lines("PRAGMA journal_mode") == [journalMode])
        #expect(try world.lines("SELECT count(DISTINCT operation_id) FROM schema_migrations") == ["1"])
    }

    @Test("A second one on the same state directory refuses, and names the first")
    func sameState() throws {
        let world = try World()
        let state = try StateDirectory(world.state)
        let before = try world.files()
        let result = try Daemon(["once", "--watch", world.store, "--state-dir", world.state]).run()
        #expect(result.status == 11)
        #expect(result.errors.contains("pid \(getpid())"))
        #expect(result.output == "")
        #expect(try world.files() == before)
        withExtendedLifetime(state) {}
    }
}
