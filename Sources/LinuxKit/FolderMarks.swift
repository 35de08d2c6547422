// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc
internal import Synchronization

/// Tells processes that work on the same folder of each other, whatever else they have in common.
///
/// A mark is a listening socket in the abstract namespace of unix(7), named after the user and the folder's identity: it leaves no file,
/// keeps no filesystem busy, and is gone with its process. The second process connects to the first one's mark and stays connected, so
/// that each of them knows the other.
public final class FolderMarks: Sendable {
    /// Another process that marked a folder.
    public struct Rival: Sendable, Hashable {
        public let folder: String
        public let pid: Int32
    }

    /// One folder that is marked.
    private struct Mark {
        let folder: String
        /// Our own listening socket; -1 where another process has the name.
        var listener: Int32 = -1
        /// Connections to those that have marked the folder as well.
        var links: [Int32: Int32] = [:]
    }

    private let program: String
    private let marks = Mutex<[String: Mark]>([:])

    /// - Parameter program: what the names of the marks begin with
    public init(program: String) {
        self.program = program
    }

    deinit {
        marks.withLock { marks in
            for mark in marks.values { Self.close(mark) }
        }
    }

    /// Marks `folders`, which are real paths, and no others. Gives the processes that have marked one of them, too.
    ///
    /// Best effort: a folder that cannot be looked at, and a name that the system does not give, is left out.
    public func mark(_ folders: some Sequence<String>) -> [Rival] {
        var wanted: [String: String] = [:]
        for folder in folders {
            guard let status = try? FileStatus(of: folder) else { continue }
            wanted["\(program)/\(getuid())/\(status.device):\(status.inode)"] = folder
        }
        let names = wanted
        return marks.withLock { marks in
            for name in marks.keys where names[name] == nil {
                if let mark = marks.removeValue(forKey: name) { Self.close(mark) }
            }
            for (name, folder) in names {
                var mark = marks[name] ?? Mark(folder: folder)
                Self.refresh(&mark, name)
                marks[name] = mark
            }
            return marks.values.flatMap { mark in
                Set(mark.links.values).filter { $0 != getpid() }.map { Rival(folder: mark.folder, pid: $0) }
            }.sorted { ($0.folder, $0.pid) < ($1.folder, $1.pid) }
        }
    }

    /// Takes the name when it is free, connects to its holder when it is not, and notes who came and who went.
    private static func refresh(_ mark: inout Mark, _ name: String) {
        for link in mark.links.keys where isOver(link) {
            _ = Glibc.close(link)
            mark.links[link] = nil
        }
        if mark.listener < 0 { mark.listener = listening(name) }
        if mark.listener >= 0 {
            while true {
                let link = accept(mark.listener, nil, nil)
                guard link >= 0 else { return }
                note(link, in: &mark)
            }
        } else if mark.links.isEmpty {
            let link = made()
            guard link >= 0 else { return }
            guard named(name, { connect(link, $0, $1) }) == 0 else {
                _ = Glibc.close(link)
                return
            }
            note(link, in: &mark)
        }
    }

    /// Keeps the connection `link`, whose other end tells who is there.
    private static func note(_ link: Int32, in mark: inout Mark) {
        _ = fcntl(link, F_SETFD, FD_CLOEXEC)
        _ = fcntl(link, F_SETFL, O_NONBLOCK)
        var peer = dementiad_credentials()
        // Bounded: nobody may have the descriptors of this process used up.
        guard mark.links.count < 8, dementiad_peer_credentials(link, &peer) == 0, peer.uid == getuid() else {
            _ = Glibc.close(link)
            return
        }
        mark.links[link] = peer.pid
    }

    /// Whether the other end is closed: nothing is ever sent, so that whatever there is to read is its end.
    private static func isOver(_ link: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(link, &byte, 1, Int32(MSG_DONTWAIT)) == 0
    }

    private static func made() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    }

    /// A socket that listens at `name`, or -1 when another process does.
    private static func listening(_ name: String) -> Int32 {
        let listener = made()
        guard listener >= 0 else { return -1 }
        guard named(name, { bind(listener, $0, $1) }) == 0, listen(listener, 8) == 0 else {
            _ = Glibc.close(listener)
            return -1
        }
        return listener
    }

    /// Calls `body` with the abstract address of `name`: a zero byte, and the name without one at its end.
    private static func named(
        _ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(name.utf8.prefix(MemoryLayout.size(ofValue: address.sun_path) - 1))
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in bytes.enumerated() { path[index + 1] = byte }
        }
        let length = MemoryLayout<sa_family_t>.size + 1 + bytes.count
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    private static func close(_ mark: Mark) {
        for descriptor in mark.links.keys { _ = Glibc.close(descriptor) }
        if mark.listener >= 0 { _ = Glibc.close(mark.listener) }
    }
}
