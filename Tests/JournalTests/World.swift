// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import Journal
import LinuxKit
import Synchronization

/// A private directory with a place for a journal, and a clock that is moved by hand.
final class World: Sendable {
    let directory: String
    let clock = ManualClock()

    var path: String { directory + "/journal.db" }

    init() {
        var template = Array("/tmp/journal-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("no temporary directory: errno \(errno)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // Best effort: what a test leaves behind in /tmp harms nobody.
        try? Directory.removeTree(directory)
    }

    /// Puts `content` into a new file `name` in place of what is there.
    func write(_ content: [UInt8], to name: String) throws {
        let path = directory + "/" + name
        if try FileStatus.ifPresent(path) != nil { try Directory.unlink(path) }
        let file = try OpenFile.creating(path)
        try content.withUnsafeBytes { try file.write($0) }
    }

    /// Opens the journal, which keeps the directory alive.
    func journal(observer: WriteObserver? = nil) throws -> Journal {
        try Journal(path: path, clock: { [self] in clock.now }, observer: observer)
    }
}

/// Time that stands still until somebody moves it.
final class ManualClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_762_689_662_345)

    var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }

    func advance(by seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
}

/// Names and records that tests speak of.
enum Sample {
    static let shop = StoreLocation(engine: .sqlite, name: "/srv/shop/.claude-memory.db")
    static let blog = StoreLocation(engine: .postgres, name: "db.example.org:5432/memory#blog")
    static let backup = BackupID(sequence: 42, root: "9f3c1a77b2e0")

    static func operation(
        _ kind: OperationKind = .migrate,
        on store: StoreID? = shop.id,
        id: OperationID? = nil,
        attempt: String? = nil
    ) -> OperationRecord {
        var generator = SystemRandomNumberGenerator()
        return OperationRecord(
            id: id ?? OperationID(milliseconds: 1_762_689_662_345, using: &generator),
            kind: kind,
            store: store,
            state: .queued,
            trigger: "schedule",
            actor: .init(uid: 1000),
            startedAt: Timestamp(milliseconds: 1_762_689_662_345),
            attempt: attempt
        )
    }
}
