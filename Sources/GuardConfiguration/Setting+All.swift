// SPDX-License-Identifier: MIT

extension Setting {
    /// Every setting, in the order of ``SettingKey``.
    public static let all = discover + stores + guarding + backup + daemon

    private static let discover = [
        Setting(
            .discoverRoots, \.discover.roots, .paths,
            "Folders that are searched for memories, such as .claude-memory.db files."),
        Setting(
            .discoverIgnore, \.discover.ignore, .namesOrPaths,
            "Folders that are not entered: a name means every folder of that name, a path means that folder."),
        Setting(
            .discoverMaxDepth, \.discover.maxDepth, .number(0...64),
            "How many folders deep below a root memories are looked for; 0 is the root alone."),
        Setting(
            .discoverRescanEvery, \.discover.rescanEvery, .duration(aSecond...tenYears),
            "How often the roots are searched again as a whole, whatever file events said."),
    ]

    private static let stores = [
        Setting(
            .releasesPaths, \.releases.paths, .paths,
            "Folders with an installed Dementia: git checkouts or plain directories."),
        Setting(
            .postgresConnections, \.postgres.connections, .connections,
            """
            PostgreSQL stores: URLs or service names, each with an optional #SCHEMA. Passwords belong in ~/.pgpass \
            or a service file; a file that others may read is refused when it holds one.
            """),
    ]

    private static let guarding = [
        Setting(
            .migrateMode, \.migrate.mode, .choice,
            "auto migrates pending stores after a proved backup, ask waits for approval, off only reports."),
        Setting(
            .migrateAuto, \.migrate.auto, .namesOrPaths,
            """
            Memories with mode auto, whatever migrate.mode says: paths, folders above them, or store ids. The nearest \
            wins.
            """),
        Setting(
            .migrateAsk, \.migrate.ask, .namesOrPaths,
            "Memories with mode ask, in the same way."),
        Setting(
            .migrateOff, \.migrate.off, .namesOrPaths,
            "Memories with mode off, in the same way."),
        Setting(
            .migrateParallel, \.migrate.parallel, .number(1...64),
            "How many stores are worked on at the same time."),
        Setting(
            .migrationsPaths, \.migrations.paths, .paths,
            "Folders with migrations beyond the built-in ones, for future releases."),
        Setting(
            .verifyCommand, \.verify.command, .command,
            """
            A check of your own, run on the rehearsed copy and on the migrated store: exit status 0 accepts, 1 to \
            125 vetoes. A list is run as it is, a text by /bin/sh -c; empty means none.
            """),
        Setting(
            .verifyTimeout, \.verify.timeout, .duration(.milliseconds(100)...tenYears),
            "How long that check may run; after it, it counts as not run."),
        Setting(
            .watchSettle, \.watch.settle, .duration(.zero...tenYears),
            "How long a file or checkout has to be quiet before it is examined."),
        Setting(
            .watchMaxWait, \.watch.maxWait, .duration(.zero...tenYears),
            "When it is examined even though it is not quiet; not shorter than watch.settle."),
        Setting(
            .watchPollEvery, \.watch.pollEvery, .duration(.milliseconds(100)...tenYears),
            "How often to look where there are no file events, as on network filesystems."),
    ]

    private static let backup = [
        Setting(
            .backupLevel, \.backup.level, .number(1...19),
            "The compression level of zstd: higher is smaller and slower."),
        Setting(
            .backupEvery, \.backup.every, .duration(aSecond...tenYears, or: "never", meaning: "no scheduled backups"),
            "How often a changed store is backed up without any migration."),
        Setting(
            .backupKeepLast, \.backup.keep.last, .number(1...100_000),
            "How many of a store's newest backups are kept. A backup that any rule names is kept."),
        Setting(
            .backupKeepDaily, \.backup.keep.daily, .number(0...100_000),
            "For how many days the newest backup of the day is kept."),
        Setting(
            .backupKeepWeekly, \.backup.keep.weekly, .number(0...100_000),
            "For how many weeks the newest backup of the week is kept."),
        Setting(
            .backupKeepBeforeMigration, \.backup.keep.beforeMigration, .number(0...100_000),
            "How many of the backups that preceded a migration are kept."),
        Setting(
            .backupBudget, \.backup.budget,
            .size(atLeast: 1, or: "auto", meaning: "the smaller of 10 GiB and 10 % of the filesystem"),
            "The most that all backups together may take."),
        Setting(
            .backupMinFree, \.backup.minFree,
            .size(atLeast: 0, or: "auto", meaning: "the larger of 1 GiB and 5 % of the filesystem"),
            "How much stays free on the filesystem of the backups."),
        Setting(
            .backupDrillEvery, \.backup.drillEvery, .duration(aSecond...tenYears, or: "never", meaning: "no drills"),
            "How often kept backups are proved again by a restore into scratch."),
    ]

    private static let daemon = [
        Setting(
            .apiReaderGroups, \.api.readerGroups, .names,
            "Groups whose members may read over the socket; without any, only the owner and root may connect."),
        Setting(
            .logLevel, \.log.level, .choice,
            "The least severe messages that are logged."),
    ]

    // Small enough for tests of one's own setup, large enough to mean "practically never".
    private static let aSecond = Duration.seconds(1)
    private static let tenYears = Duration.seconds(3650 * 86_400)
}
