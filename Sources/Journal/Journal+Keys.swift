// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

/// An `Idempotency-Key`: the name that a client gave a request, so that it may send it again without doing it twice.
public struct RequestKey: Sendable, Hashable {
    /// Whose key it is: two users may choose the same.
    public let uid: UInt32
    /// As the client chose it.
    public let key: String
    /// Digest of what was asked for: the same key with another request is a mistake.
    public let request: String

    public init(uid: UInt32, key: String, request: String) {
        self.uid = uid
        self.key = key
        self.request = request
    }
}

extension Journal {
    /// How long a key is remembered, in milliseconds: a day.
    private static let keyLife: Int64 = 86_400_000

    /// The operation that a request with this name began within the last day, and the digest of that request; nil for none.
    public func operation(begunBy key: RequestKey) throws(JournalError) -> (id: OperationID, request: String)? {
        let oldest = clock().milliseconds - Self.keyLife
        return try reading {
            try connection.decoding(
                "SELECT operation, request FROM request_keys WHERE uid = ? AND key = ? AND at > ?",
                [.integer(Int64(key.uid)), .text(key.key), .integer(oldest)]
            ) { row in (id: try row.required(0) { OperationID($0) }, request: try row.text(1)) }.first
        }
    }

    /// Remembers what `key` began, in the transaction in which it begins. Old ones go.
    func remember(_ key: RequestKey, for operation: OperationID) throws {
        let now = clock()
        try connection.run(
            "DELETE FROM request_keys WHERE at <= ?", [.integer(now.milliseconds - Self.keyLife)])
        try connection.run(
            """
            INSERT INTO request_keys (uid, key, request, operation, at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (uid, key) DO UPDATE SET request = excluded.request, operation = excluded.operation,
                at = excluded.at
            """,
            [.integer(Int64(key.uid)), .text(key.key), .text(key.request), .name(operation), .time(now)])
    }
}
