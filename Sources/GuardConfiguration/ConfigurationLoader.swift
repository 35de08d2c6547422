// SPDX-License-Identifier: MIT

internal import GuardCore

/// Builds the effective configuration: defaults, then files, then environment, then flags. A later source replaces
/// the value of a setting as a whole, lists too.
public enum ConfigurationLoader {
    /// The configuration that `sources` give.
    ///
    /// Each file is followed by its drop-ins, `*.yaml` in the folder named like it with `.d` for `.yaml`, sorted by
    /// name.
    ///
    /// - Parameter sources: where to read from
    /// - Returns: the whole configuration
    /// - Throws: everything that is wrong with the sources, at once
    public static func load(_ sources: ConfigurationSources) throws(ConfigurationErrors) -> LoadedConfiguration {
        var load = Load(sources)
        load.readFiles()
        load.readEnvironment()
        load.readFlags()
        load.readConnectionFile()
        load.checkTogether()
        if let errors = ConfigurationErrors(load.problems, files: load.filesTried) { throw errors }
        return LoadedConfiguration(settings: load.settings, filesRead: load.filesRead, origins: load.origins)
    }
}

/// One load under way.
private struct Load {
    let sources: ConfigurationSources
    var settings: Settings
    var origins: [SettingKey: Place] = [:]
    var filesRead: [String] = []
    /// Files and folders in the order of reading, also those that could not be read: the order of the problems.
    var filesTried: [String] = []
    var problems: [ConfigurationProblem] = []

    init(_ sources: ConfigurationSources) {
        self.sources = sources
        settings = Settings(home: sources.home ?? "~")
    }

    // MARK: Files

    mutating func readFiles() {
        for path in sources.candidates {
            readFile(path, isRequired: sources.files != .standard)
            guard path.hasSuffix(".yaml") else { continue }
            let folder = String(path.dropLast(".yaml".count)) + ".d"
            do throws(FileFailure) {
                filesTried.append(folder)
                for name in try FileReading.names(in: folder) where !name.hasPrefix(".") {
                    readDropIn(name, in: folder)
                }
            } catch {
                report(error, of: folder, isRequired: false)
            }
        }
    }

    private mutating func readDropIn(_ name: String, in folder: String) {
        if name.hasSuffix(".yaml") {
            readFile("\(folder)/\(name)", isRequired: true)
        } else if name.hasSuffix(".yml") {
            // It was meant to be read; what else lies here (backups of editors and packages) was not.
            filesTried.append("\(folder)/\(name)")
            problems.append(
                .init(
                    .file("\(folder)/\(name)"), "a drop-in has to end in '.yaml'",
                    suggestion: "rename it to '\(name.dropLast("yml".count))yaml'"))
        }
    }

    private mutating func readFile(_ path: String, isRequired: Bool) {
        filesTried.append(path)
        do throws(FileFailure) {
            let file = try FileReading.text(at: path)
            filesRead.append(path)
            if let mode = file.openMode {
                // What stands in it decides which programs run as this user.
                problems.append(
                    .init(
                        .file(path), "everybody may write this file (mode \(mode))",
                        suggestion: "look at what it says, and make it writable for its owner only: chmod go-w"))
                return
            }
            let (content, found) = YAMLFile.read(file.text, name: path)
            problems += found
            guard let content, !content.isNull else { return }
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            apply(content, below: [], reader: reader(folder: "/\(folder)", exposedMode: file.exposedMode))
        } catch {
            report(error, of: path, isRequired: isRequired)
        }
    }

    private mutating func report(_ failure: FileFailure, of path: String, isRequired: Bool) {
        switch failure {
        case .missing where !isRequired: break
        case .missing: problems.append(.init(.file(path), "there is no such file"))
        case .unreadable(let reason): problems.append(.init(.file(path), reason))
        case .notText(let line):
            problems.append(.init(.position(file: path, line: line, column: 1), "this line is not UTF-8 text"))
        }
    }

    /// Applies a section of a file: every key in it is a setting or a section, or a problem.
    private mutating func apply(_ written: ConfigNode, below section: [String], reader: Reader) {
        guard case .section(let entries) = written.content else {
            let name = section.isEmpty ? "the file" : "'\(section.joined(separator: "."))'"
            problems.append(
                .init(written.place, "\(name) has to be a section of 'key: value' lines, found \(written.kind)"))
            return
        }
        for entry in entries {
            let words = section + [entry.name]
            if let key = SettingKey(rawValue: words.joined(separator: ".")), key.words == words {
                set(key, to: entry.value, from: entry.place, reader: reader)
            } else if KnownNames.isSection(words) {
                // All keys of a section may be commented out.
                if !entry.value.isNull { apply(entry.value, below: words, reader: reader) }
            } else {
                problems.append(KnownNames.unknown(entry.name, in: section, at: entry.place))
            }
        }
    }

    // MARK: Environment and flags

    /// The client's own, and what a check command is told: it may call dementiad or dementiactl in its turn.
    private static let notSettings: Set<String> = ["DEMENTIAD_SOCKET", "DEMENTIAD_STORE", "DEMENTIAD_PHASE"]

    mutating func readEnvironment() {
        let reader = reader(folder: sources.workingDirectory)
        for (name, value) in sources.environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("DEMENTIAD_") && !Self.notSettings.contains(name) {
            let place = Place.environment(name)
            guard let setting = Setting.all.first(where: { $0.key.environmentName == name }) else {
                problems.append(KnownNames.unknown(variable: name))
                continue
            }
            let items = setting.separator.map { separator in
                value.isEmpty
                    ? [] : value.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
            }
            set(setting.key, to: written(items, or: value, at: place), from: place, reader: reader)
        }
    }

    mutating func readFlags() {
        let reader = reader(folder: sources.workingDirectory)
        for flag in sources.flags {
            let place = Place.flag(flag.name)
            let isList = Setting.named(flag.key)?.separator != nil
            let value = written(isList ? flag.values : nil, or: flag.values.last ?? "", at: place)
            set(flag.key, to: value, from: place, reader: reader)
        }
    }

    /// Reads `--postgres-file`: a connection a line. `URL#SCHEMA` is one, so only a line that begins with `#` is a comment.
    mutating func readConnectionFile() {
        guard let path = sources.connectionFile else { return }
        let name = path.hasPrefix("/") ? path : "\(sources.workingDirectory)/\(path)"
        // Somebody may have given the URL where the file belongs.
        let shown = ConnectionText(name).holdsPassword ? quoted(name) : name
        let flag = Place.flag("--postgres-file")
        filesTried.append(name)
        let file: FileText
        do throws(FileFailure) {
            file = try FileReading.text(at: name)
        } catch {
            problems.append(.init(flag, "\(shown): \(error.sentence)"))
            return
        }
        if let mode = file.sharedMode {
            problems.append(
                .init(
                    flag, "others than its owner may read \(shown) (mode \(mode)), and it is for passwords",
                    suggestion: "make it readable for its owner only: chmod 600"))
            return
        }
        let named = sources.flags.contains { $0.key == .postgresConnections } ? settings.postgres.connections : []
        let list = ConfigNode(content: .list(Self.lines(of: file.text, in: name)), place: flag)
        set(.postgresConnections, to: list, from: flag, reader: reader(folder: sources.workingDirectory))
        settings.postgres.connections = named + settings.postgres.connections
    }

    private static func lines(of text: String, in file: String) -> [ConfigNode] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().compactMap {
            index, line in
            let start = line.drop(while: \.isWhitespace)
            let end = start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex
            guard start.startIndex < end, !start.hasPrefix("#") else { return nil }
            let column = 1 + line[..<start.startIndex].unicodeScalars.count
            return ConfigNode(
                content: .scalar(String(start[..<end]), isQuoted: true),
                place: .position(file: file, line: index + 1, column: column))
        }
    }

    /// Text from outside YAML: nobody quotes there.
    private func written(_ items: [String]?, or value: String, at place: Place) -> ConfigNode {
        func scalar(_ text: String) -> ConfigNode { ConfigNode(content: .scalar(text, isQuoted: false), place: place) }
        return items.map { ConfigNode(content: .list($0.map(scalar)), place: place) } ?? scalar(value)
    }

    // MARK: All sources

    private func reader(folder: String, exposedMode: String? = nil) -> Reader {
        Reader(home: sources.home, folder: folder, exposedMode: exposedMode)
    }

    private mutating func set(_ key: SettingKey, to value: ConfigNode, from place: Place, reader: Reader) {
        var reader = reader
        Setting.named(key)?.apply(value, &reader, &settings)
        problems += reader.problems
        origins[key] = place
    }

    /// Checks what no single value shows.
    mutating func checkTogether() {
        if origins[.discoverRoots] == nil, sources.home == nil {
            problems.append(
                .init(
                    .environment("HOME"), "is not set to an absolute path, and 'discover.roots' is not set either",
                    suggestion: "set one of the two"))
        }
        for entry in settings.migrate.contradictions {
            let keys = [SettingKey.migrateAuto, .migrateAsk, .migrateOff].compactMap { key in
                origins[key].map { "'\(key)' (\($0))" }
            }
            guard let place = origins[.migrateOff] ?? origins[.migrateAsk] ?? origins[.migrateAuto] else { continue }
            problems.append(
                .init(
                    place, "\(quoted(entry)) stands in more than one of \(keys.joined(separator: ", "))",
                    suggestion: "leave it in one of them"))
        }
        if settings.watch.maxWait < settings.watch.settle, let place = origins[.watchMaxWait] ?? origins[.watchSettle] {
            let settle = YAMLText.duration(settings.watch.settle)
            let maxWait = YAMLText.duration(settings.watch.maxWait)
            problems.append(.init(place, "'watch.maxWait' (\(maxWait)) is shorter than 'watch.settle' (\(settle))"))
        }
    }
}
