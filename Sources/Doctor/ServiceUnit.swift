// SPDX-License-Identifier: MIT

internal import GuardCore

/// The unit that a daemon runs as, and how it is changed.
public struct ServiceUnit: Sendable, Equatable {
    /// Who runs it.
    public enum Manager: Sendable, Equatable {
        /// The system's, for the user of this name.
        case system(user: String)
        /// The user's own, whose units lie below this folder, such as `/home/ann/.config`.
        case user(configuration: String)
    }

    /// Who runs it.
    public let manager: Manager

    public init(_ manager: Manager) {
        self.manager = manager
    }

    /// The unit that a process is in, by what `/proc/self/cgroup` says: `0::/system.slice/…/dementiad@ann.service`. nil when it is in none
    /// of ours.
    public init?(cgroup: String, configuration: String) {
        for line in cgroup.split(separator: "\n") {
            guard let name = line.split(separator: "/").last else { continue }
            if name == "dementiad.service" {
                self.init(.user(configuration: configuration))
                return
            }
            if name.hasPrefix("dementiad@"), name.hasSuffix(".service") {
                self.init(.system(user: String(name.dropFirst("dementiad@".count).dropLast(".service".count))))
                return
            }
        }
        return nil
    }

    /// Its name without a suffix, such as `dementiad@ann`.
    public var name: String {
        switch manager {
        case .system(let user): "dementiad@\(user)"
        case .user: "dementiad"
        }
    }

    /// Its service, such as `dementiad@ann.service`.
    public var service: String { name + ".service" }

    /// How its manager is told something.
    public var systemctl: String {
        switch manager {
        case .system: "sudo systemctl"
        case .user: "systemctl --user"
        }
    }

    /// How its log is read.
    public var journalctl: String {
        switch manager {
        case .system: "sudo journalctl -u \(ShellText.word(service))"
        case .user: "journalctl --user -u \(service)"
        }
    }

    /// Has the manager read changed units, and the daemon start again by them.
    public var reread: String {
        "\(systemctl) daemon-reload && \(systemctl) restart \(ShellText.word(service))"
    }

    /// Where its drop-in called `topic` belongs.
    public func dropIn(_ topic: String) -> String {
        let folder =
            switch manager {
            case .system: "/etc/systemd/system"
            case .user(let configuration): "\(configuration)/systemd/user"
            }
        return "\(folder)/\(service).d/60-\(topic).conf"
    }

    /// `path` as a part of a file's name, so that each path has a drop-in of its own and takes no other's place.
    static func topic(_ path: String) -> String {
        let name = path.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ".": String(scalar)
            case "/": "-"
            default: "\\x" + String(scalar.value, radix: 16)
            }
        }.joined().drop { $0 == "-" }
        return "write-" + (name.isEmpty ? "root" : String(name))
    }
}
