// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

extension StoreDigest {
    /// What is not as in `other`, a sentence each. Sequences may be ahead where `sequencesMayMove`: they move without a transaction.
    func differences(from other: StoreDigest, sequencesMayMove: Bool = false) -> [String] {
        let mine = Set(objects)
        let theirs = Set(other.objects)
        var differences = theirs.subtracting(mine).map { "the \($0.type) \($0.name) is not there as it was" }.sorted()
        differences += mine.subtracting(theirs).map { "the \($0.type) \($0.name) is new or another one" }.sorted()
        for table in tables {
            guard let before = other[table: table.name] else {
                differences.append("the table \(table.name) is new")
                continue
            }
            if table.rows != before.rows {
                differences.append("the table \(table.name) has \(table.rows) rows where it had \(before.rows)")
            } else if table.rowSum != before.rowSum {
                differences.append("values of \(table.name) changed")
            }
        }
        differences += other.tables.filter { self[table: $0.name] == nil }.map { "the table \($0.name) is gone" }
        let positions = Dictionary(
            (sequences ?? []).map { (ExactText($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        for sequence in other.sequences ?? [] {
            guard let now = positions[ExactText(sequence.name)] else {
                differences.append("the sequence \(sequence.name) is gone")
                continue
            }
            let isFine = sequencesMayMove ? now.lastValue >= sequence.lastValue : now == sequence
            if !isFine { differences.append("the sequence \(sequence.name) stands at \(now.lastValue)") }
        }
        return differences
    }
}
