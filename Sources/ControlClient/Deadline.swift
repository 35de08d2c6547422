// SPDX-License-Identifier: MIT

internal import GuardCore

/// Runs `body`, and gives `error` when it is not done within `time`; nil waits for as long as it takes.
func deadline<Value: Sendable>(
    _ time: Duration?, or error: @autoclosure @Sendable @escaping () -> GuardError,
    _ body: @Sendable @escaping () async throws(GuardError) -> Value
) async throws(GuardError) -> Value {
    guard let time else { return try await body() }
    let outcome: Result<Value, GuardError> = await withTaskGroup(of: Result<Value, GuardError>?.self) { group in
        group.addTask {
            do throws(GuardError) { return .success(try await body()) } catch { return .failure(error) }
        }
        group.addTask {
            // Cancelled when the body was faster, and then nobody reads what this gives.
            try? await Task.sleep(for: time)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first ?? .failure(error())
    }
    return try outcome.get()
}
