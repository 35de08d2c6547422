// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit
internal import Synchronization

/// Something about a server of the tests that did not work, in its own words.
public struct ServerFailure: Error, CustomStringConvertible {
    public let description: String
}

/// A shell that starts one server in a folder of its own under `/tmp`, and ends both when its standard input does: when the tests close
/// it or die, of whatever. (`PR_SET_PDEATHSIG` would come when the thread that started the server ends, and those come and go.)
final class ServerKeeper: Sendable {
    /// A server that runs.
    struct Started {
        let pid: Int32
        let folder: String
    }

    private let tool: Mutex<Tool>

    /// Runs `script`, which sets up `$dir` and says how to `launch` (in the foreground) and whether it `answers`. It ends at the signal
    /// `ending` at once.
    ///
    /// Neither PostgreSQL nor PgBouncer runs as root: root gives them to the user `postgres`.
    init(_ script: String, arguments: [String], ending: String) throws {
        let started = try Tool(Self.command(script, arguments: arguments, ending: ending))
        tool = Mutex(started)
    }

    /// What runs as the keeper.
    static func command(_ script: String, arguments: [String], ending: String) -> [String] {
        let user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        // A session of its own: a signal to the tests' group must not end the shell before its work is done.
        let shell = ["setsid"] + (geteuid() == 0 ? user : []) + environment + ["sh", "-c"]
        return shell + [opening + script + loop(ending), "server-keeper"] + arguments
    }

    deinit {
        // Its standard input ends, and with it all that it keeps.
        tool.withLock { _ = $0.finish() }
    }

    /// Settings of whoever runs the tests are none of the server's, and none of its clients'.
    static let environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"]

    /// Starts the server, and waits until it answers.
    func start() throws -> Started {
        let answer = ask("start")
        let words = answer.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3, words[0] == "ready", let pid = Int32(words[1]) else {
            throw ServerFailure(description: answer)
        }
        return Started(pid: pid, folder: words[2])
    }

    /// Waits for the end of the server, which somebody else asked for.
    func wait() { _ = ask("wait") }

    private func ask(_ command: String) -> String {
        tool.withLock {
            $0.send(command + "\n")
            return $0.line() ?? "the server's keeper is gone"
        }
    }

    /// A port of the loopback that nobody listens on.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard result else { throw SystemCallError(call: "bind", errno: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static let opening = """
        dir=$(mktemp -d /tmp/dementiad-server-XXXXXX) || exit 1
        trap 'rm -rf "$dir"' EXIT
        # Sockets in it are for whoever a test runs programs as.
        chmod 711 "$dir"
        # The shell remarks on whatever dies of a signal.
        exec 2>"$dir/log"
        fail() { echo "$1: $(tail -n 5 "$dir/log" | tr '\\n' ' ')"; exit 1; }

        """

    private static func loop(_ ending: String) -> String {
        """

        start() {
            # After a crash the last children of the old server may still hold its shared memory.
            attempt=0
            while [ "$attempt" -lt 100 ]; do
                attempt=$((attempt + 1))
                launch "$@" </dev/null >&2 &
                server=$!
                polls=0
                while kill -0 "$server"; do
                    if answers; then echo "ready $server $dir"; return; fi
                    polls=$((polls + 1))
                    [ "$polls" -lt 10000 ] || { kill -9 "$server"; fail 'the server does not answer'; }
                    sleep 0.02
                done
                server=
                sleep 0.1
            done
            fail 'the server does not start'
        }
        server=
        while read -r command; do
            case $command in
            start) start "$@" ;;
            wait) if [ -n "$server" ]; then wait "$server"; fi; server=; echo ended ;;
            esac
        done
        if [ -n "$server" ]; then kill -s \(ending) "$server" && wait "$server"; fi
        """
    }
}
