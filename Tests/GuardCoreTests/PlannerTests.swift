// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import Testing

@Suite struct PlannerTests {
    private let catalogue = try! Catalogue()
    private let store = StoreLocation(engine: .sqlite, name: "/srv/shop/.claude-memory.db").id

    private func plan(
        _ recognition: Recognition = .memory(.sqlite4), problems: Set<Int> = [], ledger: [LedgerRow]? = nil,
        foreign: Bool = false, wanted: Int? = nil
    ) throws -> Plan {
        let survey = Survey(
            recognition: recognition, shape: Shape(tables: [:], indices: []), ledger: ledger,
            foreignLedger: foreign ? "a view schema_migrations" : nil,
            problems: Dictionary(uniqueKeysWithValues: problems.map { ($0, ["thing \($0) is missing"]) }))
        return try Planner(catalogue: catalogue).plan(for: store, at: "the file", survey, wanted: wanted)
    }

    private func refusal(_ body: () throws -> Plan) -> GuardError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? GuardError
        }
    }

    private func row(_ version: Int, success: Bool = true, checksum: String? = nil) -> LedgerRow {
        LedgerRow(version: version, name: "m\(version)", success: success, checksum: checksum)
    }

    private func steps(_ plan: Plan) -> [String] { plan.steps.map { "\($0.action.rawValue) \($0.migration.version)" } }

    @Test("a version that there is not is an error which lists those that there are, up and down")
    func versions() throws {
        let up = refusal { try plan(ledger: [row(1), row(2), row(3), row(4)], wanted: 5) }
        #expect(up?.code == .usage && up?.message.contains("no version 5") == true)
        #expect(up?.hint?.contains("1 (Dementia 4.0), 2 (Dementia 4.1), 3 (Dementia 4.2), 4 (Dementia 4.4)") == true)
        let survey = Survey(
            recognition: .memory(.sqlite4), shape: Shape(tables: [:], indices: []),
            ledger: [row(1), row(2), row(3), row(4)], problems: [:])
        let planner = Planner(catalogue: catalogue)
        let down = refusal { try planner.downgrade(for: store, at: "the file", survey, to: 5) }
        #expect(down?.code == .usage && down?.message.contains("is at version 4") == true)
        #expect(down?.hint == up?.hint)
        #expect(try planner.downgrade(for: store, at: "the file", survey, to: 4).isEmpty)
    }

    @Test("what is missing is applied, what is there and not known is adopted, what is known is left out")
    func actions() throws {
        #expect(try steps(plan(problems: [1, 2, 3, 4])) == ["apply 1", "apply 2", "apply 3", "apply 4"])
        #expect(try steps(plan(problems: [2, 4])) == ["adopt 1", "apply 2", "adopt 3", "apply 4"])
        #expect(try steps(plan(problems: [4], ledger: [row(1), row(2), row(3)])) == ["apply 4"])
        #expect(
            try steps(plan(problems: [4], ledger: [row(1), row(2), row(3), row(4, success: false)])) == ["apply 4"])
        #expect(try plan(ledger: [row(1), row(2), row(3), row(4)]).isEmpty)
    }

    @Test(
        "the version is computed over the line's list and not by a maximum",
        arguments: [
            (Set([1, 2, 3, 4]), nil), ([2, 3, 4], 1), ([2, 4], 1), ([3], 2), ([4], 3), ([], 4),
        ] as [(Set<Int>, Int?)])
    func version(_ problems: Set<Int>, _ from: Int?) throws {
        #expect(try plan(problems: problems).from == from)
        #expect(try plan(problems: problems).to == 4)
    }

    @Test("a plan goes as far as is wanted, and never back")
    func wanted() throws {
        let partial = try plan(problems: [2, 3, 4], wanted: 2)
        #expect(steps(partial) == ["adopt 1", "apply 2"] && partial.from == 1 && partial.to == 2)
        let behind = try plan(ledger: [row(1), row(2), row(3), row(4)], wanted: 2)
        #expect(behind.isEmpty && behind.from == 4 && behind.to == 4)
    }

    @Test("a version that the line does not have is no wish that could be met", arguments: [5, 99, -1])
    func impossible(_ wanted: Int) {
        #expect(refusal { try plan(problems: [4], wanted: wanted) }?.code == .usage)
    }

    @Test(
        "what is no memory has no plan, and the sentence says why",
        arguments: [
            (Recognition.empty, GuardError.Code.foreignSchema), (.foreign, .foreignSchema),
            (.unknown("x has no y"), .unknownShape),
        ] as [(Recognition, GuardError.Code)])
    func none(_ recognition: Recognition, _ code: GuardError.Code) {
        let error = refusal { try plan(recognition) }
        #expect(error?.code == code && error?.store == store && error?.dataState == .untouched)
        #expect(error?.hint?.isEmpty == false)
    }

    @Test("a lean memory has a plan of nothing")
    func lean() throws {
        let plan = try plan(.memory(.lean3))
        #expect(plan.isEmpty && plan.line == .lean3 && plan.to == nil && plan.shownTo == 0)
    }

    @Test("P5: a version from the future is refused by its number")
    func future() {
        let error = refusal { try plan(problems: [4], ledger: [row(1), row(999)]) }
        #expect(error?.code == .newerVersion && error?.message.contains("999") == true)
        #expect(refusal { try plan(problems: [4], ledger: [row(999, success: false)]) } == nil)
    }

    @Test("P3: a ledger row whose postcondition is not true is drift, and the thing is named")
    func drift() {
        let error = refusal { try plan(problems: [2], ledger: [row(1), row(2), row(3), row(4)]) }
        #expect(error?.code == .drift && error?.message.contains("thing 2 is missing") == true)
    }

    @Test("an applied migration whose text was edited is drift; a row without a checksum is not")
    func edited() throws {
        let checksum = catalogue.migrations(of: .sqlite4)[0].checksum.hex
        #expect(try plan(ledger: [row(1, checksum: checksum), row(2), row(3), row(4)]).isEmpty)
        #expect(refusal { try plan(ledger: [row(1, checksum: String(checksum.reversed()))]) }?.code == .drift)
    }

    @Test("another tool's ledger is refused before anything else is read from it")
    func foreignLedger() {
        #expect(refusal { try plan(ledger: nil, foreign: true) }?.code == .foreignLedger)
    }

    @Test("a plan's digest changes with its store, its steps, their actions and their text, and with nothing else")
    func digest() throws {
        let plan = try plan(problems: [2, 3, 4])
        #expect(try plan.digest == self.plan(problems: [2, 3, 4]).digest)
        #expect(try plan.digest != self.plan(problems: [2, 3, 4], wanted: 3).digest)
        #expect(try plan.digest != self.plan(problems: [3, 4]).digest)
        let other = StoreLocation(engine: .sqlite, name: "/elsewhere").id
        #expect(
            plan.digest != Plan(store: other, line: plan.line, from: plan.from, to: plan.to, steps: plan.steps).digest)
        #expect(plan.changes.contains(.fills(table: "context_locks", column: "preview")))
        #expect(try self.plan(ledger: nil).changes.isEmpty)
    }
}
