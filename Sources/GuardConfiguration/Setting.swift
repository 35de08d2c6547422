// SPDX-License-Identifier: MIT

/// One setting: its name, what it takes, its default and its meaning.
///
/// ``all`` is the only list of settings there is. Parsing, environment variables, origins, the commented
/// `etc/dementiad.yaml` and the manual page are made from it.
public struct Setting: Sendable {
    /// Its name.
    public let key: SettingKey
    /// What it takes, as in `a duration such as 1.5s, 30s, 15m, 24h or 7d`.
    public let expectation: String
    /// What it is for: sentences for the user.
    public let documentation: String
    /// The default as YAML on one line.
    public let defaultText: String
    /// How the items of a list are separated in its environment variable; nil when it takes a single value.
    public let separator: Character?

    /// Reads a value into settings, or tells the reader what is wrong with it and leaves them as they are.
    let apply: @Sendable (ConfigNode, inout Reader, inout Settings) -> Void
    /// The value in settings as YAML on one line, without secrets.
    let text: @Sendable (Settings) -> String

    init<Value>(
        _ key: SettingKey,
        _ property: any WritableKeyPath<Settings, Value> & Sendable,
        _ form: Form<Value>,
        _ documentation: String
    ) {
        self.key = key
        self.documentation = documentation
        expectation = form.expectation
        separator = form.separator
        apply = { written, reader, settings in
            reader.expectation = form.expectation
            if let value = form.read(written, &reader) { settings[keyPath: property] = value }
        }
        text = { form.write($0[keyPath: property]) }
        defaultText = form.write(Settings(home: "~")[keyPath: property])
    }

    /// The setting of that name.
    static func named(_ key: SettingKey) -> Setting? { all.first { $0.key == key } }
}
