// SPDX-License-Identifier: MIT

public import PostgresKit

/// Why a script could not be replayed. Nothing of it holds: the caller's transaction is to be rolled back.
public enum ReplayFailure<Source: Error>: Error {
    /// The server refused a section, such as `TABLE` or `copy`.
    case server(PostgresError, section: String)
    /// The script could not be read on.
    case source(Source)
    /// It is no script of ours, or not all of it.
    case damaged(String)
}

/// A script of ``DumpScript``, run again.
public struct DumpReplay<Source: Error> {
    private let next: () throws(Source) -> [UInt8]?

    /// - Parameter next: gives the script piece by piece, then nil
    public init(from next: @escaping () throws(Source) -> [UInt8]?) {
        self.next = next
    }

    /// Runs the script in the transaction that `connection` is in. Its own BEGIN and COMMIT are left out.
    ///
    /// The settings that it pins stay to the end of that transaction.
    ///
    /// - Returns: the number of rows loaded into each table
    @discardableResult
    public func run(on connection: Connection) throws(ReplayFailure<Source>) -> [String: Int64] {
        throw .damaged("not yet")
    }
}
