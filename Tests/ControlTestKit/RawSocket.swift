// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit
internal import TestSupport

/// A client that sends exactly the bytes a test wants, well-formed or not. Its calls block, on a thread of its own.
public struct RawSocket: Sendable {
    private let descriptor: Int32
    private let thread: ThreadExecutor

    /// Connects to `path`.
    public init(_ path: String) throws {
        thread = try ThreadExecutor(name: "raw")
        descriptor = try Self.connect(path)
    }

    /// A descriptor that is connected to `path`, and on which no call waits for more than ``Patience/limit``: a test that waits for bytes
    /// that never come fails in place of hanging.
    static func connect(_ path: String) throws(SystemCallError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        var limit = timeval(tv_sec: Int(Patience.limit.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let error = SystemCallError(call: "connect", errno: errno, path: path)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Sends `text`. How many bytes were taken; fewer when the other end has closed.
    @discardableResult
    public func send(_ text: String) async -> Int {
        let bytes = Array(text.utf8)
        return await thread.run { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { break }
                sent += count
            }
            return sent
        }
    }

    /// Says that nothing more is sent.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads until `text` has come or the other end has closed; everything that came.
    public func read(until text: String? = nil) async -> String {
        await thread.run { [descriptor] in
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let wanted = text.map { Array($0.utf8) }
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                all += buffer[..<count]
                if let wanted, String(decoding: all, as: UTF8.self).contains(String(decoding: wanted, as: UTF8.self)) {
                    break
                }
            }
            return String(decoding: all, as: UTF8.self)
        }
    }

    /// Closes it.
    public func end() { close(descriptor) }

    /// Waits until a daemon answers requests at `path`: a queue that takes connections is there earlier.
    public static func answering(_ path: String) async throws {
        try await eventually("an answer at \(path)") {
            guard let socket = try? RawSocket(path) else { return false }
            defer { socket.end() }
            await socket.send("GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return await socket.read().hasPrefix("HTTP/1.1 ")
        }
    }
}
