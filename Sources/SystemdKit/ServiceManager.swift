// SPDX-License-Identifier: MIT

internal import CSystemd
internal import Glibc
public import LinuxKit

/// Tells the service manager how this process is doing: `sd_notify(3)`.
///
/// Everything is silent, and succeeds, in a process that no manager listens to (`NOTIFY_SOCKET` is not set). A call that fails is no
/// reason to stop: the caller says so once and goes on. The manager then ends the service by its own timeouts. A call blocks while
/// the manager does not read what was sent before.
public struct ServiceManager: Sendable {
    /// Bytes of a status line. The manager drops a whole message of more than 4096, and READY=1 with it.
    static let statusLimit = 1024

    public init() {}

    /// Whether a manager listens.
    public var isListening: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// The service has started, or the reload that was announced with ``reloading()`` is over.
    public func ready(status: String? = nil) throws(SystemCallError) {
        try send(["READY=1"], status)
    }

    /// One line about what the service is doing, as `systemctl status` shows it.
    public func status(_ text: String) throws(SystemCallError) {
        try send([], text)
    }

    /// The service reads its configuration anew, and will say ``ready(status:)`` when it has.
    public func reloading() throws(SystemCallError) {
        var now = timespec()
        guard clock_gettime(CLOCK_MONOTONIC, &now) == 0 else {
            throw SystemCallError(call: "clock_gettime", errno: errno)
        }
        // systemd 253 and later tell by the time whether this reload is the one that was asked for, and wait for ever without it.
        try send(["RELOADING=1", "MONOTONIC_USEC=\(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)"], nil)
    }

    /// The service has begun to stop.
    public func stopping(status: String? = nil) throws(SystemCallError) {
        try send(["STOPPING=1"], status)
    }

    /// The service is alive. To be said at least every ``watchdogInterval``.
    public func watchdog() throws(SystemCallError) {
        try send(["WATCHDOG=1"], nil)
    }

    /// The service knows that it is broken: the manager acts as if the watchdog had run out.
    public func triggerWatchdog(status: String? = nil) throws(SystemCallError) {
        try send(["WATCHDOG=trigger"], status)
    }

    /// Starting, running or stopping takes `duration` more, counted from now; to be repeated before that is over.
    public func extendTimeout(by duration: Duration) throws(SystemCallError) {
        try send(["EXTEND_TIMEOUT_USEC=\(duration.wholeMicroseconds)"], nil)
    }

    /// How long the manager waits for a ``watchdog()`` before it ends this process; nil when it does not wait for any. A service
    /// speaks at half of it.
    ///
    /// Throws EINVAL when WATCHDOG_USEC or WATCHDOG_PID are no numbers.
    public var watchdogInterval: Duration? {
        get throws(SystemCallError) {
            var microseconds: UInt64 = 0
            let isEnabled = try checked("sd_watchdog_enabled") { sd_watchdog_enabled(0, &microseconds) } > 0
            return isEnabled ? .microseconds(Int64(clamping: microseconds)) : nil
        }
    }

    private func send(_ assignments: [String], _ status: String?) throws(SystemCallError) {
        let lines = assignments + (status.map { ["STATUS=" + Self.oneLine($0)] } ?? [])
        // 0: nobody listens.
        try checked("sd_notify") { sd_notify(0, lines.joined(separator: "\n")) }
    }

    /// `text` with blanks for control characters, which would end the line and begin another assignment, and not too long.
    static func oneLine(_ text: String) -> String {
        var line = ""
        var length = 0
        for character in text {
            let isControl = character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
            let shown: Character = isControl ? " " : character
            length += shown.utf8.count
            if length > statusLimit { return line + "…" }
            line.append(shown)
        }
        return line
    }
}

extension Duration {
    /// Rounded up, and never negative.
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? 0 : .max }
        let (sum, overflowsAgain) = product.addingReportingOverflow((attoseconds + 999_999_999_999) / 1_000_000_000_000)
        return overflowsAgain ? .max : max(sum, 0)
    }
}
