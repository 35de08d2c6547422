// SPDX-License-Identifier: MIT

/// The name of a setting: its path in a configuration file.
public enum SettingKey: String, Sendable, CaseIterable, CustomStringConvertible {
    // The order of the file and of the manual page.
    case discoverRoots = "discover.roots"
    case discoverIgnore = "discover.ignore"
    case discoverMaxDepth = "discover.maxDepth"
    case discoverRescanEvery = "discover.rescanEvery"
    case releasesPaths = "releases.paths"
    case postgresConnections = "postgres.connections"
    case migrateMode = "migrate.mode"
    case migrateAuto = "migrate.auto"
    case migrateAsk = "migrate.ask"
    case migrateOff = "migrate.off"
    case migrateParallel = "migrate.parallel"
    case migrationsPaths = "migrations.paths"
    case verifyCommand = "verify.command"
    case verifyTimeout = "verify.timeout"
    case watchSettle = "watch.settle"
    case watchMaxWait = "watch.maxWait"
    case watchPollEvery = "watch.pollEvery"
    case backupLevel = "backup.level"
    case backupEvery = "backup.every"
    case backupKeepLast = "backup.keep.last"
    case backupKeepDaily = "backup.keep.daily"
    case backupKeepWeekly = "backup.keep.weekly"
    case backupKeepBeforeMigration = "backup.keep.beforeMigration"
    case backupBudget = "backup.budget"
    case backupMinFree = "backup.minFree"
    case backupDrillEvery = "backup.drillEvery"
    case apiReaderGroups = "api.readerGroups"
    case logLevel = "log.level"

    /// The path, as in `backup.keep.last`.
    public var description: String { rawValue }

    /// The words of the path: the sections, and the key itself at the end.
    public var words: [String] { rawValue.split(separator: ".").map(String.init) }

    /// The environment variable that sets it, as in `DEMENTIAD_DISCOVER_MAX_DEPTH`.
    public var environmentName: String {
        var name = "DEMENTIAD_"
        for character in rawValue {
            switch character {
            case ".": name += "_"
            case _ where character.isUppercase: name += "_\(character)"
            default: name += character.uppercased()
            }
        }
        return name
    }
}
