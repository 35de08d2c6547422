// SPDX-License-Identifier: MIT

/// What a configuration is made from, the weakest first: files, environment, flags.
public struct ConfigurationSources: Sendable {
    /// Which files are read.
    public enum Files: Sendable, Equatable {
        /// `dementiad.yaml` in the system's folder, then `dementiad/dementiad.yaml` in the user's; either may be
        /// missing.
        case standard
        /// This file, which has to be there; `--config FILE`.
        case only(String)
    }

    /// A setting from the command line. It replaces what files and environment say, also when `values` is empty.
    public struct Flag: Sendable, Equatable {
        /// The setting.
        public let key: SettingKey
        /// How the user wrote it, as in `--watch`; for messages and origins.
        public let name: String
        /// One value, or the items of a list.
        public let values: [String]

        /// The flag `name` with what the user gave it.
        public init(_ key: SettingKey, name: String, values: [String]) {
            self.key = key
            self.name = name
            self.values = values
        }
    }

    /// Which files are read.
    public var files: Files
    /// Every environment variable of the process. `HOME` and `XDG_CONFIG_HOME` are used; each `DEMENTIAD_…` but
    /// `DEMENTIAD_SOCKET`, which belongs to the client, and the two that check commands get, has to be a setting.
    public var environment: [String: String]
    /// What the command line says.
    public var flags: [Flag]
    /// The file that `--postgres-file` names: a connection a line, added to those of the flags.
    public var connectionFile: String?
    /// Where relative paths of flags and environment variables begin: an absolute path.
    public var workingDirectory: String
    /// The system's folder of configuration.
    public var systemFolder: String

    /// Sources for one load.
    ///
    /// - Parameters:
    ///   - files: which files are read
    ///   - environment: every environment variable of the process
    ///   - flags: what the command line says
    ///   - connectionFile: the file that `--postgres-file` names
    ///   - workingDirectory: where relative paths of flags and environment variables begin, an absolute path
    ///   - systemFolder: the system's folder of configuration
    public init(
        files: Files = .standard,
        environment: [String: String],
        flags: [Flag] = [],
        connectionFile: String? = nil,
        workingDirectory: String,
        systemFolder: String = "/etc/dementiad"
    ) {
        self.files = files
        self.environment = environment
        self.flags = flags
        self.connectionFile = connectionFile
        self.workingDirectory = workingDirectory
        self.systemFolder = systemFolder
    }

    /// The user's home, when the environment names one.
    var home: String? { absolutePath("HOME").map { "/" + $0.split(separator: "/").joined(separator: "/") } }

    /// The files that may exist, in order; drop-ins follow each.
    var candidates: [String] {
        switch files {
        case .only(let path): return [path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"]
        case .standard:
            // A relative XDG path is to be ignored, says the XDG Base Directory Specification.
            let user = absolutePath("XDG_CONFIG_HOME") ?? home.map { "\($0)/.config" }
            return ([systemFolder] + (user.map { ["\($0)/dementiad"] } ?? [])).map { "\($0)/dementiad.yaml" }
        }
    }

    private func absolutePath(_ name: String) -> String? {
        environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
}
