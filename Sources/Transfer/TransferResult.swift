// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// Puts the report together while the tables move.
struct TransferResult {
    private var lines: [TransferReport.Table] = []
    private var findings: [Finding] = []
    private var unreadable: [String] = []
    private let placeholders: Int64
    /// The greatest number in the serial column of each table, by its name in the source.
    private(set) var greatest: [ExactText: Int64] = [:]

    init(_ layout: Layout, _ file: SourceFile, _ censuses: PreScan) {
        placeholders = Int64(censuses.sessions.placeholders.count)
        for plan in layout.plans {
            for notice in plan.notices {
                let what = notice.name.map { "\(plan.source.name), \($0)" } ?? plan.source.name
                findings.append(
                    Finding(
                        code: notice.reason.code.rawValue, message: "\(what): \(notice.reason.sentence)",
                        table: plan.source.name))
            }
            // That SQLite's own tables and the inner state of others stay behind is nothing to know.
            if let reason = plan.reason, plan.placement != .skipped || reason.code == .viewNotCarried {
                findings.append(
                    Finding(
                        code: reason.code.rawValue, message: "\(plan.source.name): \(reason.sentence)",
                        table: plan.source.name))
            }
        }
        // Best effort: what the schema says of triggers decides nothing.
        for trigger in (try? file.triggers()) ?? [] {
            let reason = Reason(.triggerNotCarried)
            findings.append(
                Finding(
                    code: reason.code.rawValue, message: "\(trigger.table), \(trigger.name): \(reason.sentence)",
                    table: trigger.table))
        }
    }

    /// Takes in what became of a table.
    mutating func note(_ plan: TablePlan, _ tally: TableTally, _ reader: RowReader? = nil) {
        lines.append(tally.line)
        findings += tally.findings
        if let number = tally.greatest { greatest[ExactText(plan.source.name)] = number }
        guard let damage = reader?.damage else { return }
        unreadable.append(plan.source.name)
        findings.append(
            Finding(
                code: "tableUnreadable",
                message: "\(plan.source.name) could not be read whole: \(damage). What could be read was transferred.",
                table: plan.source.name))
    }

    /// The report, with the sequences at `sequences`.
    func report(_ sequences: [SequenceState]) -> TransferReport {
        var report = TransferReport()
        report.tables = lines.sorted { ExactText($0.source) < ExactText($1.source) }
        report.placeholders = placeholders
        report.sequences = sequences
        report.findings = findings
        report.unreadable = unreadable.sorted()
        if placeholders > 0 {
            report.findings.append(
                Finding(
                    code: "placeholderSessions",
                    message:
                        placeholders == 1
                        ? "a session that rows refer to was never recorded; a placeholder stands for it"
                        : "\(placeholders) sessions that rows refer to were never recorded; placeholders stand for them",
                    table: "sessions"))
        }
        return report
    }
}
