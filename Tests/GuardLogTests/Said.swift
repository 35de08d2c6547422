// SPDX-License-Identifier: MIT

import Logging
import Synchronization

@testable import GuardLog

/// A sink that keeps what was said.
final class Said: Sendable {
    private let kept = Mutex<[LogRecord]>([])

    var records: [LogRecord] { kept.withLock(\.self) }

    var sink: LogSink { LogSink { record in self.kept.withLock { $0.append(record) } } }

    /// A logger that writes here, whatever the level.
    func logger() -> Logger {
        Logger(label: "test") { _ in GuardLogHandler(sink, level: .trace) }
    }
}

extension LogRecord {
    /// The value of that name.
    subscript(name: String) -> String? { values.first { $0.name == name }?.text }
}
