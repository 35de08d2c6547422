// SPDX-License-Identifier: MIT

internal import GuardLog
internal import LinuxKit
internal import Logging
internal import Synchronization
internal import SystemdKit

/// Tells the service manager how the daemon is. That nobody listens is fine, and a manager that cannot be told is a warning: the
/// daemon guards memories, whoever watches it.
final class Notifier: Sendable {
    private let manager = ServiceManager()
    private let logger: Logger
    /// Whether it was said that the manager cannot be told: once is enough.
    private let hasComplained = Mutex(false)

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// How often the manager wants to hear that the daemon is alive; nil when it does not.
    var pulse: Duration? {
        do {
            return try manager.watchdogInterval.map { $0 / 2 }
        } catch {
            logger.warning("The watchdog cannot be served", metadata: ["error": "\(error)"])
            return nil
        }
    }

    func ready(_ status: String) { tell { (manager) throws(SystemCallError) in try manager.ready(status: status) } }
    func status(_ text: String) { tell { (manager) throws(SystemCallError) in try manager.status(text) } }
    func reloading() { tell { (manager) throws(SystemCallError) in try manager.reloading() } }
    func stopping(_ status: String) {
        tell { (manager) throws(SystemCallError) in try manager.stopping(status: status) }
    }
    func alive() { tell { (manager) throws(SystemCallError) in try manager.watchdog() } }

    /// Does `work`, for which the manager waits as long as it goes on.
    func withPatience<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    self.tell { (manager) throws(SystemCallError) in try manager.extendTimeout(by: .seconds(30)) }
                    try? await Task.sleep(for: .seconds(10))
                }
            }
            defer { group.cancelAll() }
            return try await work()
        }
    }

    private func tell(_ message: (ServiceManager) throws(SystemCallError) -> Void) {
        do throws(SystemCallError) {
            try message(manager)
        } catch {
            let isFirst = hasComplained.withLock { told in
                defer { told = true }
                return !told
            }
            guard isFirst else { return }
            logger.tell(
                .notificationFailed, "the service manager cannot be told anything: \(error)", ["error": "\(error)"])
        }
    }
}
