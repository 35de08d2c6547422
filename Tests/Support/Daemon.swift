// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit

/// The built `dementiad`, run as a user would, with standard output and standard error apart.
public struct Daemon {
    /// What a run gave.
    public struct Result: Sendable {
        /// Its exit status, or minus the number of the signal that ended it.
        public let status: Int32
        public let output: String
        public let errors: String
    }

    private let folder: TemporaryFolder
    private let arguments: [String]
    private let errors: String

    /// `dementiad` with `arguments`, which begin with the verb.
    ///
    /// - Parameters:
    ///   - configuration: YAML; no file of the machine is read
    ///   - environment: as for env(1), `NAME=value`
    ///   - user: as whom it runs, by id; only root can choose
    ///   - umask: its umask, where it is not the tests' own
    public init(
        _ arguments: [String], configuration: String = "backup: {minFree: 0}\n", environment: [String] = [],
        user: UInt32? = nil,
        umask: String? = nil
    ) throws {
        folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        errors = folder.file("errors")
        let file = folder.file("dementiad.yaml")
        try write(Array(configuration.utf8), to: file)
        var line = ["sh", "-c", (umask.map { "umask \($0); " } ?? "") + "exec \"$@\" 2>\"$0\"", errors]
        if let user { line += ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] }
        // Settings of whoever runs the tests, and of the tests, are none of the daemon's.
        line += ["env"] + Self.inheritedSettings().flatMap { ["-u", $0] } + environment
        line += [try Place.built("dementiad")] + arguments
        // Before the verb and after it: both are the user's choice, and a usage error must stay one.
        let isPlain = ["--config", "--version", "--help"].allSatisfy { !arguments.contains($0) }
        if isPlain { line += ["--config", file] }
        if isPlain, user == nil, geteuid() == 0, !arguments.contains("--no-allow-root") { line += ["--allow-root"] }
        self.arguments = line.filter { $0 != "--no-allow-root" }
    }

    private static func inheritedSettings() -> [String] {
        var names: [String] = []
        var next = environ
        while let entry = next.pointee {
            let name = String(cString: entry).prefix { $0 != "=" }
            if name.hasPrefix("DEMENTIAD_") { names.append(String(name)) }
            next += 1
        }
        return names
    }

    /// Starts it.
    public func start() throws -> Tool { try Tool(arguments) }

    /// Runs it to its end.
    public func run() throws -> Result { try finish(start()) }

    /// Waits for the end of `tool`, which ``start()`` gave.
    public func finish(_ tool: Tool) throws -> Result {
        let result = tool.finish()
        return Result(
            status: result.status, output: result.output,
            errors: String(decoding: try content(of: errors), as: UTF8.self))
    }
}
