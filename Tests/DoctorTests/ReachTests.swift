// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Glibc
import GuardCore
import TestSupport
import Testing

@testable import Doctor

@Suite("The doctor without a daemon")
struct ReachTests {
    private func diagnosis(
        _ show: String?, _ unit: ServiceUnit = ServiceUnit(.system(user: "ann")),
        code: GuardError.Code = .notReachable, isNamed: Bool = false, owner: String? = nil
    ) throws -> Diagnosis {
        let units = show.map { [ReachCheck.UnitState(unit, show: $0)] } ?? []
        let check = ReachCheck(
            GuardError(code, "nobody"), socket: "/run/x/control.sock", isNamed: isNamed, units: units, owner: owner)
        return try #require(check.diagnoses.first)
    }

    @Test("Installed and not enabled, enabled and stopped, failed, failed by its configuration, and deaf")
    func units() throws {
        let off = try diagnosis("LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\nExecMainStatus=0")
        #expect(off.code == "daemonStopped")
        #expect(off.remedy?.command == "sudo systemctl enable --now dementiad@ann.socket dementiad@ann.service")
        let stopped = try diagnosis("LoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\nExecMainStatus=0")
        #expect(stopped.remedy?.command == "sudo systemctl start dementiad@ann.socket dementiad@ann.service")
        let failed = try diagnosis("LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\nExecMainStatus=1")
        #expect(failed.code == "daemonFailed" && failed.message.contains("status 1"))
        let refused = try diagnosis(
            "LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\nExecMainStatus=78",
            ServiceUnit(.user(configuration: "/home/ann/.config")))
        #expect(refused.message.contains("dementiactl config check"))
        #expect(refused.remedy?.command?.hasPrefix("systemctl --user reset-failed dementiad.socket") == true)
        let deaf = try diagnosis("LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nExecMainStatus=0")
        #expect(deaf.code == "daemonUnreachable")
        #expect(try diagnosis("LoadState=not-found\nActiveState=inactive").code == "daemonNotInstalled")
        #expect(try diagnosis(nil).code == "daemonNotInstalled")
    }

    @Test("R16: a socket that is somebody else's")
    func stranger() throws {
        let found = try diagnosis(nil, code: .permissionDenied, owner: "bob")
        #expect(found.code == "socketNotPermitted" && found.remedy?.summary.contains("sudo -u bob dementiactl") == true)
    }

    @Test("After an upgrade the daemon is still the old one")
    func version() {
        let unit = ServiceUnit(.system(user: "ann"))
        #expect(VersionCheck(client: "1.0.0", daemon: "1.0.0", unit: unit).diagnoses.isEmpty)
        let found = VersionCheck(client: "1.1.0", daemon: "1.0.0", unit: unit).diagnoses
        #expect(found.map(\.code) == ["versionMismatch"])
        #expect(found.first?.remedy?.command == "sudo systemctl restart dementiad@ann.service")
        #expect(VersionCheck(client: "1.1.0", daemon: "1.0.0", unit: nil).diagnoses.first?.remedy?.command == nil)
    }

    @Test("Nobody answers where somebody is expected: the printed command is run, and then there is an answer")
    func byHand() async throws {
        let folder = try TemporaryFolder()
        let patient = try Patient(in: folder)
        let state = folder.file("state")
        // Tests may be root's, and root has to say so.
        try patient.script(
            "dementiad",
            "exec '\(try RunningProgram.built("dementiad"))' \"$@\" --state-dir '\(state)' --watch '\(patient.home)' "
                + (geteuid() == 0 ? "--allow-root" : ""))
        let found = try #require(try await patient.finding(.daemonUnreachable))
        let command = try #require(found.remedy?.command)
        #expect(command == "dementiad serve --socket \(patient.socket)")
        let status = try await patient.run("dementiactl doctor --exit-code")
        #expect(status.status == 3 && status.output.contains("[daemonUnreachable]"), "\(status)")
        let daemon = try RunningProgram(["/bin/sh", "-c", "exec " + command], environment: patient.environment)
        var answer = try await patient.run("dementiactl status")
        try await eventually("the daemon answers", from: daemon.pid) {
            answer = try await patient.run("dementiactl status")
            return answer.status != 69
        }
        #expect(answer.status == 0, "\(answer)")
        #expect(try await patient.finding(.daemonUnreachable) == nil)
        daemon.send(SIGTERM)
        #expect(try await daemon.end().status == 0)
    }

    @Test("The real daemon: room that is missing comes back by a drop-in and a reload")
    func room() async throws {
        let folder = try TemporaryFolder()
        let patient = try Patient(in: folder)
        let project = patient.home + "/shop"
        _ = try await patient.run("mkdir '\(project)'")
        try Fixture.v4_4.copy(to: project + "/.claude-memory.db")
        let configuration = folder.file("dementiad.yaml")
        try write(Array("migrate: {mode: ask}\nbackup: {minFree: 0, budget: 1GiB}\n".utf8), to: configuration)
        let arguments = [
            "serve", "--config", configuration, "--state-dir", folder.file("state"), "--watch", patient.home,
            "--socket",
            patient.socket,
        ]
        let daemon = try RunningProgram(
            [RunningProgram.built("dementiad")] + arguments + (geteuid() == 0 ? ["--allow-root"] : []),
            environment: patient.environment)
        var answer = try await patient.run("dementiactl status")
        try await eventually("the daemon knows the memory", from: daemon.pid) {
            answer = try await patient.run("dementiactl backup create '\(project)/.claude-memory.db'")
            return ![69, 10].contains(answer.status)
        }
        #expect(answer.status == 0, "\(answer)")
        #expect(try await patient.findings().isEmpty)
        try write(Array("migrate: {mode: ask}\nbackup: {minFree: 1000TiB, budget: 1}\n".utf8), to: configuration)
        #expect(try await patient.run("dementiactl daemon reload --wait").status == 0)
        try await patient.mends(.budgetExceeded)
        try await patient.mends(.freeSpaceShort)
        #expect(try await patient.run("dementiactl doctor --exit-code").output == "✓ Nothing is wrong.\n")
        daemon.send(SIGTERM)
        #expect(try await daemon.end().status == 0)
    }
}
