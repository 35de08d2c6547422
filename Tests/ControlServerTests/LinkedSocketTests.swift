// SPDX-License-Identifier: MIT

import ControlServer
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import Testing

@Suite("A control socket behind a link")
struct LinkedSocketTests {
    @Test("A folder that is a link, or lies behind one, holds the socket as its target would")
    func linked() async throws {
        let folder = try Folder()
        try Directory.create(folder.path + "/run")
        try #require(symlink(folder.path + "/run", folder.path + "/link") == 0)
        for path in ["/link/control.sock", "/link/deep/control.sock"] {
            let socket = folder.path + path
            try await World.run(on: ListeningSocket(at: socket), at: socket) { _ in
                let answer = try await RunningProgram.run([
                    "curl", "-sS", "--unix-socket", socket, "http://localhost/v1/health",
                ])
                #expect(answer.status == 0 && answer.output.contains("checks"), "\(answer.errors)")
                #expect(try FileStatus(ofLink: socket).mode & 0o777 == 0o600)
            }
        }
    }
}
