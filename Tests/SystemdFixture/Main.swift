// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import SystemdKit

/// A service whose manager is a test: does what its arguments say, and prints what came of it.
///
/// A program of its own because all of this lives in the environment of a process, which tests share.
@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        do throws(SystemCallError) {
            switch arguments.first {
            case "notify": for word in arguments.dropFirst() { try notify(word) }
            case "watchdog-interval":
                print(try ServiceManager().watchdogInterval.map { "\($0)" } ?? "none")
            case "listen": try listen()
            case "listening": print(ServiceManager().isListening)
            case "journal": try JournalSocket.send(arguments.dropFirst().compactMap(field))
            default: exit(64)
            }
        } catch {
            print(error)
            exit(1)
        }
    }

    private static func notify(_ word: String) throws(SystemCallError) {
        let manager = ServiceManager()
        let parts = word.split(separator: ":", maxSplits: 1)
        let text = parts.count > 1 ? String(parts[1]) : nil
        switch parts.first {
        case "ready": try manager.ready(status: text)
        case "status": try manager.status(text ?? "")
        case "stopping": try manager.stopping(status: text)
        case "reloading": try manager.reloading()
        case "watchdog": try manager.watchdog()
        case "trigger": try manager.triggerWatchdog(status: text)
        case "extend": try manager.extendTimeout(by: .milliseconds(text.flatMap { Int($0) } ?? 0))
        default: exit(64)
        }
    }

    /// `NAME=VALUE`, or `NAME*COUNT` for a value of that length.
    private static func field(_ word: String) -> JournalField? {
        if let equals = word.firstIndex(of: "=") {
            return JournalField(String(word[..<equals]), String(word[word.index(after: equals)...]))
        }
        let parts = word.split(separator: "*")
        guard parts.count == 2, let count = Int(parts[1]) else { return nil }
        return JournalField(String(parts[0]), String(repeating: "x", count: count))
    }

    private static func listen() throws(SystemCallError) {
        for socket in try ListeningSockets.take() {
            let isClosedByExec = fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0
            print(socket.descriptor, socket.name, isClosedByExec, try socket.isListeningUnixStream)
        }
        let names: [String] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
        let left = names.filter { getenv($0) != nil }
        print("then", try ListeningSockets.take().count, left)
    }
}
