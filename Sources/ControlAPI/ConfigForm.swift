// SPDX-License-Identifier: MIT

public import GuardCore

/// The configuration that is in force.
public struct ConfigForm: Codable, Sendable, Equatable {
    /// One setting.
    public struct Item: Codable, Sendable, Equatable {
        /// Its path in a file, such as `backup.keep.last`.
        public let key: String
        /// Its value as YAML on one line, without passwords.
        public let value: String
        /// Where the value comes from: a file with line and column, a variable, a flag, or `default`.
        public let origin: String

        public init(key: String, value: String, origin: String) {
            self.key = key
            self.value = value
            self.origin = origin
        }
    }

    /// Since when it is in force.
    public let loadedAt: Timestamp
    /// The files that were read, in order; later ones win.
    public let files: [String]
    /// Every setting, in the order of the manual.
    public let items: [Item]

    public init(loadedAt: Timestamp, files: [String], items: [Item]) {
        self.loadedAt = loadedAt
        self.files = files
        self.items = items
    }
}

/// What a reload changed.
public struct ConfigReloadForm: Codable, Sendable, Equatable {
    /// The settings whose values are others now.
    public let changed: [String]
    /// What is in force now.
    public let config: ConfigForm

    public init(changed: [String], config: ConfigForm) {
        self.changed = changed
        self.config = config
    }
}

/// A configuration that was looked at and not taken over.
public struct ConfigCheckForm: Codable, Sendable, Equatable {
    /// The files that were read, in order.
    public let files: [String]

    public init(files: [String]) {
        self.files = files
    }
}
