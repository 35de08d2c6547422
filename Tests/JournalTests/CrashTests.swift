// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import Journal
import LinuxKit
import Testing

/// Real processes, really killed. SIGKILL leaves the page cache alone, so this is about transactions and not about
/// `fsync`.
@Suite(.serialized) struct CrashTests {
    @Test("R12, P12: after 30 kills at random moments every acknowledged write is there and the chain is whole")
    func randomKills() async throws {
        let world = World()
        for _ in 0..<30 {
            let run = try Helper([world.path]).killed(after: .random(in: 1...40))
            #expect(run.signal == SIGKILL)
            try await check(acknowledged: run.lines, in: world.journal())
        }
    }

    @Test(
        "a crash on either side of any commit leaves all of it or nothing of it",
        arguments: [
            "begin(migrate)", "intent(preflight)", "result(preflight)+intent(backup)", "result(backup)+intent(migrate)",
            "settle(succeeded)",
        ].enumerated().map { ($0.offset + 1, $0.element) }
    )
    func namedKills(number: Int, name: String) async throws {
        for (moment, expected) in [("before", number - 1), ("after", number)] {
            let world = World()
            let run = try Helper([world.path, "\(moment) \(name)"]).killed(after: .max)
            #expect(run.signal == SIGKILL)
            #expect(run.lines.count == number - 1)
            let journal = try world.journal()
            try await check(acknowledged: run.lines, in: journal)
            let operation = try await journal.operations(limit: 1).first
            #expect(operation.map(writes) ?? 0 == expected, "\(moment) \(name)")
            #expect(try await journal.holds().count == (expected == 5 ? 1 : 0))
        }
    }

    @Test("after an input or output error nothing more is written until the journal is opened again")
    func inputOutputError() async throws {
        let world = World()
        let run = try Helper([world.path, "--file-limit"]).killed(after: .max)
        #expect(run.lines == ["written", "inputOutput", "inputOutput"])
        let journal = try world.journal()
        #expect(try await journal.operations(limit: 10).count == 1)
        try await journal.begin(Sample.operation())
        guard case .intact = try await journal.verifyChain() else {
            Issue.record("the chain is broken")
            return
        }
    }

    @Test(
        "a full disk is an error of its own, loses nothing, and is over when there is room",
        .enabled(if: geteuid() == 0, "only root may mount the small disk")
    )
    func fullDisk() async throws {
        let world = World()
        try #require(mount("tmpfs", world.directory, "tmpfs", 0, "size=512k") == 0, "errno \(errno)")
        defer { umount2(world.directory, Int32(MNT_DETACH)) }
        try world.write([UInt8](repeating: 1, count: 128 << 10), to: "ballast")
        let journal = try world.journal()
        var written: [OperationID] = []
        let error = await #expect(throws: JournalError.self) {
            for _ in 0..<10_000 {
                let record = Sample.operation()
                try await journal.begin(record)
                written.append(record.id)
            }
        }
        #expect(error?.code == .noSpace)
        #expect(error?.guardError().code == .noSpace)
        #expect(try await journal.operations(limit: 10_000).map(\.id) == written.reversed())

        try Directory.unlink(world.directory + "/ballast")
        try await journal.begin(Sample.operation())
        let head = try #require(try await journal.latestEvents(limit: 1).first).hash
        let verdict = ChainVerdict.intact(events: Int64(written.count) + 1, head: head)
        #expect(try await journal.verifyChain() == verdict)
    }

    /// Every acknowledged write is in `journal`; of the last operation one more may be, whose acknowledgement was on
    /// its way.
    private func check(acknowledged lines: [String], in journal: Journal) async throws {
        var acknowledged: [OperationID: Int] = [:]
        for line in lines {
            let words = line.split(separator: " ")
            try #require(words.count == 2)
            let id = try #require(OperationID(String(words[0])))
            acknowledged[id] = Int(words[1])
        }
        for (id, count) in acknowledged {
            let record = try #require(try await journal.operation(id), "\(id) was acknowledged and is not there")
            #expect((count...count + 1).contains(writes(of: record)))
        }
        guard case .intact = try await journal.verifyChain() else {
            Issue.record("the chain is broken")
            return
        }
    }

    /// How many of the helper's writes `record` shows: its beginning, three steps, its settlement.
    private func writes(of record: OperationRecord) -> Int {
        1 + record.steps.count + (record.state == .settled ? 1 : 0)
    }
}
