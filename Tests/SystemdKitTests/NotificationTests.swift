// SPDX-License-Identifier: MIT

import Glibc
import SystemdKit
import TestSupport
import Testing

@Suite("Words to the service manager")
struct NotificationTests {
    let manager: FakeManager

    init() throws { manager = try FakeManager() }

    @Test("Each is one message in the manager's words")
    func words() throws {
        let result = try manager.run(
            "notify", "extend:1500", "ready:idle · 2 stores ok", "status:migrating shop", "watchdog", "trigger:stuck",
            "stopping:finishing one migration", "stopping")
        #expect(result.output == "" && result.status == 0)
        #expect(
            manager.messages() == [
                ["EXTEND_TIMEOUT_USEC=1500000"], ["READY=1", "STATUS=idle · 2 stores ok"], ["STATUS=migrating shop"],
                ["WATCHDOG=1"], ["WATCHDOG=trigger", "STATUS=stuck"], ["STOPPING=1", "STATUS=finishing one migration"],
                ["STOPPING=1"],
            ])
    }

    @Test("A reload says when it began on the monotonic clock, in microseconds")
    func reloading() throws {
        let before = try monotonicMicroseconds()
        #expect(try manager.run("notify", "reloading", "ready").status == 0)
        let after = try monotonicMicroseconds()
        let messages = manager.messages()
        #expect(messages.count == 2)
        #expect(messages.first?.first == "RELOADING=1" && messages.last == ["READY=1"])
        let time = try #require(messages.first?.last?.split(separator: "=").last.flatMap { Int64($0) })
        #expect(messages.first?.last == "MONOTONIC_USEC=\(time)")
        #expect((before...after).contains(time))
    }

    @Test("A status line cannot say anything else")
    func noInjection() throws {
        #expect(try manager.run("notify", "status:evil\nREADY=1\r\nWATCHDOG=trigger\tx").status == 0)
        #expect(manager.messages() == [["STATUS=evil READY=1 WATCHDOG=trigger x"]])
    }

    @Test("A status line of any length does not cost READY=1, and is cut between characters")
    func longStatus() throws {
        #expect(try manager.run("notify", "ready:" + String(repeating: "ü", count: 5000)).status == 0)
        let message = try #require(manager.messages().first)
        #expect(message.first == "READY=1")
        #expect(message.last == "STATUS=" + String(repeating: "ü", count: 512) + "…")
    }

    @Test("Without a manager everything is silent and succeeds")
    func noManager() throws {
        let program = try Place.built("SystemdFixture")
        for words in [["notify", "ready", "reloading", "watchdog", "stopping"], ["listening"]] {
            let result = try Tool.run(["env", "-u", "NOTIFY_SOCKET", program] + words)
            #expect(result.status == 0)
            #expect(result.output == (words == ["listening"] ? "false\n" : ""))
        }
        #expect(try manager.run("listening").output == "true\n")
    }

    @Test("A manager that is gone is an error with the system's reason")
    func goneManager() throws {
        let gone = try Tool.run([
            "env", "NOTIFY_SOCKET=/nowhere/notify", try Place.built("SystemdFixture"), "notify", "ready",
        ])
        #expect(gone.status == 1)
        #expect(gone.output == "sd_notify: No such file or directory\n")
    }

    @Test("The watchdog is what the manager says, for the process that it means")
    func watchdog() throws {
        func interval(_ environment: String...) throws -> String {
            try manager.run("watchdog-interval", environment: environment).output
        }
        #expect(try interval() == "none\n")
        #expect(try interval("WATCHDOG_USEC=30000000") == "30.0 seconds\n")
        #expect(try interval("WATCHDOG_USEC=30000000", "WATCHDOG_PID=1") == "none\n")
        #expect(try interval("WATCHDOG_USEC=soon") == "sd_watchdog_enabled: Invalid argument\n")
        let program = try Place.built("SystemdFixture")
        let own = "WATCHDOG_USEC=500000 WATCHDOG_PID=$$ exec \"$0\" watchdog-interval"
        #expect(try Tool.run(["sh", "-c", own, program]).output == "0.5 seconds\n")
    }

    private func monotonicMicroseconds() throws -> Int64 {
        var now = timespec()
        try #require(clock_gettime(CLOCK_MONOTONIC, &now) == 0)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }
}
