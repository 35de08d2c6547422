// SPDX-License-Identifier: MIT

public import Logging

/// The handler of the daemon's loggers: each record goes to one sink, with metadata as values of its own.
///
/// Under systemd that is a record of the journal with fields that `journalctl DEMENTIA_STORE=…` finds, elsewhere a line. Callers
/// pass no secrets; as a last resort the passwords of URLs are hidden in messages and values.
public struct GuardLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private var level: LogLevel
    private let sink: LogSink

    /// Writes to `sink` what is at least as bad as `level`.
    public init(_ sink: LogSink, level: Logger.Level = .info) {
        self.init(sink, level: LogLevel(level))
    }

    /// Writes to `sink` what is at least as bad as `level` says at that moment.
    public init(_ sink: LogSink, level: LogLevel) {
        self.sink = sink
        self.level = level
    }

    /// A logger that is given a level of its own does not go by the common one any more.
    public var logLevel: Logger.Level {
        get { level.now }
        set { level = LogLevel(newValue) }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes `event`, with the metadata of this handler and its provider; the nearer to the call, the stronger.
    public func log(event: LogEvent) {
        var inherited = metadata
        if let provided = metadataProvider?.get() { inherited.merge(provided) { $1 } }
        sink.write(LogRecord(event, inherited: inherited))
    }
}
