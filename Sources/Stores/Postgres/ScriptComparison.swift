// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import SchemaDump

/// Compares the rows of two copies of one schema, as their scripts hold them.
///
/// A row is the same when the text of all columns is that both states have. Nothing here knows keys: a row with another value counts as one
/// lost and one gained. The ledger is left out.
struct ScriptComparison {
    private struct Table {
        var columns: [String]
        var rows: Int64 = 0
    }

    private let before: [String: Table]
    private let after: [String: Table]
    private let old: String
    private let new: String
    private let failure: PostgresFailure

    /// - Parameters:
    ///   - old: the script of the state before
    ///   - new: the script of the state after
    init(from old: String, to new: String, failure: PostgresFailure) throws(GuardError) {
        (self.old, self.new, self.failure) = (old, new, failure)
        before = try Self.tables(in: old, failure)
        after = try Self.tables(in: new, failure)
    }

    private static func tables(in script: String, _ failure: PostgresFailure) throws(GuardError) -> [String: Table] {
        var tables: [String: Table] = [:]
        var name = ""
        try DumpFile(path: script, failure: failure).readRows { names in
            name = names.dropFirst().first ?? ""
            tables[name] = Table(columns: Array(names.dropFirst(2)))
        } row: { _ in
            tables[name]?.rows += 1
        }
        return tables.filter { !PostgresLedger.isLedger($0.key) }
    }

    /// The tables that differ, by name.
    func changes() throws(GuardError) -> [TableChange] {
        // How often each row is there more in the old state than in the new one; what is there in both comes to nothing.
        var balance: [String: [Int: Int64]] = [:]
        var lostValues: [String: [String: Int64]] = [:]
        try count(old) { name, columns, fields in
            let common = shared(name)
            balance[name, default: [:]][Self.hash(fields, columns, common), default: 0] += 1
            for (column, field) in zip(columns, fields) where !common.contains(column) {
                // COPY writes NULL as \N, and a backslash of a value as two.
                if !field.elementsEqual(Self.null) { lostValues[name, default: [:]][column, default: 0] += 1 }
            }
        }
        try count(new) { name, columns, fields in
            let key = Self.hash(fields, columns, shared(name))
            let left = (balance[name]?[key] ?? 0) - 1
            balance[name, default: [:]][key] = left == 0 ? nil : left
        }
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            let change = change(name, balance[name] ?? [:], lostValues[name] ?? [:])
            return change.isNothing && change.newColumns.isEmpty ? nil : change
        }
    }

    private func change(_ name: String, _ balance: [Int: Int64], _ lostValues: [String: Int64]) -> TableChange {
        switch (before[name], after[name]) {
        case (let was?, nil): return TableChange(name: name, lost: was.rows, isGone: true)
        case (nil, let now?): return TableChange(name: name, gained: now.rows, isNew: true)
        case (let was?, let now?):
            let gone = was.columns.filter { !now.columns.contains($0) }
            return TableChange(
                name: name, gained: balance.values.reduce(0) { $0 + max(0, -$1) },
                lost: balance.values.reduce(0) { $0 + max(0, $1) }, goneColumns: gone,
                newColumns: now.columns.filter { !was.columns.contains($0) }, lostValues: lostValues)
        case (nil, nil): return TableChange(name: name)
        }
    }

    /// The columns of the table `name` that both states have.
    private func shared(_ name: String) -> Set<String> {
        Set(before[name]?.columns ?? []).intersection(after[name]?.columns ?? [])
    }

    /// Reads the rows of those tables in `script` that both states have.
    private func count(
        _ script: String, _ row: (String, [String], [UnsafeRawBufferPointer.SubSequence]) -> Void
    ) throws(GuardError) {
        var (name, columns) = ("", [String]())
        try DumpFile(path: script, failure: failure).readRows { names in
            (name, columns) = (names.dropFirst().first ?? "", Array(names.dropFirst(2)))
        } row: { bytes in
            guard before[name] != nil, after[name] != nil else { return }
            // A tab of a value is written as two other characters.
            row(name, columns, bytes.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false))
        }
    }

    private static func hash(
        _ fields: [UnsafeRawBufferPointer.SubSequence], _ columns: [String], _ common: Set<String>
    ) -> Int {
        var hasher = Hasher()
        // The order of the columns may be another one in the other state.
        for (column, field) in zip(columns, fields).sorted(by: { $0.0 < $1.0 }) where common.contains(column) {
            hasher.combine(field.count)
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: field))
        }
        return hasher.finalize()
    }

    private static let null = Array("\\N".utf8)
}

extension PostgresStore {
    public func changes(from old: String, to new: String) async throws(GuardError) -> [TableChange]? {
        try ScriptComparison(from: old, to: new, failure: failure).changes()
    }
}
