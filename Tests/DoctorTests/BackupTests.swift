// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Doctor
import Engine
import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

@Suite("The doctor on backups and holds")
struct BackupTests {
    @Test("A memory without any backup, once the daemon had time for one")
    func bare() async throws {
        try await Clinic.run { clinic in
            #expect(try await clinic.patient.finding(.noBackup) == nil)
            clinic.clock.move(by: .seconds(120))
            let found = try #require(try await clinic.patient.finding(.noBackup))
            #expect(found.store == clinic.stores[0].id && found.severity == .failure)
            try await clinic.mends(.noBackup)
        }
    }

    @Test("Backups that were never drilled, and later those whose drill is too long ago")
    func drills() async throws {
        try await Clinic.run { clinic in
            try await clinic.work(.backup)
            clinic.clock.move(by: .seconds(30 * 86_400))
            #expect(try await clinic.patient.finding(.neverDrilled) == nil)
            clinic.clock.move(by: .seconds(2 * 86_400))
            try await clinic.mends(.neverDrilled)
            #expect(try await clinic.patient.finding(.drillOverdue) == nil)
            clinic.clock.move(by: .seconds(40 * 86_400))
            try await clinic.mends(.drillOverdue)
        }
    }

    @Test("The newest backup is bad: R9, B6")
    func bad() async throws {
        try await Clinic.run { clinic in
            let id = try #require(try await clinic.work(.backup).backup)
            let entry = try await clinic.service.backup(id)
            let payload = entry.path + "/data.db.zst"
            var bytes = try content(of: payload)
            bytes[bytes.count / 2] ^= 1
            chmod(payload, 0o600)
            try write(bytes, to: payload)
            let proof = try await clinic.patient.run("dementiactl backup verify --all")
            #expect(proof.status == 6, "\(proof.output)\(proof.errors)")
            try await clinic.mends(.backupBad)
        }
    }

    @Test("Something in the vault that cannot be read is moved aside, and nothing of it is lost")
    func damaged() async throws {
        try await Clinic.run { clinic in
            let id = try #require(try await clinic.work(.backup).backup)
            let path = try await clinic.service.backup(id).path
            chmod(path + "/MANIFEST.json", 0o600)
            try write(Array("{}".utf8), to: path + "/MANIFEST.json")
            try await clinic.mends(.vaultDamaged)
            let name = path.split(separator: "/").last ?? ""
            #expect(try Directory.entries("\(clinic.state)/damaged/\(name)").contains("data.db.zst"))
        }
    }

    @Test("A hold that is over, and one that is there for long")
    func holds() async throws {
        try await Clinic.run { clinic in
            let until = Timestamp(milliseconds: clinic.clock.now().milliseconds + 3_600_000)
            let caller = Caller(uid: 1000, pid: 1)
            _ = try await clinic.service.addHold(.init(store: clinic.stores[0].id, until: until), for: caller)
            #expect(try await clinic.patient.finding(.staleHold) == nil)
            clinic.clock.move(by: .seconds(7200))
            try await clinic.mends(.staleHold)
            _ = try await clinic.service.addHold(.init(reason: "holidays"), for: caller)
            #expect(try await clinic.patient.finding(.staleHold) == nil)
            clinic.clock.move(by: .seconds(8 * 86_400))
            try await clinic.mends(.staleHold)
        }
    }
}
