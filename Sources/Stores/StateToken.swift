// SPDX-License-Identifier: MIT

/// Tells whether a store still is in the state of a snapshot. Only the store that gave it can read it, and only while it is open.
public enum StateToken: Sendable, Equatable {
    case sqlite(SQLiteState)
    case postgres(PostgresState)

    /// The state of a SQLite file; nil when another engine gave the token.
    var sqlite: SQLiteState? { if case .sqlite(let state) = self { state } else { nil } }
}

/// The state of a SQLite file, as one connection knows it.
public struct SQLiteState: Sendable, Equatable {
    /// The connection that the other two are numbers of: to another one they mean nothing, and might be equal by chance.
    let session: UInt64
    /// What moves when somebody else commits, as the store's connection sees it.
    let version: Int64
    /// What moves when anybody commits, the store's own connection included.
    let pagerVersion: UInt32

    /// A state that cannot be told from any other: sessions count from 1.
    static let unknown = SQLiteState(session: 0, version: 0, pagerVersion: 0)

    /// The state right after the connection of `before` has committed.
    ///
    /// - Parameter pagerVersion: what the pager says now; nil when that could not be read. Then nothing is equal to the state, and every look
    ///   counts as a later one: what is committed stays so.
    static func committed(after before: SQLiteState, pagerVersion: UInt32?) -> SQLiteState {
        // Our own commit does not move `data_version`.
        pagerVersion.map { SQLiteState(session: before.session, version: before.version, pagerVersion: $0) } ?? .unknown
    }
}

/// The state of a PostgreSQL schema, as one session knows it.
public struct PostgresState: Sendable, Equatable {
    /// The session that the state is told by: what another one saw proves nothing.
    let session: UInt64
}
