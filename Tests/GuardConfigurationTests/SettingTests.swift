// SPDX-License-Identifier: MIT

import FoundationEssentials
import GuardConfiguration
import GuardCore
import Testing

@Suite("The table of settings")
struct SettingTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test("It has every key once, in order, each with documentation")
    func complete() {
        #expect(Setting.all.map(\.key) == SettingKey.allCases)
        #expect(Setting.all.allSatisfy { $0.documentation.hasSuffix(".") && !$0.expectation.isEmpty })
        #expect(Set(SettingKey.allCases.map(\.environmentName)).count == SettingKey.allCases.count)
    }

    @Test("Environment names are the paths in capitals, with underscores between words")
    func environmentNames() {
        #expect(SettingKey.migrateMode.environmentName == "DEMENTIAD_MIGRATE_MODE")
        #expect(SettingKey.discoverMaxDepth.environmentName == "DEMENTIAD_DISCOVER_MAX_DEPTH")
        #expect(SettingKey.backupKeepBeforeMigration.environmentName == "DEMENTIAD_BACKUP_KEEP_BEFORE_MIGRATION")
    }

    /// The file that is installed, found from this one.
    private var installed: String {
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/etc/dementiad.yaml"
    }

    @Test("etc/dementiad.yaml is what the table says (to write it anew: UPDATE_GENERATED=1 make test)")
    func committedFile() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1" {
            try Data(CommentedFile.text.utf8).write(to: URL(filePath: installed))
        }
        let committed = try String(contentsOf: URL(filePath: installed), encoding: .utf8)
        let pairs = zip(committed.split(separator: "\n"), CommentedFile.text.split(separator: "\n"))
        #expect(pairs.first { $0 != $1 }.map { "\($0) <> \($1)" } == nil)
        #expect(committed == CommentedFile.text)
    }

    @Test("man/dementiad.yaml.5 lists what the table says (to write it anew: UPDATE_GENERATED=1 make test)")
    func manualPage() throws {
        let page = URL(filePath: installed.replacing("/etc/dementiad.yaml", with: "/man/dementiad.yaml.5"))
        let text = try String(contentsOf: page, encoding: .utf8)
        let (start, end) = ManualPage.marks
        let before = try #require(text.firstRange(of: start + "\n"))
        let after = try #require(text.firstRange(of: end + "\n"))
        let whole = text[..<before.upperBound] + ManualPage.settings + "\n" + text[after.lowerBound...]
        if ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1" { try Data(whole.utf8).write(to: page) }
        #expect(try String(contentsOf: page, encoding: .utf8) == whole)
    }

    @Test("The installed file says nothing, and without its # it says the defaults")
    func meaning() throws {
        let defaults = Settings(home: "\(folder.path)/home")
        let asInstalled = try folder.load(CommentedFile.text)
        #expect(asInstalled.settings == defaults)
        #expect(SettingKey.allCases.allSatisfy { asInstalled.origin(of: $0) == .builtIn })

        let lines = CommentedFile.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.contains(/^ *#[a-zA-Z]/) ? line.replacing("#", with: "", maxReplacements: 1) : line
        }
        let uncommented = try folder.load(lines.joined(separator: "\n"))
        #expect(uncommented.settings == defaults)
        #expect(SettingKey.allCases.allSatisfy { uncommented.origin(of: $0) != .builtIn })
    }

    @Test(
        "Durations have a unit, and are written back in the largest that fits",
        arguments: [
            ("1500ms", 1500, "1.5s"), ("1.5s", 1500, "1.5s"), ("0s", 0, "0s"), ("90s", 90_000, "90s"),
            ("15m", 900_000, "15m"),
            ("24h", 86_400_000, "1d"), ("7d", 604_800_000, "7d"), ("2w", 1_209_600_000, "14d"),
            ("0.25h", 900_000, "15m"),
            ("1 h", 3_600_000, "1h"), ("0.001s", 1, "0.001s"),
        ])
    func durations(_ text: String, _ milliseconds: Int, _ written: String) throws {
        let loaded = try folder.load("watch: {settle: \(text), maxWait: 30d}")
        #expect(loaded.settings.watch.settle == .milliseconds(milliseconds))
        #expect(loaded.entries.first { $0.key == .watchSettle }?.text == written)
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "s", "1", "-1s", "+1s", "1,5s", "1.s", ".5s", "1.5.2s", "1h30m", "1S", "1y", "99999999999999999999d",
            "1e3s", "''",
        ])
    func badDurations(_ text: String) throws {
        let problems = try folder.problems("watch:\n  maxWait: \(text)\n")
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("2:12: expected a duration such as") == true)
    }

    @Test(
        "Sizes are bytes, in decimal or binary units",
        arguments: [
            ("4096", 4096, "4KiB"), ("4095", 4095, "4095"), ("1B", 1, "1"), ("10GiB", 10 << 30, "10GiB"),
            ("1.5 MiB", 3 << 19, "1536KiB"),
            ("500MB", 500_000_000, "500000000"), ("2kB", 2000, "2000"), ("1TiB", 1 << 40, "1TiB"),
            ("1.1GiB", 1_181_116_006, "1181116006"),
        ])
    func sizes(_ text: String, _ bytes: UInt64, _ written: String) throws {
        let loaded = try folder.load("backup: {budget: \(text)}")
        #expect(loaded.settings.backup.budget == bytes)
        #expect(loaded.entries.first { $0.key == .backupBudget }?.text == written)
    }

    @Test("What is no size is refused", arguments: ["10G", "10gib", "GiB", "-1", "10 %", "1e9", "99999999999TiB", "0"])
    func badSizes(_ text: String) throws {
        #expect(try folder.problems("backup: {budget: \(text)}").count == 1)
    }

    @Test("A computed or absent value has a word of its own")
    func words() throws {
        let backup = try folder.load("backup: {budget: auto, minFree: 0, every: never, drillEvery: 12h}").settings
            .backup
        #expect(backup.budget == nil)
        #expect(backup.minFree == 0)
        #expect(backup.every == nil)
        #expect(backup.drillEvery == .seconds(43_200))
    }

    @Test(
        "What is shown can be written into a file again",
        arguments: [
            "plain", "with space", "yes", "~", "#x", "a\"b\\c", "tab\there", "line\nfeed", "1000", "-", "ä", "\u{7F}",
            "[x]", "a: b",
        ])
    func roundTrip(_ name: String) throws {
        let sources = folder.sources(flags: [.init(.apiReaderGroups, name: "--group", values: [name])])
        let loaded = try ConfigurationLoader.load(sources)
        let text = try #require(loaded.entries.first { $0.key == .apiReaderGroups }?.text)
        #expect(try folder.load("api: {readerGroups: \(text)}").settings.api.readerGroups == [name])
    }
}
