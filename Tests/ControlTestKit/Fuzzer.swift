// SPDX-License-Identifier: MIT

internal import ControlServer
internal import Glibc
internal import LinuxKit
internal import Synchronization
internal import TestSupport

/// Sends a server whatever a ``Mutator`` makes, each input on a connection of its own, and looks at what comes back.
public enum Fuzzer {
    /// An input that was not dealt with as it should be.
    public struct Failure: Error, CustomStringConvertible {
        /// What is wrong.
        public let reason: String
        public let input: [UInt8]

        public var description: String {
            let text = input.map { byte in
                (0x20..<0x7f).contains(byte) && byte != 0x5c
                    ? String(UnicodeScalar(byte)) : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
            return "\(reason): \(text.joined())"
        }
    }

    /// Sends `count` inputs, and prints how many were answered with what.
    public static func run(count: Int, seed: UInt64) async throws {
        let start = ContinuousClock.now
        var answers: [Int: Int] = [:]
        // A server that was asked for very many operations lists very many.
        let batch = 20_000
        for first in stride(from: 0, to: count, by: batch) {
            let more = try await send(count: min(batch, count - first), seed: seed &+ UInt64(first))
            answers.merge(more, uniquingKeysWith: +)
        }
        let seconds = max(1, (ContinuousClock.now - start).components.seconds)
        let summary = answers.sorted { $0.key < $1.key }.map { "\($0.key == 0 ? "none" : String($0.key)): \($0.value)" }
        print(
            "\(count) inputs, seed \(seed), \(seconds) s, \(count / Int(seconds))/s; first answers \(summary.joined(separator: ", "))"
        )
    }

    /// Sends `count` inputs; how many were answered first with which status, 0 for not at all.
    public static func send(count: Int, seed: UInt64) async throws -> [Int: Int] {
        var limits = ControlLimits()
        // What the server itself waits for must not look like a hang.
        limits.requestTime = .seconds(2)
        limits.longestWait = .milliseconds(10)
        return try await World.run(limits: limits) { world in
            let socket = world.socket
            let senders = 4
            return try await withThrowingTaskGroup(of: [Int: Int].self) { group in
                for sender in 0..<senders {
                    let share = count / senders + (sender < count % senders ? 1 : 0)
                    group.addTask {
                        // Blocking calls, on a thread of its own: the server needs the others.
                        try await ThreadExecutor(name: "fuzz").run { () throws(Failure) in
                            try send(share, Mutator(seed: seed &+ UInt64(sender)), to: socket)
                        }
                    }
                }
                var all: [Int: Int] = [:]
                for try await answers in group { all.merge(answers, uniquingKeysWith: +) }
                // It has survived, and answers what is asked well.
                let status = try await world.send("GET", "/v1/health").status
                guard status == 200 else { throw Failure(reason: "health is \(status) afterwards", input: []) }
                return all
            }
        }
    }

    private static func send(_ count: Int, _ mutator: Mutator, to socket: String) throws(Failure) -> [Int: Int] {
        var mutator = mutator
        var answers: [Int: Int] = [:]
        for _ in 0..<count {
            let input = mutator.next()
            answers[try ask(input, socket), default: 0] += 1
        }
        return answers
    }

    private static let stream = Array("text/event-stream".utf8)

    /// Sends one input to its end, and reads to the end. The status of the first answer, 0 for none.
    private static func ask(_ input: [UInt8], _ path: String) throws(Failure) -> Int {
        let descriptor: Int32
        do {
            descriptor = try RawSocket.connect(path)
        } catch {
            throw Failure(reason: "no connection, \(error)", input: input)
        }
        defer { close(descriptor) }
        var sent = 0
        while sent < input.count {
            let taken = input[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if taken <= 0 { break }
            sent += taken
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var head: [UInt8] = []
        var tail: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let taken = recv(descriptor, &buffer, buffer.count, 0)
            if taken < 0, errno == EAGAIN { throw Failure(reason: "not closed within \(Patience.limit)", input: input) }
            if taken <= 0 { break }
            if head.count < 64 { head += buffer[..<taken] }
            // A stream that was well asked for has no end.
            tail += buffer[..<taken]
            if tail.firstRange(of: stream) != nil { break }
            tail = Array(tail.suffix(stream.count))
        }
        guard !head.isEmpty else { return 0 }
        let line = String(decoding: head.prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
        guard line.count >= 2, line[0] == "HTTP/1.1", let status = Int(line[1]) else {
            throw Failure(reason: "an answer that is none, '\(line.joined(separator: " "))'", input: input)
        }
        guard status < 500 || status == 503 else { throw Failure(reason: "answered with \(status)", input: input) }
        return status
    }
}
