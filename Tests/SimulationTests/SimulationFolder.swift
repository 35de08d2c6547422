// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport

/// The state directory of a simulation and the folder of its release: in memory where the machine has a place for that, since thousands of
/// worlds are made.
final class SimulationFolder {
    let path: String
    /// The version that the installed release needs; nil without one.
    private(set) var wanted: Int?

    init() throws {
        let isInMemory = access("/dev/shm", W_OK) == 0
        var template = Array(
            "\(isInMemory ? "/dev/shm" : TemporaryFolder.parent)/dementiad-simulation-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemCallError(call: "mkdtemp", errno: errno, path: nil) }
        path = String(cString: made)
        for name in ["scratch", "release"] { try Directory.create("\(path)/\(name)") }
    }

    deinit {
        // Best effort: what stays is in the system's folder for such things.
        try? Directory.removeTree(path)
    }

    var releases: String { path + "/release" }

    /// Unpacks the release that needs `version` of the schema; none for 3 and 4, so that the newest known version is wanted.
    func install(_ version: Int) throws {
        for name in try Directory.entries(releases) { try Directory.unlink("\(releases)/\(name)") }
        wanted = version < 3 ? version : nil
        guard version < 3 else { return }
        let markers =
            ["CREATE TABLE IF NOT EXISTS context_locks (id INTEGER, label TEXT)"]
            + (version == 2 ? ["ALTER TABLE context_locks ADD COLUMN preview TEXT"] : [])
        let server = markers.map { "    conn.execute(\"\($0)\")" }.joined(separator: "\n")
        try write(Array(server.utf8), to: "\(releases)/claude_mcp_hybrid.py")
        try write(Array("# Claude Dementia v4.\(version - 1).0\n".utf8), to: "\(releases)/README.md")
    }
}
