// SPDX-License-Identifier: MIT

public import Logging
internal import Synchronization

/// The least severe message that is written; a reload may change it while loggers are in use.
public final class LogLevel: Sendable {
    private let level: Mutex<Logger.Level>

    public init(_ level: Logger.Level) {
        self.level = Mutex(level)
    }

    /// The present level.
    public var now: Logger.Level { level.withLock(\.self) }

    /// Makes it `level`, for every logger that goes by it.
    public func set(_ level: Logger.Level) {
        self.level.withLock { $0 = level }
    }
}
