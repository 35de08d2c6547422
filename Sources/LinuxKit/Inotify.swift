// SPDX-License-Identifier: MIT

internal import Glibc

/// One inotify instance: the kernel tells what happens in directories. See inotify(7).
public struct Inotify: ~Copyable {
    /// What happened, or is to be told.
    public struct Mask: OptionSet, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Something was written to a file.
        public static let modify = Mask(rawValue: UInt32(IN_MODIFY))
        /// A name appeared.
        public static let create = Mask(rawValue: UInt32(IN_CREATE))
        /// A name is gone.
        public static let delete = Mask(rawValue: UInt32(IN_DELETE))
        /// A name was taken away by a rename.
        public static let movedFrom = Mask(rawValue: UInt32(IN_MOVED_FROM))
        /// A name was put here by a rename.
        public static let movedTo = Mask(rawValue: UInt32(IN_MOVED_TO))
        /// The watched directory itself is gone.
        public static let deleteSelf = Mask(rawValue: UInt32(IN_DELETE_SELF))
        /// The watched directory itself has another name.
        public static let moveSelf = Mask(rawValue: UInt32(IN_MOVE_SELF))
        /// Only told: its filesystem was unmounted.
        public static let unmount = Mask(rawValue: UInt32(IN_UNMOUNT))
        /// Only told: the watch is gone.
        public static let ignored = Mask(rawValue: UInt32(IN_IGNORED))
        /// Only told: events were lost.
        public static let overflow = Mask(rawValue: UInt32(IN_Q_OVERFLOW))
        /// Only told: what it is about is a directory.
        public static let isDirectory = Mask(rawValue: UInt32(IN_ISDIR))
    }

    /// One event.
    public struct Event: Sendable {
        /// The watch it belongs to; -1 for an overflow.
        public let watch: Int32
        /// What happened.
        public let mask: Mask
        /// The entry's name; nil for the directory itself, and for a name that is not UTF-8.
        public let name: String?

        public init(watch: Int32, mask: Mask, name: String?) {
            (self.watch, self.mask, self.name) = (watch, mask, name)
        }
    }

    /// To be waited for with ``wait(for:urgent:atMost:)``.
    public let descriptor: Int32
    private let buffer = ByteBuffer(count: 64 << 10)

    /// Makes one. EMFILE: the user has as many as `fs.inotify.max_user_instances` allows.
    public init() throws(SystemCallError) {
        descriptor = try checked("inotify_init1", nil) { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) }
    }

    deinit {
        // Best effort: there is nothing that could be lost with it.
        _ = close(descriptor)
    }

    /// Watches the directory `path`, which may not be a symbolic link, for this as well as for what it was watched for before.
    ///
    /// A directory has one watch, whatever its names. ENOSPC: the user has as many as `fs.inotify.max_user_watches` allows.
    public func watch(_ path: String, for mask: Mask) throws(SystemCallError) -> Int32 {
        let always = UInt32(IN_ONLYDIR) | UInt32(IN_DONT_FOLLOW) | UInt32(IN_EXCL_UNLINK) | UInt32(IN_MASK_ADD)
        return try checked("inotify_add_watch", path) {
            inotify_add_watch(descriptor, path, mask.rawValue | always)
        }
    }

    /// Ends a watch. One that the kernel has ended already is fine.
    public func unwatch(_ watch: Int32) throws(SystemCallError) {
        guard inotify_rm_watch(descriptor, watch) == 0 || errno == EINVAL else {
            throw SystemCallError(call: "inotify_rm_watch", errno: errno)
        }
    }

    /// Events that wait, in their order; none when none do.
    ///
    /// As many as fit in 64 KiB: who makes them faster than they are read does not keep the reader for ever.
    public func read() throws(SystemCallError) -> [Event] {
        let count: Int
        do throws(SystemCallError) {
            count = try checked("read", "inotify") {
                Glibc.read(descriptor, buffer.bytes.baseAddress, buffer.bytes.count)
            }
        } catch {
            guard error.errno == EAGAIN else { throw error }
            return []
        }
        var events: [Event] = []
        var rest = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
        let head = MemoryLayout<inotify_event>.size
        while rest.count >= head {
            let event = rest.loadUnaligned(as: inotify_event.self)
            let name = rest[head...].prefix(Int(event.len)).prefix { $0 != 0 }
            events.append(
                Event(
                    watch: event.wd, mask: Mask(rawValue: event.mask),
                    name: name.isEmpty ? nil : String(validating: name, as: UTF8.self)))
            rest = UnsafeRawBufferPointer(rebasing: rest[(head + Int(event.len))...])
        }
        return events
    }
}
