// SPDX-License-Identifier: MIT

internal import CLibpq

/// Stops a statement of another thread's connection.
public final class Canceller: @unchecked Sendable {
    // Sendable because libpq documents PQcancel as safe to be called from any thread, and the pointer never changes.
    private let pointer: OpaquePointer?

    init(_ pointer: OpaquePointer?) {
        self.pointer = pointer
    }

    deinit {
        PQfreeCancel(pointer)
    }

    /// Asks the server to stop what it is doing; the statement then fails with ``SQLState/queryCanceled``.
    public func cancel() throws(PostgresError) {
        var message = [CChar](repeating: 0, count: 256)
        guard PQcancel(pointer, &message, Int32(message.count)) == 1 else {
            let text = message.withUnsafeMutableBufferPointer { PostgresError.sentence($0.baseAddress) }
            throw PostgresError(sqlState: nil, message: text)
        }
    }
}
