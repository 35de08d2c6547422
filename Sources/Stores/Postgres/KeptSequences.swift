// SPDX-License-Identifier: MIT

internal import Dementia
internal import LinuxKit
internal import PostgresKit
internal import SchemaDump

/// The sequences of a schema at one moment: none of them may go, or stand behind where it stood, without a declaration. One that does
/// gives numbers out again that rows have already.
struct KeptSequences {
    private struct Kept {
        let name: String
        /// The table and the column whose default it is; they take it with them.
        let owner: (table: String, column: String)?
        let isDescending: Bool
        let value: SequenceValue
    }

    private let schema: String
    private let kept: [Kept]

    /// Notes where `names` stand.
    init(_ names: [String], of schema: String, on connection: Connection) throws(PostgresError) {
        self.schema = schema
        let facts = try connection.rows(
            """
            SELECT c.relname, s.seqincrement < 0, t.relname, a.attname
            FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
            LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid AND t.relnamespace = c.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
            WHERE n.nspname = $1
            """, [schema]
        ) { (name: $0.text(0), isDescending: $0.bool(1), table: $0.string(2), column: $0.string(3)) }
        let values = try SequenceValue.read(schema: schema, names: names, on: connection)
        kept = values.compactMap { value in
            guard let fact = facts.first(where: { $0.name.hasSameBytes(as: value.name) }) else { return nil }
            guard !(fact.table.map(PostgresLedger.isLedger) ?? false) else { return nil }
            var owner: (String, String)?
            if let table = fact.table, let column = fact.column { owner = (table, column) }
            return Kept(name: value.name, owner: owner, isDescending: fact.isDescending, value: value)
        }
    }

    /// The names of those that `changes` let go.
    func mayGo(with changes: Set<Change>) -> Set<ExactText> {
        Set(
            kept.filter { sequence in
                changes.contains(.dropsObject(sequence.name))
                    || sequence.owner.map { owner in
                        changes.contains(.dropsTable(owner.table))
                            || changes.contains(.dropsColumn(table: owner.table, column: owner.column))
                    } ?? false
            }.map { ExactText($0.name) })
    }

    /// Those that stand behind where they stood, a sentence each. What is gone is told with the other objects.
    func violations(among now: [String], on connection: Connection) throws(PostgresError) -> [String] {
        let values = try SequenceValue.read(
            schema: schema, names: kept.map(\.name).filter { name in now.contains { $0.hasSameBytes(as: name) } },
            on: connection)
        var violations: [String] = []
        for value in values {
            guard let old = kept.first(where: { $0.name.hasSameBytes(as: value.name) }) else { continue }
            let step = old.isDescending ? old.value.lastValue - value.lastValue : value.lastValue - old.value.lastValue
            if step < 0 || step == 0 && old.value.isCalled && !value.isCalled {
                violations.append("the sequence \(value.name) goes back to \(value.lastValue)")
            }
        }
        return violations
    }
}
