// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// COMMIT, and what became of one that was never answered.
struct CommitSettlement {
    let target: ConnectionTarget
    let failure: PostgresFailure
    /// How long the server is asked what became of it.
    let patience: Duration

    /// Commits. A COMMIT without an answer is settled by the server's own record of the transaction.
    ///
    /// - Parameter lost: is told that `connection` is gone
    func commit(_ connection: Connection, lost: () -> Void) throws(GuardError) {
        let transaction: String?
        do throws(PostgresError) {
            transaction = try connection.value("SELECT pg_catalog.pg_current_xact_id()::text")
        } catch {
            if error.isConnectionLost { lost() }
            throw failure.translate(error, "noting its transaction")
        }
        do throws(PostgresError) {
            guard try connection.execute("COMMIT") == "COMMIT" else {
                throw PostgresError(sqlState: .failedTransaction, message: "the server rolled it back")
            }
        } catch {
            guard error.isConnectionLost else { throw failure.translate(error, "committing") }
            lost()
            try settle(transaction, error)
        }
    }

    /// Finds out what became of `transaction`. Returns when it was committed.
    private func settle(_ transaction: String?, _ lost: PostgresError) throws(GuardError) {
        let deadline = ContinuousClock.now + patience
        var last = lost
        while let transaction, ContinuousClock.now < deadline {
            var status: String?
            do throws(PostgresError) {
                status = try Connection(target).value("SELECT pg_catalog.pg_xact_status($1::xid8)", [transaction])
            } catch {
                last = error
            }
            if status == "committed" { return }
            if status == "aborted" {
                throw failure.unreachable("committing: the server rolled it back", [lost.description])
            }
            // Still being committed, or nobody to ask.
            LockPause.pause(about: .milliseconds(250))
        }
        throw failure.unreachable("committing", [lost.description, last.description]).with(dataState: .changing)
    }
}
