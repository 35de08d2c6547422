// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// The journal's socket has one place on a machine. In a mount namespace of its own a test may put another there.
@Suite("Records on their way into the journal")
struct JournalRecordTests {
    static var canUnshare: Bool {
        (try? Tool.run(["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/run"]))?.status == 0
    }

    /// Stands where the journal would, runs the fixture with the words, and shows what came: as the datagram's bytes, or as the length
    /// and the end of the file that it passed in place of them.
    private static let journal = """
        import os, socket, subprocess, sys
        os.makedirs("/run/systemd/journal")
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.bind("/run/systemd/journal/socket")
        status = subprocess.run(sys.argv[1:]).returncode
        journal.settimeout(240)
        data, passed, _, _ = socket.recv_fds(journal, 1 << 20, 1)
        for file in passed: data = b"file " + os.pread(file, 1 << 24, 0)
        print(status, len(data), ascii(data[:300]))
        """

    private func send(_ fields: String...) throws -> Tool.Result {
        let script = "mount -t tmpfs none /run && exec python3 -c \"$0\" \"$@\""
        return try Tool.run(
            ["unshare", "--mount", "--map-root-user", "sh", "-c", script, Self.journal]
                + [Place.built("SystemdFixture"), "journal"] + fields)
    }

    @Test(
        "Each field is a line; a value of several lines is counted, and cannot be another field",
        .enabled(if: canUnshare, "needs the right to make a mount namespace"))
    func framing() throws {
        let result = try send("MESSAGE=one", "DEMENTIA_NOTE=two\nPRIORITY=0", "SYSLOG_IDENTIFIER=dementiad", "EMPTY=")
        let framed =
            #"MESSAGE=one\nDEMENTIA_NOTE\n\x0e\x00\x00\x00\x00\x00\x00\x00two\nPRIORITY=0\n"#
            + #"SYSLOG_IDENTIFIER=dementiad\nEMPTY=\n"#
        #expect(result.output == "0 84 b'\(framed)'\n")
    }

    @Test(
        "A record that no datagram holds arrives whole, as a file",
        .enabled(if: canUnshare, "needs the right to make a mount namespace"))
    func large() throws {
        let result = try send("MESSAGE*5000000")
        #expect(result.output.hasPrefix("0 5000"), "\(result.output.prefix(200))")
        #expect(result.output.contains("b'file MESSAGE=xxx"))
    }

    @Test("Without a journal nothing happens", .enabled(if: canUnshare, "needs the right to make a mount namespace"))
    func noJournal() throws {
        let script = "mount -t tmpfs none /run && exec \"$0\" journal MESSAGE=lost"
        let result = try Tool.run([
            "unshare", "--mount", "--map-root-user", "sh", "-c", script, Place.built("SystemdFixture"),
        ])
        #expect(result.status == 0 && result.output == "")
    }
}
