// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import SQLiteKit

extension SQLiteStore {
    /// Step 5 of `docs/design/migration-sqlite.md`: from a new connection, because the first one's caches believe what it did itself.
    public func verify(_ plan: Plan, entry: LedgerEntry, since token: StateToken?) throws(GuardError) -> Verification {
        var problems: [String] = []
        let session = try connect()
        let connection = session.connection
        try translating("verifying it") { () throws(SQLiteError) in
            problems += try integrityProblems(session)
            let ledger = SQLiteLedger(connection)
            let rows = try ledger.rows() ?? []
            for step in plan.steps {
                let migration = step.migration
                if step.action == .revert {
                    if rows.contains(where: { $0.version == migration.version && $0.success }) {
                        problems.append("the ledger still records migration \(migration.version)")
                    }
                    continue
                }
                problems += try Postcondition(migration).problems(on: connection)
                if rows.first(where: { $0.version == migration.version })?.success != true {
                    problems.append("the ledger does not record migration \(migration.version)")
                }
            }
        }
        return Verification(problems: problems, wasWrittenSince: try wasWritten(since: token))
    }

    /// What `integrity_check` complains about. In a rollback-journal file a check keeps writers from committing, so it goes table by
    /// table and lets them through in between.
    private func integrityProblems(_ session: Session) throws(SQLiteError) -> [String] {
        let connection = session.connection
        if session.isWAL { return try IntegrityCheck.complaints(connection) }
        var problems: [String] = []
        for table in try SQLiteSchema(connection).tables() {
            problems += try IntegrityCheck.complaints(connection, table: table.name)
        }
        return problems
    }

    /// Whether somebody committed since `token`, which the store's own connection knows.
    private func wasWritten(since token: StateToken?) throws(GuardError) -> Bool {
        guard let state = token?.sqlite else { return true }
        let session = try open()
        guard session.id == state.session else { return true }
        return try translating("reading its version") { () throws(SQLiteError) in
            try session.connection.dataVersion() != state.version
        }
    }
}
