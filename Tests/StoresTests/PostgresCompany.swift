// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import PostgresKit
import Synchronization
import TestSupport

/// Does one thing again and again on a thread of its own, until it is told to stop.
final class Repeated: Sendable {
    private struct State {
        var isStopping = false
        var isDone = false
        var count = 0
        var failures: [String] = []
    }

    private let state = Mutex(State())

    /// Begins, and waits until it was done once.
    init(_ body: @escaping @Sendable () throws -> Void) throws {
        try body()
        Thread { [self] in
            while !state.withLock({ $0.isStopping }) {
                do {
                    try body()
                    state.withLock { $0.count += 1 }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                }
            }
            state.withLock { $0.isDone = true }
        }.start()
    }

    /// Ends it, and gives how often it was done, and what went wrong.
    func stop() -> (count: Int, failures: [String]) {
        state.withLock { $0.isStopping = true }
        while !state.withLock({ $0.isDone }) { sched_yield() }
        return state.withLock { ($0.count, $0.failures) }
    }
}

/// Somebody who reads `context_locks` again and again, and notes how long he had to wait.
final class Reader: Sendable {
    private let repeated: Repeated
    private let stalls: Stalls

    private final class Stalls: Sendable {
        let list = Mutex<[Duration]>([])
    }

    init(of url: String) throws {
        let stalls = Stalls()
        self.stalls = stalls
        let target = try ConnectionTarget(url + "&application_name=reader")
        repeated = try Repeated {
            let connection = try Connection(target)
            for _ in 0..<50 {
                let clock = ContinuousClock()
                let start = clock.now
                try connection.execute("SELECT count(*) FROM innkeeper.context_locks")
                let stall = clock.now - start
                // Whoever waits for a lock waits for longer.
                if stall > .milliseconds(250) { stalls.list.withLock { $0.append(stall) } }
            }
        }
    }

    /// Ends it, and gives the longest wait; nil when there was none worth noting.
    func stop() -> Duration? {
        _ = repeated.stop()
        return stalls.list.withLock { $0.max() }
    }
}

/// Stands between a store and its server, and cuts the connection at a COMMIT.
final class Proxy: Sendable {
    private let folder: TemporaryFolder
    private let tool: Mutex<Tool>
    private let port: Int

    /// Whether there is something to run it with.
    static let isPossible = access("/usr/bin/python3", X_OK) == 0

    /// - Parameter cutsAfter: whether the server still gets the COMMIT, and only its answer is lost
    init(before server: PostgresServer, cutsAfter: Bool) throws {
        folder = try TemporaryFolder()
        port = server.port
        let name = ".s.PGSQL.\(server.port)"
        let started = try Tool([
            "/usr/bin/python3", "-c", Self.script, folder.file(name), "\(server.socketFolder)/\(name)",
            folder.file("armed"), cutsAfter ? "after" : "before",
        ])
        _ = started.line()
        tool = Mutex(started)
    }

    func url(of database: PostgresDatabase) -> String {
        "postgresql:///\(database.name)?host=\(folder.path)&port=\(port)&user=postgres"
    }

    /// The next COMMIT is the one.
    func arm() throws { _ = try Tool.run(["touch", folder.file("armed")]) }

    var isArmed: Bool { access(folder.file("armed"), F_OK) == 0 }

    func stop() { tool.withLock { $0.kill() } }

    private static let script = """
        import os, socket, sys, threading
        here, there, armed, mode = sys.argv[1:]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(here)
        listener.listen()
        print("ready", flush=True)

        def pump(source, target, lost):
            while True:
                data = source.recv(65536)
                if not data: break
                if not lost.is_set(): target.sendall(data)
                else: break
            for end in (source, target):
                try: end.shutdown(socket.SHUT_RDWR)
                except OSError: pass

        def serve(client):
            server = socket.socket(socket.AF_UNIX)
            server.connect(there)
            lost = threading.Event()
            threading.Thread(target=pump, args=(server, client, lost), daemon=True).start()
            while True:
                data = client.recv(65536)
                if not data: break
                if b"COMMIT\\0" in data and os.path.exists(armed):
                    os.unlink(armed)
                    lost.set()
                    if mode == "after": server.sendall(data)
                    else:
                        server.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)
            server.close()

        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()
        """
}
