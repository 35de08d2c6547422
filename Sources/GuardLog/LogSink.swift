// SPDX-License-Identifier: MIT

internal import FoundationEssentials
internal import Glibc
internal import GuardCore
public import LinuxKit
internal import SystemdKit

/// Where records are written.
public struct LogSink: Sendable {
    /// Writes one record, whole.
    let write: @Sendable (LogRecord) -> Void

    init(_ write: @escaping @Sendable (LogRecord) -> Void) {
        self.write = write
    }

    /// The journal when standard error leads there, and standard error otherwise.
    ///
    /// - Parameter journalStream: the environment's JOURNAL_STREAM
    /// - Throws: the system cannot say what standard error is
    public static func standard(journalStream: String?) throws(SystemCallError) -> LogSink {
        try JournalSocket.isJournal(descriptor: STDERR_FILENO, stream: journalStream) ? .journal() : .standardError
    }

    /// The system's journal, with every value in a field of its own. A record that it does not take is a line on standard error.
    ///
    /// - Parameter identifier: what `journalctl -t` asks for
    public static func journal(identifier: String = "dementiad") -> LogSink {
        journal(identifier: identifier, send: JournalSocket.send, otherwise: writeToStandardError)
    }

    /// Lines on standard error, for people: `time level message key=value`.
    public static let standardError = LogSink { record in
        writeToStandardError(record.line(at: Timestamp(Date())) + "\n")
    }

    static func journal(
        identifier: String,
        send: @escaping @Sendable ([JournalField]) throws(SystemCallError) -> Void,
        otherwise: @escaping @Sendable (String) -> Void
    ) -> LogSink {
        LogSink { record in
            do throws(SystemCallError) {
                try send(record.journalFields(identifier: identifier))
            } catch {
                // Standard error is another way into the same journal, which reads the level between the brackets.
                let line = record.line(at: Timestamp(Date()))
                otherwise("<\(record.level.syslogPriority)>\(line) journalError=\"\(error)\"\n")
            }
        }
    }

    private static func writeToStandardError(_ line: String) {
        // In one call, so that lines of several threads do not mix.
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            // Nobody is left who could be told.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
