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
        if geteuid() != 0 { return "needs root: a container is booted" }
        let finds = { (name: String) in (try? Tool(["sh", "-c", "command -v \(name)"]).finish().status) == 0 }
        return finds("systemd-nspawn") ? nil : "needs systemd-nspawn (package systemd-container)"
    }()

    @Test(
        "enabled, it guards, answers, watches, reloads, recovers and stops; its journal, status line and client agree",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func service() throws {
        let programs = Directory.parent(of: try Place.built("dementiad"))
        let folder = "\(Place.package)/Tests/Systemd"
        let result = try Tool(["\(folder)/boot", programs, "\(folder)/service"]).finish()
        if result.status == 77 { return print("Nothing was tested under systemd: \(result.output)") }
        let lines = result.output.split(separator: "\n")
        for line in lines where line.hasPrefix("not ok") { Issue.record("\(line)") }
        #expect(result.status == 0)
        // One that ends early says so by what it did not come to.
        #expect(lines.count { $0.hasPrefix("ok ") } >= 40, "\(result.output.suffix(2000))")
    }

    @Test(
        "the manual pages are clean", arguments: ["dementiad.8", "dementiactl.1", "dementiad.yaml.5"])
    func manual(page: String) throws {
        guard try Tool(["sh", "-c", "command -v mandoc"]).finish().status == 0 else {
            return print("\(page) was not looked at: mandoc is not installed")
        }
        let result = try Tool(["mandoc", "-T", "lint", "-W", "warning", "\(Place.package)/man/\(page)"]).finish()
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(
        "the units hold what the manager can hold them to, and are free of mistakes",
        .enabled(if: (try? FileStatus.ifPresent("/usr/bin/systemd-analyze")) ?? nil != nil, "needs systemd-analyze"))
    func units() throws {
        let folder = try TemporaryFolder()
        let copy = folder.file("dementiad@ann.service")
        for (unit, name) in [
            ("dementiad@.service", "dementiad@ann.service"), ("dementiad@.socket", "dementiad@ann.socket"),
        ] {
            // There is nothing installed that it could start.
            let line =
                "sed 's|/usr/bin/dementia[a-z]*|/bin/true|' '\(Place.package)/systemd/\(unit)' >'\(folder.file(name))'"
            #expect(try Tool(["sh", "-c", line]).finish().status == 0)
        }
        let score = try Tool(["systemd-analyze", "security", "--offline=true", "--threshold=15", copy]).finish()
        #expect(score.status == 0, "\(score.output.suffix(200))")
        let verdict = try Tool(["sh", "-c", "systemd-analyze verify --man=no '\(copy)' 2>&1"]).finish()
        let complaints = verdict.output.split(separator: "\n").filter { $0.contains("dementiad") }
        #expect(complaints.isEmpty, "\(complaints)")
    }
}
