// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import SQLiteKit

/// Gives every context without a preview one, with its key concepts, as upstream's own migration would.
///
/// A value that is there stays. A row that upstream would choke on keeps its NULLs and becomes a finding.
struct ContextSummaryStep {
    private let connection: Connection
    private let progress: ProgressSink?

    init(_ connection: Connection, progress: ProgressSink?) {
        self.connection = connection
        self.progress = progress
    }

    /// Rows whose summaries are computed before they are written: the rows of a table that is being updated are not read on.
    private static let batch = 256

    func run() throws(SQLiteError) -> [Finding] {
        let total = try connection.integer("SELECT count(*) FROM context_locks WHERE preview IS NULL") ?? 0
        var findings: [Finding] = []
        var done: Int64 = 0
        // Where the next batch begins.
        var first = Int64.min
        let select = try connection.prepare(
            """
            SELECT rowid, content, metadata FROM context_locks NOT INDEXED
            WHERE rowid >= ? AND preview IS NULL ORDER BY rowid LIMIT \(Self.batch)
            """)
        let update = try connection.prepare(
            """
            UPDATE context_locks SET preview = ?1, key_concepts = coalesce(key_concepts, ?2),
                last_accessed = coalesce(last_accessed, CURRENT_TIMESTAMP)
            WHERE rowid = ?3
            """)
        while true {
            try select.bind(.integer(first), to: 1)
            var summaries: [(row: Int64, summary: ContextSummary)] = []
            var read = 0
            while try select.step() {
                read += 1
                let row = select.integer(0)
                first = row &+ 1
                do {
                    summaries.append((row, try Self.summary(of: select)))
                } catch {
                    findings.append(
                        Finding(
                            code: "previewMissing", message: "no preview could be made: \(error)",
                            table: "context_locks",
                            row: String(row)))
                }
            }
            select.reset()
            for (row, summary) in summaries {
                try update.bind(.text(summary.preview), to: 1)
                try update.bind(.text(summary.keyConcepts), to: 2)
                try update.bind(.integer(row), to: 3)
                try update.run()
            }
            done += Int64(read)
            progress?(Progress(step: .migrate, done: done, total: total, unit: .rows))
            if read < Self.batch || first == Int64.min { return findings }
        }
    }

    private static func summary(of row: borrowing Statement) throws(ContextSummary.Problem) -> ContextSummary {
        guard row.storageClass(1) == .text else { throw .contentNotText }
        // Upstream takes a metadata that is a number for "none": it is not text, and nothing in it could be a tag.
        let hasMetadata = row.storageClass(2) == .text || row.storageClass(2) == .blob
        return try row.withBytes(1) { content in
            row.withBytes(2) { metadata in
                Swift.Result { () throws(ContextSummary.Problem) in
                    try ContextSummary(
                        content: content.assumingMemoryBound(to: UInt8.self).span,
                        metadata: hasMetadata ? metadata.assumingMemoryBound(to: UInt8.self).span : nil)
                }
            }
        }.get()
    }
}
