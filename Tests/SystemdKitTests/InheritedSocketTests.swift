// SPDX-License-Identifier: MIT

import TestSupport
import Testing

@Suite("Sockets from the service manager")
struct InheritedSocketTests {
    /// Passes an open descriptor 3, and 4 when asked, as systemd would; `environment` is the rest of it.
    private func take(_ environment: String, also: String = "") throws -> Tool.Result {
        let script = "exec 3</dev/null \(also); \(environment) exec \"$0\" listen"
        return try Tool.run(["sh", "-c", script, Place.built("SystemdFixture")])
    }

    @Test("They are taken once, with their names, and no child gets them or the variables")
    func taken() throws {
        let result = try take("LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=control:other", also: "4</dev/null")
        #expect(result.output == "3 control true false\n4 other true false\nthen 0 []\n")
    }

    @Test("A socket of the manager's is one that listens")
    func realSocket() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("control.sock")
        let listener = """
            import os, socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.bind(sys.argv[1])
            s.listen(1)
            if s.fileno() != 3: os.dup2(s.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="control")
            os.execv(sys.argv[2], [sys.argv[2], "listen"])
            """
        let result = try Tool.run(["python3", "-c", listener, path, Place.built("SystemdFixture")])
        #expect(result.output == "3 control true true\nthen 0 []\n")
    }

    @Test("Without names they are unknown; those of another process are left alone")
    func others() throws {
        #expect(try take("LISTEN_PID=$$ LISTEN_FDS=1").output == "3 unknown true false\nthen 0 []\n")
        #expect(try take("LISTEN_PID=1 LISTEN_FDS=1").output == "then 0 []\n")
        #expect(try take("LISTEN_FDS=1").output == "then 0 []\n")
        #expect(try take("").output == "then 0 []\n")
    }

    @Test("Variables that contradict themselves are an error")
    func contradictions() throws {
        for environment in [
            "LISTEN_PID=$$ LISTEN_FDS=many", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a:b",
            "LISTEN_PID=$$ LISTEN_FDS=-1",
        ] {
            let result = try take(environment)
            #expect(result.status == 1, "\(environment): \(result.output)")
            #expect(result.output == "sd_listen_fds_with_names: Invalid argument\n")
        }
        #expect(
            try take("LISTEN_PID=$$ LISTEN_FDS=200").output == "sd_listen_fds_with_names: Bad file descriptor\n")
    }
}
