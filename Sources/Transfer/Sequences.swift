// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import PostgresKit
internal import SchemaDump
internal import Stores

/// The sequences of the columns that rows brought numbers for: they go on behind everything that was ever given out, in the file too.
struct Sequences {
    /// One of them.
    private struct Sequence {
        let name: String
        let source: String
        let value: SequenceValue
        let limit: Int64
    }

    private let work: SchemaWork
    private var sequences: [Sequence] = []

    /// Finds the sequences of `plans`. Their tables have to be there.
    init(_ plans: [TablePlan], on work: SchemaWork) throws(GuardError) {
        self.work = work
        for plan in plans where plan.placement != .kept {
            guard let rule = plan.rule, let serial = rule.serialColumn else { continue }
            let column = rule.columns[serial]
            let found = try work.translating("looking for its sequences") { () throws(PostgresError) -> Sequence? in
                let rows = try work.connection.rows(
                    """
                    SELECT c.relname, s.seqmax FROM pg_catalog.pg_class c
                    JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
                    WHERE c.oid = pg_catalog.pg_get_serial_sequence($1, $2)::pg_catalog.regclass
                    """, [SQLText.identifier(work.schema, rule.target), column.name]
                ) { (name: $0.text(0), limit: $0.integer(1) ?? .max) }
                guard let row = rows.first else { return nil }
                let values = try SequenceValue.read(schema: work.schema, names: [row.name], on: work.connection)
                return values.first.map {
                    Sequence(name: row.name, source: plan.source.name, value: $0, limit: row.limit)
                }
            }
            if let found { sequences.append(found) }
        }
    }

    /// Where they stand once rows up to `greatest` are there, by the source table's name. `counted` is what SQLite itself counted.
    func states(
        greatest: [ExactText: Int64], counted: [ExactText: Int64], plans: [TablePlan]
    ) -> [SequenceState] {
        sequences.map { sequence in
            let plan = plans.first { $0.source.name.hasSameBytes(as: sequence.source) }
            // What SQLite counted says nothing of numbers that were given anew.
            let own = plan?.rule.flatMap { $0.keepsNumbers ? counted[ExactText(sequence.source)] : nil } ?? 0
            let before = sequence.value.isCalled ? sequence.value.lastValue : 0
            let last = min(max(greatest[ExactText(sequence.source)] ?? 0, own, before), sequence.limit)
            return last > 0
                ? SequenceState(name: sequence.name, lastValue: last, isCalled: true)
                : SequenceState(
                    name: sequence.name, lastValue: sequence.value.lastValue, isCalled: sequence.value.isCalled)
        }.sorted { $0.name < $1.name }
    }

    /// Sets them.
    func set(_ states: [SequenceState]) throws(GuardError) {
        for state in states where state.isCalled {
            _ = try work.translating("setting its sequences") { () throws(PostgresError) in
                try work.connection.run(
                    "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2::bigint, true)",
                    [SQLText.identifier(work.schema, state.name), "\(state.lastValue)"])
            }
        }
    }
}

extension RowRule {
    /// Whether the serial column has the numbers of the source.
    var keepsNumbers: Bool {
        guard let serialColumn else { return false }
        if case .ordinal = origins[serialColumn] { return false }
        return true
    }
}
