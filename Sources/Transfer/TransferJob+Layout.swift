// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import PostgresKit
internal import Stores

/// What is known once both sides were looked at: where each table goes, and the tables for that.
struct Layout {
    let plans: [TablePlan]
    let targets: [TargetTable]
    /// Whether the schema was not there before.
    let isNew: Bool
}

extension TransferJob {
    /// Brings the schema to its head, and places every table of `file`. In the transaction of `work`.
    ///
    /// - Returns: nil when the schema has this very content already, with the report of then
    func layOut(_ file: SourceFile, on work: SchemaWork) throws(GuardError) -> (Layout?, earlier: TransferReport?) {
        try refuseName()
        let exists = try work.exists()
        if exists {
            if let earlier = try ImportRegistry(work).report(of: identity, contentDigest) { return (nil, earlier) }
            try refuseOtherData(on: work)
        }
        let entry = LedgerEntry(operation: operation, backup: nil, release: nil)
        _ = try work.makeReady(catalogue, entry: entry)
        // Once more, under the locks.
        if exists { try refuseOtherData(on: work) }
        let (targets, names) = try work.translating("reading its schema") { () throws(PostgresError) in
            let names = try work.connection.rows(
                """
                SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1
                """, [schema]
            ) { $0.text(0) }
            return (try TargetReader(work.connection, schema: schema).tables(), names)
        }
        let reserved = Set(names + [KeptWriter.table, ImportRegistry.table])
        let plans = try place(file, targets.filter { !SchemaWork.isLedger($0.name) }, reserved)
        return (Layout(plans: plans, targets: targets, isNew: !exists), nil)
    }

    /// PostgreSQL would cut a name that is too long, and keeps some for itself; in `public` a memory belongs to no project.
    private func refuseName() throws(GuardError) {
        let isFine =
            (1...Identifier.limit).contains(schema.utf8.count) && !schema.beginsWithBytes(of: "pg_")
            && !["public", "information_schema"].contains(schema) && !schema.utf8.contains(0)
        guard !isFine else { return }
        throw GuardError(
            .usage, "a memory cannot go into a schema named \"\(schema)\"",
            store: location.id, hint: "Nothing was changed. Name another one: --to URL#SCHEMA")
    }

    /// Places every table, those that need a table of their own by what they hold.
    private func place(
        _ file: SourceFile, _ targets: [TargetTable], _ reserved: Set<String>
    ) throws(GuardError) -> [TablePlan] {
        // The file's own ledger too: it is kept aside, and tells how the file came to be what it is.
        var sources = try file.tables()
        let first = TransferRules.plan(for: sources, into: targets, reserved: reserved)
        let made = Set(first.filter { $0.newTable != nil }.map { ExactText($0.source.name) })
        for index in sources.indices where made.contains(ExactText(sources[index].name)) {
            sources[index] = try file.census(of: sources[index], only: true)
        }
        return TransferRules.plan(for: sources, into: targets, reserved: reserved)
    }

    /// Makes the tables that `layout` needs, those for rows without a key only where there are some.
    func makeTables(_ layout: Layout, _ losers: [ExactText: Set<Int64>], on work: SchemaWork) throws(GuardError) {
        try ImportRegistry(work).prepare()
        for plan in layout.plans {
            var tables = plan.newTable.map { [$0] } ?? []
            if let table = plan.losers, losers[ExactText(plan.source.name)] != nil { tables.append(table) }
            for statement in tables.flatMap({ $0.statements(in: schema) }) {
                _ = try work.translating("making a table for \(plan.source.name)") { () throws(PostgresError) in
                    try work.connection.run(statement)
                }
            }
        }
    }

    /// A schema that holds something is somebody's: merging is not offered.
    func refuseOtherData(on work: SchemaWork) throws(GuardError) {
        let holding = try work.translating("looking whether it is empty") { () throws(PostgresError) -> String? in
            let names = try work.connection.rows(
                """
                SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'f', 'm') ORDER BY c.relname COLLATE "C"
                """, [schema]
            ) { $0.text(0) }
            for name in names where !SchemaWork.isLedger(name) {
                let row = try work.connection.value("SELECT 1 FROM \(SQLText.identifier(schema, name)) LIMIT 1")
                if row != nil { return name }
            }
            return nil
        }
        let attached = try work.attachedTriggersAndRules()
        guard attached.isEmpty else {
            throw GuardError(
                .targetNotEmpty,
                "\(location.name): the rows of a transfer would run what others attached: \(attached.joined(separator: ", "))",
                store: location.id, hint: "Nothing was changed. Name a schema that is not there yet: --to URL#SCHEMA")
        }
        guard let holding else { return }
        throw GuardError(
            .targetNotEmpty, "\(location.name) holds other data: its table \(holding) has rows", store: location.id,
            hint: "Nothing was changed. Name a schema that is not there yet, or is empty: --to URL#SCHEMA")
    }
}
