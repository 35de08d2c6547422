// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import SystemdKit
import TestSupport
import Testing

@Suite("The way into the journal")
struct JournalSocketTests {
    @Test("Field names are those that the journal stores")
    func names() {
        for name in ["MESSAGE", "A", "DEMENTIA_STORE", "X9_", String(repeating: "A", count: 64)] {
            #expect(JournalField(name, "x")?.name == name)
        }
        for name in ["", "_PID", "9X", "message", "A-B", "A B", "A=B", "Ä", "A\n", String(repeating: "A", count: 65)] {
            #expect(JournalField(name, "x") == nil, "\(name)")
        }
    }

    @Test("A descriptor leads to the journal when it is the stream that the manager connected")
    func stream() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        var status = stat()
        try #require(fstat(ends[1], &status) == 0)
        let stream = "\(status.st_dev):\(status.st_ino)"
        #expect(try JournalSocket.isJournal(descriptor: ends[1], stream: stream))
        #expect(try !JournalSocket.isJournal(descriptor: ends[1], stream: "\(status.st_dev):\(status.st_ino + 1)"))
        #expect(try !JournalSocket.isJournal(descriptor: ends[1], stream: "\(status.st_dev + 1):\(status.st_ino)"))
        for none in [nil, "", ":", "8", "8:", "a:b", stream + ":1", " " + stream, "-" + stream] {
            #expect(try !JournalSocket.isJournal(descriptor: ends[1], stream: none), "\(none ?? "nil")")
        }
        for end in ends { close(end) }
    }

    @Test("A closed descriptor leads nowhere")
    func closed() throws {
        #expect(try !JournalSocket.isJournal(descriptor: -1, stream: "1:2"))
    }

    @Test("A record without fields is refused")
    func empty() {
        #expect(throws: SystemCallError(call: "sd_journal_sendv", errno: EINVAL)) { try JournalSocket.send([]) }
    }
}
