// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Glibc
internal import GuardCore

/// `dementiactl config`
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the configuration in force, or check a new one.",
        subcommands: [Show.self, Check.self], defaultSubcommand: Show.self)

    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show every setting in force.")

        @Flag(help: "Show the file, variable or flag that each value comes from.")
        var origin = false
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let config = try await session.client.configuration()
            try session.show("config", config) { CommandText.configuration(config, withOrigin: origin, $0) }
            return .done
        }
    }

    struct Check: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a configuration and report every fault in it. Needs no daemon.")

        @Argument(help: "The file; the standard ones when it is not given.", completion: .file(extensions: ["yaml"]))
        var file: String?
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            // One program reads YAML, and it is the one that will go by it.
            let program = Self.program()
            let arguments = [program, "config-check"] + (file.map { [$0] } ?? []) + (global.json ? ["--json"] : [])
            var list = arguments.map { strdup($0) } + [nil]
            execvp(program, &list)
            let reason = String(cString: strerror(errno))
            for text in list { free(text) }
            throw GuardError(
                .notFound, "dementiad, which reads the configuration, cannot be run: \(program): \(reason)",
                hint: "Install it beside dementiactl, or put it on PATH.")
        }

        /// The `dementiad` beside this program, or the one on PATH.
        private static func program() -> String {
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
            guard count > 0 else { return "dementiad" }
            let own = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
            let sibling = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/dementiad"
            return access(sibling, X_OK) == 0 ? sibling : "dementiad"
        }
    }
}

/// `dementiactl daemon`
struct DaemonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "Reload the configuration of the daemon, or show its version.",
        subcommands: [Reload.self, VersionCommand.self])

    struct Reload: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Read the configuration again. A configuration with faults is refused, and the old one stays in force.")

        @Flag(help: "Wait until the new configuration is in force, as it always does.")
        var wait = false
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let reload = try await session.client.reloadConfiguration()
            try session.show("configReload", reload) { _ in
                reload.changed.isEmpty
                    ? "The configuration was read again; nothing changed."
                    : "The new configuration is in force. Changed: \(reload.changed.joined(separator: ", "))"
            }
            return .done
        }
    }
}

/// `dementiactl releases`
struct ReleasesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "List the installed releases of Dementia, and the schema of each version.",
        subcommands: [List.self],
        defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the installed releases, and the schema of each version of Dementia.")

        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let releases = try await session.client.releases()
            try session.show("releases", ItemList(releases)) { CommandText.releases(releases, $0) }
            return .done
        }
    }
}
