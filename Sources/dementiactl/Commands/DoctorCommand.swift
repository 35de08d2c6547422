// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Doctor
internal import Glibc
internal import GuardCore
internal import LinuxKit

/// `dementiactl doctor`
struct DoctorCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what is wrong, each with what mends it. Asked again, what was mended is gone.",
        discussion: "Works without a daemon, too: then it says why there is none.")

    @OptionGroup var findings: ExitCodeOption
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let home = Console.variable("HOME") ?? (try? Accounts.user(geteuid()))?.home ?? "/"
        var diagnoses = [any Check](
            TemporaryMemory.found(environment: Console.variable, home: home)
        ).diagnoses
        do throws(GuardError) {
            let daemon = try await session.client.status().version
            diagnoses +=
                VersionCheck(
                    client: ProductVersion.current, daemon: daemon,
                    unit: UnitProbe(home).answering(at: session.client.socket)
                ).diagnoses
            diagnoses += try await session.client.diagnostics()
        } catch {
            // Why it cannot be asked is what was asked for; an answer that says no is passed on.
            guard [.notReachable, .permissionDenied, .timedOut].contains(error.code) else { throw error }
            diagnoses += UnitProbe(home).check(error, session.client.socket).diagnoses
        }
        let items = diagnoses.inReadingOrder
        try session.show("findings", ItemList(items)) { CommandText.diagnoses(items, $0) }
        return findings.exitCode && !items.isEmpty ? .findings : .done
    }
}

/// Asks the service managers about our units.
struct UnitProbe {
    private let configuration: String

    /// - Parameter home: the user's home
    init(_ home: String) {
        let folder = Console.variable("XDG_CONFIG_HOME")
        configuration = folder.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.config"
    }

    /// The unit whose socket was found by itself.
    func answering(at socket: ControlSocket) -> ServiceUnit? {
        switch socket.chosen.origin {
        case .system: system
        case .user: user
        case .flag, .environment: nil
        }
    }

    /// Why asking at `socket` ended with `error`.
    func check(_ error: GuardError, _ socket: ControlSocket) -> ReachCheck {
        let isNamed = [.flag, .environment].contains(socket.chosen.origin)
        let uid = (try? FileStatus(ofLink: socket.path))?.uid
        let states = isNamed ? [] : [system, user].compactMap(\.self).compactMap(state)
        // The one that somebody set up is meant, the system's first; and where nobody did, the one that needs no administrator.
        let units = states.filter(\.isSetUp) + states.reversed().filter { !$0.isSetUp }
        return ReachCheck(
            error, socket: socket.path, isNamed: isNamed, units: units,
            owner: uid.flatMap { $0 == geteuid() ? nil : Accounts.shownName($0) })
    }

    private var system: ServiceUnit? {
        (try? Accounts.user(geteuid())).map { ServiceUnit(.system(user: $0.name)) }
    }
    private var user: ServiceUnit { ServiceUnit(.user(configuration: configuration)) }

    /// nil where the manager does not answer.
    private func state(of unit: ServiceUnit) -> ReachCheck.UnitState? {
        var line = ["systemctl"]
        if case .user = unit.manager { line.append("--user") }
        line += ["show", "--property=" + ReachCheck.UnitState.properties, unit.service]
        let names = ["PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"]
        let environment = names.reduce(into: ["LC_ALL": "C"]) { $0[$1] = Console.variable($1) }
        let answer = try? ChildProcess.output(of: line, environment: environment, timeout: .seconds(5))
        guard let answer, answer.ending == .exited(0) else { return nil }
        return ReachCheck.UnitState(unit, show: String(decoding: answer.output, as: UTF8.self))
    }
}
