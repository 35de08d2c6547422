// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport

/// The side of `sd_notify` that systemd has: a datagram socket that keeps what it was told.
final class FakeManager {
    private let folder: TemporaryFolder
    private let descriptor: Int32

    /// The value of NOTIFY_SOCKET.
    var address: String { folder.file("notify") }

    init() throws {
        folder = try TemporaryFolder()
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let path = folder.file("notify")
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemCallError(call: "bind", errno: errno, path: path) }
    }

    deinit { close(descriptor) }

    /// Every message that has come so far, as its lines.
    func messages() -> [[String]] {
        var messages: [[String]] = []
        // What systemd has: a longer message is dropped as a whole.
        var buffer = [UInt8](repeating: 0, count: 4097)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return messages }
            guard count <= 4096 else { continue }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            messages.append(text.split(separator: "\n").map(String.init))
        }
    }

    /// Runs the fixture under this manager and gives what it printed.
    func run(_ words: String..., environment: [String] = []) throws -> Tool.Result {
        try Tool.run(
            ["env", "NOTIFY_SOCKET=\(address)"] + environment + [Place.built("SystemdFixture")] + words)
    }
}
