// SPDX-License-Identifier: MIT

internal import CSQLite
internal import Glibc

/// What stands in for collations and functions that only the program knows which made a database.
///
/// Without them SQLite compiles no statement that touches an index or a table made with them, not even one that only reads. A stand-in makes
/// no order and no value that is right: it is for connections that read rows as they lie, and never for one that writes.
final class StandIns {
    /// The collations that were asked for and that nobody registered.
    fileprivate(set) var collations: Set<SQLiteName> = []
    fileprivate(set) var functions: Set<SQLiteName> = []
}

extension Connection {
    /// The collations of the file that this process does not have.
    public var missingCollations: Set<SQLiteName> { standIns?.collations ?? [] }

    /// The collations that every SQLite has, in lower case.
    public static let builtInCollations: Set<SQLiteName> = ["binary", "nocase", "rtrim"]

    /// The functions of the file that this process does not have, as far as statements needed them.
    public var missingFunctions: Set<SQLiteName> { standIns?.functions ?? [] }

    /// Lets statements be compiled that need a collation which this process does not have: it orders by bytes. For connections that only
    /// read.
    public func acceptMissingCollations() {
        guard standIns == nil else { return }
        let standIns = StandIns()
        self.standIns = standIns
        sqlite3_collation_needed(handle, Unmanaged.passUnretained(standIns).toOpaque()) { context, database, _, name in
            guard let context, let name else { return }
            // SQLite asks also for its own, in the encoding of a database in UTF-16, and makes do with those in UTF-8.
            let wanted = SQLiteName(cString: name)
            guard !Connection.builtInCollations.contains(wanted.folded) else { return }
            Unmanaged<StandIns>.fromOpaque(context).takeUnretainedValue().collations.insert(wanted)
            // A failure leaves the collation missing, which the statement then says.
            _ = sqlite3_create_collation_v2(database, name, SQLITE_UTF8, nil, Connection.compareBytes, nil)
        }
    }

    /// Takes every stand-in away. Statements that need one fail from here on.
    public func refuseMissingCollations() throws(SQLiteError) {
        guard let standIns else { return }
        sqlite3_collation_needed(handle, nil, nil)
        for name in standIns.collations {
            let result = name.withCString { sqlite3_create_collation_v2(handle, $0, SQLITE_UTF8, nil, nil, nil) }
            guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
        }
        for name in standIns.functions {
            let result = name.withCString {
                sqlite3_create_function_v2(handle, $0, -1, SQLITE_UTF8, nil, nil, nil, nil, nil)
            }
            guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
        }
        self.standIns = nil
    }

    /// Runs `body`, and again with a function that gives NULL for each one that it needs and this process does not have. Only on a connection
    /// that ``acceptMissingCollations()``.
    public func acceptingMissingFunctions<Result>(
        _ body: () throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        while true {
            do throws(SQLiteError) {
                return try body()
            } catch {
                guard let standIns, let name = Self.missingFunction(error), standIns.functions.insert(name).inserted
                else {
                    throw error
                }
                let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
                let result = name.withCString {
                    sqlite3_create_function_v2(
                        handle, $0, -1, flags, nil, { context, _, _ in sqlite3_result_null(context) }, nil, nil, nil)
                }
                guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
            }
        }
    }

    /// The function that `error` names: `no such function: fold`, or `unknown function: fold()` where an index needs it.
    private static func missingFunction(_ error: SQLiteError) -> SQLiteName? {
        guard error.code ~= .error else { return nil }
        for (beginning, end) in [("no such function: ", ""), ("unknown function: ", "()")]
        where error.message.hasPrefix(beginning) && error.message.hasSuffix(end) {
            return SQLiteName(String(error.message.dropFirst(beginning.count).dropLast(end.count)))
        }
        return nil
    }

    private static let compareBytes:
        @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafeRawPointer?, Int32, UnsafeRawPointer?) -> Int32 = {
            _, leftCount, left, rightCount, right in
            let common = Int(min(leftCount, rightCount))
            if let left, let right, common > 0 {
                let order = memcmp(left, right, common)
                if order != 0 { return order }
            }
            return leftCount - rightCount
        }
}

extension SQLiteName {
    fileprivate func withCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        (bytes + [0]).withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self)) }
    }
}
