// SPDX-License-Identifier: MIT

internal import CSQLite
internal import Glibc

/// One thing that a statement is about to be compiled to do. See <https://sqlite.org/c3ref/c_alter_table.html>.
public struct AuthorizerAction: Sendable {
    /// The action code, `SQLITE_INSERT` and so on.
    public enum Code: Sendable {
        case insert, update, delete, alterTable, dropTable, createTable, dropVirtualTable, createVirtualTable
        case createTrigger, dropTrigger, createIndex, dropIndex, createView, dropView, reindex, analyze
        case transaction, savepoint, attach, detach, pragma
        case select, read, function, recursive
        case other(Int32)
    }

    public let code: Code
    /// The table, index, pragma, … by SQLite's rules for the code.
    public let first: SQLiteName?
    /// The column, the table of an index or trigger, a pragma's argument, …
    public let second: SQLiteName?
}

/// Holds an authorizer where SQLite's context pointer can find it.
final class AuthorizerBox {
    let allow: (AuthorizerAction) -> Bool

    init(_ allow: @escaping (AuthorizerAction) -> Bool) {
        self.allow = allow
    }
}

extension Connection {
    /// Asks `allow` about everything that statements prepared inside `body` will do. A false makes the statement fail with
    /// ``ResultCode/authorization``.
    public func authorizing<Result, Failure: Error>(
        _ allow: @escaping (AuthorizerAction) -> Bool,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let box = AuthorizerBox(allow)
        authorizer = box
        sqlite3_set_authorizer(
            handle,
            { context, code, first, second, _, _ in
                guard let context else { return SQLITE_DENY }
                let box = Unmanaged<AuthorizerBox>.fromOpaque(context).takeUnretainedValue()
                let action = AuthorizerAction(
                    code: .init(code),
                    first: first.map(SQLiteName.init(cString:)),
                    second: second.map(SQLiteName.init(cString:))
                )
                return box.allow(action) ? SQLITE_OK : SQLITE_DENY
            },
            Unmanaged.passUnretained(box).toOpaque()
        )
        defer {
            sqlite3_set_authorizer(handle, nil, nil)
            authorizer = nil
        }
        return try body()
    }
}

extension SQLiteName {
    init(cString text: UnsafePointer<CChar>) {
        self.init(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
    }
}

extension AuthorizerAction.Code {
    init(_ code: Int32) {
        self =
            switch code {
            case SQLITE_INSERT: .insert
            case SQLITE_UPDATE: .update
            case SQLITE_DELETE: .delete
            case SQLITE_ALTER_TABLE: .alterTable
            case SQLITE_DROP_TABLE, SQLITE_DROP_TEMP_TABLE: .dropTable
            case SQLITE_CREATE_TABLE, SQLITE_CREATE_TEMP_TABLE: .createTable
            case SQLITE_DROP_VTABLE: .dropVirtualTable
            case SQLITE_CREATE_VTABLE: .createVirtualTable
            case SQLITE_CREATE_TRIGGER, SQLITE_CREATE_TEMP_TRIGGER: .createTrigger
            case SQLITE_DROP_TRIGGER, SQLITE_DROP_TEMP_TRIGGER: .dropTrigger
            case SQLITE_CREATE_INDEX, SQLITE_CREATE_TEMP_INDEX: .createIndex
            case SQLITE_DROP_INDEX, SQLITE_DROP_TEMP_INDEX: .dropIndex
            case SQLITE_CREATE_VIEW, SQLITE_CREATE_TEMP_VIEW: .createView
            case SQLITE_DROP_VIEW, SQLITE_DROP_TEMP_VIEW: .dropView
            case SQLITE_REINDEX: .reindex
            case SQLITE_ANALYZE: .analyze
            case SQLITE_TRANSACTION: .transaction
            case SQLITE_SAVEPOINT: .savepoint
            case SQLITE_ATTACH: .attach
            case SQLITE_DETACH: .detach
            case SQLITE_PRAGMA: .pragma
            case SQLITE_SELECT: .select
            case SQLITE_READ: .read
            case SQLITE_FUNCTION: .function
            case SQLITE_RECURSIVE: .recursive
            default: .other(code)
            }
    }
}
