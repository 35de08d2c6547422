// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Where events come from: the kernel, or a test that has it refuse.
protocol EventSource: AnyObject {
    /// To be waited for.
    var descriptor: Int32 { get }
    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32
    func unwatch(_ watch: Int32) throws(SystemCallError)
    func read() throws(SystemCallError) -> [Inotify.Event]
}

/// The kernel's events.
final class KernelEvents: EventSource {
    private let inotify: Inotify

    init() throws(SystemCallError) {
        inotify = try Inotify()
    }

    var descriptor: Int32 { inotify.descriptor }

    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32 {
        try inotify.watch(path, for: mask)
    }

    func unwatch(_ watch: Int32) throws(SystemCallError) { try inotify.unwatch(watch) }

    func read() throws(SystemCallError) -> [Inotify.Event] { try inotify.read() }
}
