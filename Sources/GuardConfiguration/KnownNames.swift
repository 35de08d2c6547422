// SPDX-License-Identifier: MIT

/// Which names there are, and which one somebody meant.
enum KnownNames {
    /// Whether these words name a section.
    static func isSection(_ words: [String]) -> Bool {
        SettingKey.allCases.contains { $0.words.count > words.count && $0.words.starts(with: words) }
    }

    /// The problem of a key `name` in `section` (empty: the file itself) that means nothing.
    static func unknown(_ name: String, in section: [String], at place: Place) -> ConfigurationProblem {
        let message = section.isEmpty ? "unknown key" : "unknown key in '\(section.joined(separator: "."))'"
        return ConfigurationProblem(
            place, "\(message): \(quoted(name))", suggestion: suggestion(for: name, in: section))
    }

    /// The problem of an environment variable that means nothing; its value is not looked at.
    static func unknown(variable: String) -> ConfigurationProblem {
        // Without the prefix, which all have in common and which would make everything look near.
        let prefix = "DEMENTIAD_"
        let names = SettingKey.allCases.map { String($0.environmentName.dropFirst(prefix.count)) }
        let nearest = Suggestion.nearest(to: String(variable.dropFirst(prefix.count)), among: names)
        return ConfigurationProblem(
            .environment(variable), "there is no such setting",
            suggestion: nearest.map { "did you mean '\(prefix)\($0)'?" })
    }

    private static func suggestion(for name: String, in section: [String]) -> String? {
        if name == "<<" { return "merge keys are not supported; write the keys out" }
        let inside = SettingKey.allCases.map(\.words).filter { $0.count > section.count && $0.starts(with: section) }
        let siblings = Set(inside.map { $0[section.count] }).sorted()
        if let nearest = Suggestion.nearest(to: name, among: siblings) { return "did you mean '\(nearest)'?" }

        // A key that belongs elsewhere, or one in the short form of the documentation.
        let paths = SettingKey.allCases.map(\.rawValue)
        let elsewhere = paths.filter { $0.hasSuffix(".\(name)") }
        if elsewhere.count == 1 { return "did you mean '\(elsewhere[0])'?" }
        let full = (section + [name]).joined(separator: ".")
        guard name.contains("."), let nearest = Suggestion.nearest(to: full, among: paths) else { return nil }
        let words = nearest.split(separator: ".")
        return "write the parts of '\(nearest)' as sections: " + words.dropLast().map { "\($0): {" }.joined()
            + "\(words.last ?? ""): ...\(String(repeating: "}", count: words.count - 1))"
    }
}
