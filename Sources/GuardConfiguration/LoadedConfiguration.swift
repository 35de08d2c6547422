// SPDX-License-Identifier: MIT

/// A configuration that was accepted, and where it comes from.
public struct LoadedConfiguration: Sendable, Equatable {
    /// One setting as a person sees it.
    public struct Entry: Sendable, Equatable {
        /// The setting.
        public let key: SettingKey
        /// Its value as YAML on one line, without passwords.
        public let text: String
        /// Where the value comes from.
        public let origin: Origin
    }

    /// The effective configuration.
    public let settings: Settings
    /// The files that were read, in order; later ones win.
    public let filesRead: [String]
    private let origins: [SettingKey: Place]

    init(settings: Settings, filesRead: [String], origins: [SettingKey: Place]) {
        self.settings = settings
        self.filesRead = filesRead
        self.origins = origins
    }

    /// Where the value of `key` comes from.
    public func origin(of key: SettingKey) -> Origin {
        origins[key].map(Origin.written) ?? .builtIn
    }

    /// Every setting with its value and origin, in the order of ``Setting/all``.
    public var entries: [Entry] {
        Setting.all.map { Entry(key: $0.key, text: $0.text(settings), origin: origin(of: $0.key)) }
    }
}
