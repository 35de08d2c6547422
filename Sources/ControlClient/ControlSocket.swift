// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit

/// Where the daemon's socket is, and who said so.
public struct ControlSocket: Sendable, Equatable {
    /// Who named the place.
    public enum Origin: String, Sendable, Codable {
        case flag = "--socket"
        case environment = "$DEMENTIAD_SOCKET"
        /// A daemon of the system manager, for this user.
        case system = "system service"
        /// A daemon of the user's own manager.
        case user = "user service"
    }

    /// A place that was looked at.
    public struct Candidate: Sendable, Equatable {
        public let path: String
        public let origin: Origin
    }

    /// The places in the order in which they were looked at.
    public let candidates: [Candidate]
    /// The one that is used.
    public let chosen: Candidate

    /// The path of the one that is used.
    public var path: String { chosen.path }

    /// Looks in the order that the manual promises: what was said explicitly is used whether it is there or not, of the two standard
    /// places the first that is there.
    ///
    /// - Parameters:
    ///   - flag: the value of `--socket`
    ///   - environment: reads a variable
    ///   - userName: the name of the effective user, when it has one
    ///   - uid: the effective user
    ///   - exists: whether there is something at a path; a place that may not be looked at counts
    public static func find(
        flag: String?, environment: (String) -> String?, userName: String?, uid: UInt32, exists: (String) -> Bool
    ) -> ControlSocket {
        if let flag { return ControlSocket(only: Candidate(path: flag, origin: .flag)) }
        if let path = environment("DEMENTIAD_SOCKET"), !path.isEmpty {
            return ControlSocket(only: Candidate(path: path, origin: .environment))
        }
        let runtime = environment("XDG_RUNTIME_DIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/run/user/\(uid)"
        let user = Candidate(path: "\(runtime)/dementiad/control.sock", origin: .user)
        let system = userName.map { Candidate(path: "/run/dementiad/\($0)/control.sock", origin: .system) }
        let candidates = [system, user].compactMap { $0 }
        return ControlSocket(
            candidates: candidates, chosen: candidates.first { exists($0.path) } ?? user)
    }

    /// Looks on this machine.
    public static func find(flag: String?) -> ControlSocket {
        let uid = geteuid()
        return find(
            flag: flag,
            environment: { name in getenv(name).map { String(cString: $0) } },
            userName: (try? Accounts.user(uid))?.name,
            uid: uid,
            exists: { path in
                var status = stat()
                return lstat(path, &status) == 0 || errno == EACCES
            })
    }

    private init(only candidate: Candidate) {
        candidates = [candidate]
        chosen = candidate
    }

    private init(candidates: [Candidate], chosen: Candidate) {
        self.candidates = candidates
        self.chosen = chosen
    }
}
