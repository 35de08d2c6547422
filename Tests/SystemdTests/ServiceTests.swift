// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

/// The daemon as a service of a systemd that runs for this test alone.
@Suite("Under a booted systemd")
struct ServiceTests {
    /// Why no systemd can be booted here, or nil.
    private static let obstacle: String? = {
        let answer = try? Tool(["\(folder)/boot", "--probe"]).finish()
        guard let answer, answer.status == 77 else { return nil }
        return answer.output.split(separator: "\n").last.map(String.init) ?? "no systemd can be booted here"
    }()

    private static let folder = "\(Place.package)/Tests/Systemd"

    private static func isInstalled(_ program: String) -> Bool {
        (try? Tool(["sh", "-c", "command -v \(program)"]).finish().status) == 0
    }

    @Test(
        "enabled, it guards, answers, watches, reloads, recovers and stops; its journal, status line and client agree",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func service() throws {
        let programs = Directory.parent(of: try Place.built("dementiad"))
        let result = try Tool(["\(Self.folder)/boot", programs, "\(Self.folder)/service"]).finish()
        let lines = result.output.split(separator: "\n")
        for line in lines where line.hasPrefix("not ok") { Issue.record("\(line)") }
        #expect(result.status == 0, "\(result.output.suffix(2000))")
        // One that ends early, or leaves a check out, says so by what it did not come to.
        let script = String(decoding: try content(of: "\(Self.folder)/service"), as: UTF8.self)
        let checks = script.split(separator: "\n").count { $0.wholeMatch(of: /(check|eventually) ".*/) != nil }
        let told = lines.count { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
        #expect(checks >= 40 && told >= checks, "\(told) of \(checks): \(result.output.suffix(2000))")
    }

    @Test(
        "the manual pages are clean", .enabled(if: isInstalled("mandoc"), "needs mandoc"),
        arguments: ["dementiad.8", "dementiactl.1", "dementiad.yaml.5", "dementiad-errors.7"])
    func manual(page: String) throws {
        let result = try Tool(["mandoc", "-T", "lint", "-W", "warning", "\(Place.package)/man/\(page)"]).finish()
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(
        "the units hold what the manager can hold them to, and are free of mistakes",
        .enabled(if: isInstalled("systemd-analyze"), "needs systemd-analyze"))
    func units() throws {
        let folder = try TemporaryFolder()
        // There is nothing installed that they could start.
        func copy(_ unit: String, to name: String) throws {
            let line =
                "sed 's|/usr/bin/dementia[a-z]*|/bin/true|' '\(Place.package)/systemd/\(unit)' >'\(folder.file(name))'"
            #expect(try Tool(["sh", "-c", line]).finish().status == 0)
        }
        for kind in ["service", "socket"] {
            try copy("dementiad@.\(kind)", to: "dementiad@ann.\(kind)")
            try copy("user/dementiad.\(kind)", to: "dementiad.\(kind)")
        }
        let service = folder.file("dementiad@ann.service")
        let score = try Tool(["systemd-analyze", "security", "--offline=true", "--threshold=15", service]).finish()
        #expect(score.status == 0, "\(score.output.suffix(200))")
        // A user's manager looks for its own folder before anything else.
        for (manager, name) in [("", "dementiad@ann"), ("--user", "dementiad")] {
            let files = "'\(folder.file(name)).service' '\(folder.file(name)).socket'"
            let line = "XDG_RUNTIME_DIR='\(folder.path)' systemd-analyze verify --man=no \(manager) \(files) 2>&1"
            let verdict = try Tool(["sh", "-c", line]).finish()
            let complaints = verdict.output.split(separator: "\n").filter { $0.contains("dementiad") }
            #expect(verdict.status == 0 && complaints.isEmpty, "\(verdict.output)")
        }
    }
}
