// SPDX-License-Identifier: MIT

internal import HashKit

/// A key that no two rows of a table may share, and which of two that do stays.
public struct KeyRule: Sendable, Equatable {
    /// The places of the key's columns among ``RowRule/columns``.
    public let columns: [Int]
    /// The column of doubles whose greatest value wins; NULL and NaN are no time, and less than any.
    public let newest: Int?
    /// Among equals, and without ``newest``: whether the row that is read later stays.
    public let prefersLater: Bool
}

/// Finds the rows that lose their key to another, in one pass over the converted rows of one table.
///
/// It holds a few words for each row and key, and no value of a memory.
public struct KeyCensus: Sendable {
    /// A key's values, reduced. Two keys of one table with equal 128 bits of SHA-256 do not occur.
    private struct Reduced: Hashable {
        let rule: Int
        let high: UInt64
        let low: UInt64
    }

    private struct Holder {
        let ordinal: Int64
        let time: Double
    }

    private let rules: [KeyRule]
    private var holders: [Reduced: Holder] = [:]
    private var lost: [Int64: Int64] = [:]

    /// Nothing noted yet of the table of `rule`.
    public init(_ rule: RowRule) {
        rules = rule.keys
    }

    /// Takes in a row that was not rejected. Rows are noted in the order in which they are read.
    public mutating func note(_ values: [TargetValue], ordinal: Int64) {
        for (index, rule) in rules.enumerated() {
            guard let key = reduced(values, rule, index) else { continue }
            let new = Holder(ordinal: ordinal, time: time(values, rule))
            guard let old = holders[key] else {
                holders[key] = new
                continue
            }
            let newStays = new.time != old.time ? new.time > old.time : rule.prefersLater
            lost[newStays ? old.ordinal : ordinal] = newStays ? ordinal : old.ordinal
            if newStays { holders[key] = new }
        }
    }

    /// Which rows lose, once every row was noted: the loser's ordinal to that of the row that stays.
    ///
    /// A row that loses one key loses the others too; whoever lost those to it stays lost, and is kept like it.
    public var losers: [Int64: Int64] {
        lost.mapValues { winner in
            var winner = winner
            while let next = lost[winner], next != winner { winner = next }
            return winner
        }
    }

    /// nil when a part of the key is NULL: such rows are never duplicates.
    private func reduced(_ values: [TargetValue], _ rule: KeyRule, _ index: Int) -> Reduced? {
        var bytes: [UInt8] = []
        for column in rule.columns {
            if values[column] == .null { return nil }
            values[column].appendBinaryField(to: &bytes)
        }
        let digest = SHA256.digest(of: bytes).bytes
        func word(_ start: Int) -> UInt64 { digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return Reduced(rule: index, high: word(0), low: word(8))
    }

    private func time(_ values: [TargetValue], _ rule: KeyRule) -> Double {
        guard let newest = rule.newest, case .double(let time) = values[newest], !time.isNaN else { return -.infinity }
        return time
    }
}
