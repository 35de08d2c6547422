// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Why no daemon answers, seen by the command that asked.
public struct ReachCheck: Check {
    /// What a service manager says of a unit of ours.
    public struct UnitState: Sendable, Equatable {
        let unit: ServiceUnit
        let isLoaded: Bool
        let isEnabled: Bool
        let activity: String
        let exitStatus: Int?

        /// - Parameters:
        ///   - unit: whose state it is
        ///   - isLoaded: whether the manager knows it
        ///   - isEnabled: whether it is started by itself
        ///   - activity: as in `ActiveState`: `active`, `inactive`, `failed`, …
        ///   - exitStatus: how its main process ended last
        public init(unit: ServiceUnit, isLoaded: Bool, isEnabled: Bool, activity: String, exitStatus: Int? = nil) {
            self.unit = unit
            self.isLoaded = isLoaded
            self.isEnabled = isEnabled
            self.activity = activity
            self.exitStatus = exitStatus
        }

        /// Reads the lines `Name=value` that `systemctl show` prints.
        public init(_ unit: ServiceUnit, show: String) {
            var values: [Substring: Substring] = [:]
            for line in show.split(separator: "\n") {
                guard let equals = line.firstIndex(of: "=") else { continue }
                values[line[..<equals]] = line[line.index(after: equals)...]
            }
            self.init(
                unit: unit, isLoaded: values["LoadState"] == "loaded",
                isEnabled: values["UnitFileState"]?.hasPrefix("enabled") ?? false,
                activity: String(values["ActiveState"] ?? "inactive"),
                exitStatus: values["ExecMainStatus"].flatMap { Int($0) })
        }

        /// Whether somebody enabled or started it, and not only its template is there.
        public var isSetUp: Bool { isLoaded && (isEnabled || activity != "inactive") }

        /// What `systemctl show` is to be asked for.
        public static let properties = "LoadState,UnitFileState,ActiveState,ExecMainStatus"
    }

    private let failure: Problem
    private let socket: String
    private let isNamed: Bool
    private let units: [UnitState]
    private let owner: String?

    /// - Parameters:
    ///   - failure: what asking ended with
    ///   - socket: where was asked
    ///   - isNamed: whether somebody named that socket, so that it need not be a service's
    ///   - units: what the managers say, the one to be preferred first
    ///   - owner: whose the socket is; nil when it is this user's or nobody's
    public init(_ failure: GuardError, socket: String, isNamed: Bool, units: [UnitState], owner: String?) {
        self.failure = Problem(failure)
        self.socket = socket
        self.isNamed = isNamed
        self.units = units
        self.owner = owner
    }

    public var diagnoses: [Diagnosis] { [diagnosis] }

    private var diagnosis: Diagnosis {
        if failure.code == .permissionDenied { return notPermitted }
        // Somebody runs a daemon by hand there.
        if isNamed { return failure.code == .notReachable ? byHand(.daemonUnreachable) : unreachable }
        guard let state = units.first(where: \.isLoaded) else { return byHand(.daemonNotInstalled) }
        let unit = state.unit
        let parts = "\(ShellText.word(unit.name + ".socket")) \(ShellText.word(unit.service))"
        if state.activity == "failed" { return failed(state, parts) }
        guard ["active", "activating", "reloading"].contains(state.activity) else {
            return Diagnosis(
                .daemonStopped, .failure,
                state.isEnabled
                    ? "\(unit.service) is enabled and does not run: nothing is guarded."
                    : "\(unit.service) is installed and not enabled: nothing is guarded.",
                remedy: .init(
                    state.isEnabled ? "Start it." : "Enable and start it.",
                    command: state.isEnabled
                        ? "\(unit.systemctl) start \(parts)" : "\(unit.systemctl) enable --now \(parts)"))
        }
        return Diagnosis(
            .daemonUnreachable, .failure, "\(unit.service) runs, and does not answer at \(socket): \(failure.detail).",
            remedy: .init(
                "Start it again, together with its socket. What it says: \(unit.journalctl) -n 50.",
                command: "\(unit.systemctl) stop \(parts); \(unit.systemctl) start \(parts)"))
    }

    private func failed(_ state: UnitState, _ parts: String) -> Diagnosis {
        let unit = state.unit
        let isConfiguration = state.exitStatus == 78
        return Diagnosis(
            .daemonFailed, .failure,
            "\(unit.service) has failed" + (state.exitStatus.map { " with status \($0)" } ?? "")
                + ": nothing is guarded."
                + (isConfiguration ? " Its configuration is refused: dementiactl config check says why." : ""),
            remedy: .init(
                isConfiguration
                    ? "Mend the configuration, and start it."
                    : "Look at what it says, \(unit.journalctl) -n 50, and start it.",
                command: "\(unit.systemctl) reset-failed \(parts); \(unit.systemctl) start \(parts)"))
    }

    private func byHand(_ code: DiagnosisCode) -> Diagnosis {
        let path = ShellText.word(socket)
        return Diagnosis(
            code, .failure, "No daemon answers at \(socket): nothing is guarded.",
            remedy: .init(
                code == .daemonNotInstalled
                    ? "Its service is not installed: make install. Until then it runs as long as this command does."
                    : "Start one there; it runs as long as this command does.",
                command: "dementiad serve --socket \(path)"))
    }

    private var notPermitted: Diagnosis {
        Diagnosis(
            .socketNotPermitted, .failure,
            "This user may not use the control socket \(socket)" + (owner.map { ", which is \($0)'s." } ?? "."),
            remedy: .init(
                "Only the user whose memories are guarded and root may"
                    + (owner.map { ": sudo -u \($0) dementiactl doctor --socket \(socket)." } ?? ".")))
    }

    private var unreachable: Diagnosis {
        Diagnosis(
            .daemonUnreachable, .failure, "The daemon at \(socket) cannot be asked: \(failure.detail).",
            remedy: failure.hint.map { .init($0) })
    }
}

/// A command and a daemon that are not of one version: after an upgrade, until the daemon is started again.
public struct VersionCheck: Check {
    private let client: String
    private let daemon: String
    private let unit: ServiceUnit?

    /// - Parameters:
    ///   - client: the command's version
    ///   - daemon: the daemon's
    ///   - unit: whose socket it answers at; nil for one that somebody named
    public init(client: String, daemon: String, unit: ServiceUnit?) {
        self.client = client
        self.daemon = daemon
        self.unit = unit
    }

    public var diagnoses: [Diagnosis] {
        guard client != daemon else { return [] }
        return [
            Diagnosis(
                .versionMismatch, .degraded, "dementiactl is \(client), and the daemon that answers is \(daemon).",
                remedy: .init(
                    "Start the daemon again, which then is the installed one.",
                    command: unit.map { "\($0.systemctl) restart \(ShellText.word($0.service))" }))
        ]
    }
}
