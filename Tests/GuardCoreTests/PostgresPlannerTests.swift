// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import Testing

/// Plans of a line that begins at version 0, has a migration that recurs and one that can clear its way.
@Suite struct PostgresPlannerTests {
    private let catalogue = try! Catalogue()
    private let store = StoreLocation(engine: .postgres, name: "host:5432/db#shop").id
    private var planner: Planner { Planner(catalogue: catalogue) }

    private func survey(_ problems: some Sequence<Int>, ledger: [LedgerRow]? = nil) -> Survey {
        Survey(
            recognition: .memory(.postgres4), shape: Shape(tables: [:], indices: []), ledger: ledger,
            problems: Dictionary(uniqueKeysWithValues: problems.map { ($0, ["thing \($0) is missing"]) }))
    }

    private func plan(
        _ problems: some Sequence<Int>, ledger: [LedgerRow]? = nil, wanted: Int? = nil
    ) throws -> Plan {
        try planner.plan(for: store, at: "the schema", survey(problems, ledger: ledger), wanted: wanted)
    }

    private func repair(_ problems: some Sequence<Int>, ledger: [LedgerRow]? = nil) throws -> Plan {
        try planner.repair(for: store, at: "the schema", survey(problems, ledger: ledger))
    }

    private func downgrade(_ problems: some Sequence<Int>, ledger: [LedgerRow]?, to target: Int) throws -> Plan {
        try planner.downgrade(for: store, at: "the schema", survey(problems, ledger: ledger), to: target)
    }

    private func rows(_ versions: some Sequence<Int>, success: Bool = true) -> [LedgerRow] {
        versions.map { version in
            let migration = catalogue.migrations(of: .postgres4).first { $0.version == version }
            return LedgerRow(
                version: version, name: migration?.name ?? "m\(version)", success: success,
                checksum: migration?.checksum.hex, down: migration?.downText)
        }
    }

    private func steps(_ plan: Plan) -> String {
        plan.steps.map { "\($0.action.rawValue) \($0.migration.version)" }.joined(separator: ", ")
    }

    @Test("none is not version 0: the version is the last up to which everything is true")
    func version() {
        func version(_ problems: some Sequence<Int>, ledger: [LedgerRow]? = nil) -> Int? {
            planner.version(of: survey(problems, ledger: ledger), in: .postgres4)
        }
        #expect(version(0...11) == nil && version([0]) == nil)
        #expect(version(1...11) == 0 && version([5, 8]) == 4 && version([]) == 11)
        // A recurring repair: its evidence without a ledger, the ledger's word with one.
        #expect(version([11]) == 10)
        #expect(version([11], ledger: rows(0...11)) == 11)
        #expect(version([], ledger: rows(0...10)) == 10)
        #expect(version([], ledger: rows([3], success: false)) == 11)
    }

    @Test("a schema that upstream migrated is adopted, and what is due in it is done")
    func adoption() throws {
        let adopted = (0...10).map { "adopt \($0)" }.joined(separator: ", ")
        #expect(try steps(plan([])) == adopted + ", adopt 11")
        let due = try plan([11])
        #expect(steps(due) == adopted + ", apply 11" && due.from == 10 && due.to == 11)
        let old = try plan(0...11)
        #expect(old.from == nil && old.to == 11 && old.steps.allSatisfy { $0.action == .apply })
        #expect(old.shownFrom == nil && old.summary == "postgres-4 none → 11")
    }

    @Test("a recorded migration that recurs is applied again when it is due, and that is no drift")
    func recurring() throws {
        let again = try plan([11], ledger: rows(0...11))
        #expect(steps(again) == "apply 11" && again.from == 11 && again.to == 11)
        #expect(again.changes == [.rewrites(table: "mcp_sessions", column: "project_name")])
        #expect(try plan([], ledger: rows(0...11)).isEmpty)
        #expect(throws: GuardError.self) { try plan([10], ledger: rows(0...11)) }
        // An edited text stays drift.
        var edited = rows(0...10)
        edited.append(LedgerRow(version: 11, name: "x", success: true, checksum: "other"))
        #expect(throws: GuardError.self) { try plan([], ledger: edited) }
    }

    @Test("version 0 can be wanted: it is the base")
    func base() throws {
        let plan = try plan(0...11, wanted: 0)
        #expect(steps(plan) == "apply 0" && plan.from == nil && plan.to == 0)
        #expect(throws: GuardError.self) { try self.plan(0...11, wanted: -1) }
        let other = try self.plan(0...11, wanted: 1)
        #expect(plan.digest != other.digest)
        let none = Plan(store: store, line: .postgres4, from: nil, to: 1, steps: other.steps)
        let zero = Plan(store: store, line: .postgres4, from: 0, to: 1, steps: other.steps)
        #expect(none.digest != zero.digest)
    }

    @Test("a downgrade passes a recurring repair over, goes down to the base, and not below it")
    func downgrades() throws {
        let down = try downgrade([], ledger: rows(0...11), to: 9)
        #expect(steps(down) == "revert 11, revert 10" && down.from == 11 && down.to == 9)
        #expect(down.steps.first?.migration.down == [] && down.changes.isEmpty)
        // Also when it is due, and when its row was written without a way back.
        #expect(try steps(downgrade([11], ledger: rows(0...11), to: 10)) == "revert 11")
        let bare = rows(0...10) + [LedgerRow(version: 11, name: "pending", success: true, checksum: nil)]
        #expect(try steps(downgrade([], ledger: bare, to: 10)) == "revert 11")
        // Without a row there is nothing to take back.
        #expect(try downgrade([], ledger: rows(0...10), to: 10).isEmpty)
        #expect(try steps(downgrade([], ledger: nil, to: 9)) == "revert 10")
        #expect(try downgrade([], ledger: rows(0...11), to: 0).steps.count == 11)
        let below = #expect(throws: GuardError.self) { try downgrade([], ledger: rows(0...11), to: -1) }
        #expect(below?.code == .noWayBack)
    }

    @Test("a repair clears the way of a migration that failed, and of nothing that did not")
    func repairs() throws {
        let blocked = rows(0...4) + rows([5], success: false)
        let plan = try repair(5...11, ledger: blocked)
        #expect(steps(plan) == "repair 5" && plan.from == 4 && plan.to == 5)
        #expect(plan.changes.contains(.moves(table: "file_semantic_model", to: "dementia_kept_file_semantic_model")))
        // Rehearsed and failed before anything was recorded: what comes before it is brought as well.
        let first = try repair(0...11, ledger: rows([5], success: false))
        #expect(steps(first) == "apply 0, apply 1, apply 2, apply 3, apply 4, repair 5" && first.from == nil)
        #expect(try repair(5...11, ledger: rows(0...4)).isEmpty)
        #expect(try repair(8...11, ledger: rows(0...7) + rows([8], success: false)).isEmpty)
        #expect(try repair(0...11, ledger: nil).isEmpty && repair(0...11, ledger: nil).to == nil)
        // One that was there and is gone is drift, which a repair mends in the same way.
        #expect(try steps(repair([5], ledger: rows(0...11))) == "repair 5")
        #expect(try steps(repair([11], ledger: rows(0...11))) == "apply 11")
    }

    @Test("what cannot be planned for a schema is told in a schema's words")
    func hints() {
        for (place, word) in [("db:5432/app#shop", "psql"), ("/srv/.claude-memory.db", "sqlite3")] {
            let unknown = Survey(
                recognition: .unknown("x"), shape: Shape(tables: [:], indices: []), ledger: nil, problems: [:])
            do {
                _ = try planner.plan(for: store, at: place, unknown)
                Issue.record("an unknown shape has no plan")
            } catch {
                #expect(error.code == .unknownShape && error.hint?.contains(word) == true)
            }
        }
    }

    @Test("what a migration moves it moves in a repair only")
    func moves() throws {
        let migrate = try plan(5...11, ledger: rows(0...4))
        #expect(migrate.changes == [.rewrites(table: "mcp_sessions", column: "project_name")])
        #expect(try repair([5], ledger: rows(0...11)).changes.count == 1)
    }
}
