// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import LinuxKit

/// What is written arrives whole, or the reason why not is known.
@Suite("Standard streams")
struct StandardStreamTests {
    @Test("A full device is a failure, and nothing is written after it")
    func full() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let stream = StandardStream(descriptor)
        #expect(stream.failure == nil)
        stream.write("a result")
        #expect(stream.failure?.errno == ENOSPC && !stream.isUnread)
        stream.write("more")
        #expect(stream.failure?.errno == ENOSPC)
    }

    @Test("A reader that has gone is told apart from a fault")
    func unread() throws {
        let before = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, before) }
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        let stream = StandardStream(ends[1])
        stream.write("a result")
        #expect(stream.isUnread)
    }

    @Test("A pipe that somebody made non-blocking takes everything all the same")
    func nonBlocking() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let (reading, writing) = (ends[0], ends[1])
        // Twice what a pipe holds.
        let text = String(repeating: "0123456789abcdef", count: 8192)
        let stream = StandardStream(writing)
        async let read = ThreadExecutor(name: "reader").run { () -> [UInt8] in
            var all: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = Glibc.read(reading, &chunk, chunk.count)
                guard count > 0 else { return all }
                all += chunk[..<count]
            }
        }
        try await ThreadExecutor(name: "writer").run {
            stream.write(text)
            close(writing)
        }
        #expect(try await read == Array(text.utf8))
        #expect(stream.failure == nil)
        close(reading)
    }
}
