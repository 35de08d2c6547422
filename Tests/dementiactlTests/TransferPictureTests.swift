// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@testable import Terminal
@testable import dementiactl

@Suite("What a transfer shows")
struct TransferPictureTests {
    private let style = Style(width: nil, hasColor: false, now: Samples.moment)

    private var result: OperationResult {
        var report = TransferReport()
        report.tables = [
            .init(
                source: "context_locks", target: "context_locks", read: 9, loaded: 8, coerced: 3, normalized: 2,
                rejected: 1),
            .init(source: "fixes", target: "dementia_kept_fixes", read: 1, kept: 1),
            .init(source: "sqlite_sequence", target: nil),
        ]
        report.placeholders = 2
        report.rejectsPath = "/srv/state/transfers/op.rejected.jsonl"
        report.unreadable = ["file_tags"]
        return OperationResult(report)
    }

    @Test("A line for each table that holds something, and where the rejected rows are told of")
    func tables() {
        #expect(
            CommandText.transfer(result, isWhole: false, style).joined(separator: "\n") == """
                  8 of 10 rows moved
                  1 row kept aside in tables dementia_kept_…, because the application has no place for them
                  1 row rejected, because PostgreSQL cannot hold a value of them
                  3 values converted to the type of the column
                  2 values changed, because the column cannot hold the original
                  TABLE          INTO                 READ  LOADED  KEPT  REJECTED  CONVERTED  CHANGED
                  context_locks  context_locks        9     8       0     1         3          2
                  fixes          dementia_kept_fixes  1     0       1     0         0          0
                  and 1 table without rows
                  2 placeholder sessions added: rows name sessions that were never recorded
                  rejected rows: /srv/state/transfers/op.rejected.jsonl
                  not read to its end: file_tags
                """)
        #expect(CommandText.transfer(result, isWhole: true, style).contains { $0.contains("sqlite_sequence") })
        #expect(CommandText.transfer(OperationResult(), isWhole: false, style) == [])
        #expect(CommandText.transfer(nil, isWhole: false, style) == [])
    }

    @Test("A plan says where it leads, and shows the same lines")
    func plan() {
        var plan = PlanForm(kind: .transfer, store: Samples.stores[0].id, location: Samples.stores[0].location)
        plan.destination = "localhost:5432/dementia#shop"
        plan.result = result
        let text = CommandText.plan(plan, Memories(Samples.stores), style)
        #expect(text.contains("localhost:5432/dementia#shop"))
        #expect(text.contains("context_locks  context_locks        9"))
        #expect(!text.contains("nothing to do"))
    }

    @Test("Exit status 15 when a row was rejected or a table not read whole, and 0 when rows were only kept aside")
    func exit() {
        var operation = Samples.operation(1, .transfer)
        operation.state = .settled
        operation.outcome = .succeeded
        var report = TransferReport()
        report.tables = [.init(source: "fixes", target: nil, read: 1, normalized: 4, kept: 1)]
        operation.result = OperationResult(report)
        #expect(operation.exitCode == .done)
        report.unreadable = ["fixes"]
        operation.result = OperationResult(report)
        #expect(operation.exitCode == .rejectedRows)
        operation.result = result
        #expect(operation.exitCode == .rejectedRows)
        operation.outcome = .nothingToDo
        #expect(operation.exitCode == .rejectedRows)
    }
}
