// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit
internal import Synchronization

/// Stands between a store and its server, and cuts the connection at a COMMIT.
public final class Proxy: Sendable {
    private let folder: TemporaryFolder
    private let tool: Mutex<Tool>
    private let port: Int

    /// Whether there is something to run it with.
    public static let isPossible = access("/usr/bin/python3", X_OK) == 0

    /// - Parameter cutsAfter: whether the server still gets the COMMIT, and only its answer is lost
    public init(before server: PostgresServer, cutsAfter: Bool) throws {
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

    /// The URL of `database` through it.
    public func url(of database: PostgresDatabase) -> String {
        "postgresql:///\(database.name)?host=\(folder.path)&port=\(port)&user=postgres"
    }

    /// The next COMMIT is the one.
    public func arm() throws { _ = try Tool.run(["touch", folder.file("armed")]) }

    /// Whether no COMMIT came yet.
    public var isArmed: Bool { access(folder.file("armed"), F_OK) == 0 }

    /// Ends it.
    public func stop() { tool.withLock { $0.kill() } }

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
