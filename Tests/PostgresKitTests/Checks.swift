// SPDX-License-Identifier: MIT

import PostgresKit
import TestSupport
import Testing

extension Connection {
    /// A connection to a database of a test's own.
    convenience init(_ database: PostgresDatabase) throws {
        try self.init(ConnectionTarget(database.url))
    }
}

/// The error that `body` throws; a test that gets none has failed.
func refusal(_ body: () throws -> Void) throws -> PostgresError {
    try #require(#expect(throws: PostgresError.self, performing: body))
}
