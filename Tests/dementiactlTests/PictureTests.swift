// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@testable import Terminal
@testable import dementiactl

/// What a person sees, to the letter.
@Suite("Pictures")
struct PictureTests {
    let memories = Memories(Samples.stores)
    let file = Style(width: nil, hasColor: false, now: Samples.moment)

    func terminal(_ width: Int) -> Style {
        Style(width: width, hasColor: false, now: Timestamp(milliseconds: Samples.moment.milliseconds + 7_200_000))
    }

    @Test("A list fits the terminal: it begins with the name, and a long path keeps its end")
    func table() {
        #expect(
            CommandText.stores(Samples.stores, terminal(66)) == """
                MEMORY  STATE    VERSION    SIZE     LAST BACKUP  LOCATION
                shop    current  4.4        1.5 MiB  2 h ago      …laude-memory.db
                blog    pending  4.0 → 4.4  1.5 MiB  2 h ago      …laude-memory.db
                wiki    drifted  4.1 → 4.4  1.5 MiB  2 h ago      …laude-memory.db
                """)
    }

    @Test("Into a file nothing is cut, and times are exact")
    func wide() {
        let text = CommandText.stores(Array(Samples.stores[..<1]), file)
        #expect(text.hasSuffix("current  4.4      1.5 MiB  2026-01-31T12:00:00.000Z  /srv/shop/.claude-memory.db"))
    }

    @Test("A failed operation: what, the state of the data, why, and one next command")
    func operation() {
        let error = GuardError(
            .checkVetoed, "the check command said no", hint: "dementiactl history shop", causes: ["exit 1"])
        #expect(
            OperationText.operation(Samples.settled(Samples.operation(), .failedRestored, error), memories, file) == """
                blog: upgrade failed and was reverted; the data was restored from backup 43 and verified
                why        the check command said no
                because    exit 1
                failed at  verifying
                data       the state of the backup is back and verified
                kept       the replaced state is backup 44
                next       dementiactl history shop
                operation  op_00000000000000000000000001
                  ✓ checking: 34 ms
                  ✓ backing up: 34 ms
                  ✓ rehearsing: 34 ms
                  ✓ migrating: 34 ms, sqlite-4 1 → 4
                  ✗ verifying: failed, 34 ms
                  ✓ keeping the present state: 34 ms
                  ✓ restoring: 34 ms, 000043_5d0c8e21f7a4 over 000044_b61e90d3c5f8
                """)
    }

    @Test("Of each table a restore shows what becomes of it")
    func restoredTables() {
        var plan = PlanForm(kind: .restore, store: Samples.stores[0].id, location: "/srv/shop/.claude-memory.db")
        plan.to = 4
        plan.tables = [
            .init(table: "a", rowsNow: nil, rowsInBackup: 2, differs: true),
            .init(table: "b", rowsNow: 3, rowsInBackup: nil, differs: true),
            .init(table: "c", rowsNow: 5, rowsInBackup: 5, differs: true),
            .init(table: "d", rowsNow: 5, rowsInBackup: 5, differs: false),
        ]
        #expect(
            CommandText.plan(plan, memories, file) == """
                shop: restore schema 4  /srv/shop/.claude-memory.db
                  TABLE  ROWS NOW  IN BACKUP  GAINED  LOST
                  a      -         2          +2      0     created
                  b      3         -          0       -3    dropped
                  c      5         5          0       0     values change
                  1 table stays the same
                """)
        #expect(
            CommandText.change(plan, memories).lines == [
                "table a is created, with 2 rows", "table b is dropped, with 3 rows",
                "table c changes values: 5 now, 5 in the backup",
            ])
    }

    @Test(
        "Of rows that were compared one by one a restore shows those that come, go and change, and the columns that go")
    func comparedTables() {
        var plan = PlanForm(kind: .restore, store: Samples.stores[0].id, location: "/srv/shop/.claude-memory.db")
        plan.tables = [
            .init(
                table: "e", rowsNow: 5, rowsInBackup: 5, gained: 1, lost: 1, changed: 2, columnsLost: ["embedding"],
                columnsGained: [])
        ]
        plan.wouldLose = [.init(table: "e", column: "embedding", rows: 3)]
        #expect(
            CommandText.change(plan, memories).lines == [
                "table e gains 1 row, loses 1 row, changes values in 2 rows, drops column embedding: "
                    + "5 now, 5 in the backup",
                "column e.embedding is dropped, with values in 3 rows",
            ])
        #expect(
            CommandText.plan(plan, memories, file).contains("values change in 2 rows, drops column embedding"))
    }

    @Test("A migration of everything says which memories it leaves on hold, and how each is migrated")
    func leftOnHold() {
        let store = Samples.stores[1]
        #expect(
            OperationText.results([], [], leaving: [store], memories, file) == """
                Nothing to do.
                blog was left on hold. Upgrade it nevertheless: dementiactl migrate blog
                """)
    }

    @Test("What a restore replaced is told with what is only there, and with what is not")
    func kept() {
        var operation = Samples.settled(Samples.operation(1, .restore), .succeeded)
        var result = OperationResult()
        result.keptState = Samples.backupID
        result.rowsInKeptState = ["contexts": 3, "todos": -2, "sessions": 1]
        operation.result = result
        #expect(
            OperationText.operation(operation, memories, file).contains(
                "kept       the replaced state is backup 42; only there: 3 rows of contexts, 1 row of sessions; "
                    + "not there: 2 rows of todos"))
    }

    @Test("What a downgrade would lose is shown before it is asked")
    func change() {
        let plan = Samples.plan(PlanRequest(kind: .downgrade, to: .version(3)), of: Samples.stores[0])
        #expect(
            CommandText.change(plan, memories).text == """
                The downgrade of shop 4.4 → 4.2 (/srv/shop/.claude-memory.db):
                  revert migration 4 (embeddings)
                  column contexts.embedding is dropped, with values in 7 rows
                  table x is dropped, with 1 row
                  needs up to 6.0 MiB on disk, for the backup and the rehearsal
                  A proved backup of the present state is taken first, and automation is held afterwards.
                """)
    }

    @Test("The bar has a share, a rate and the time that remains")
    func progress() {
        let progress = Progress(step: .backup, done: 50 << 20, total: 200 << 20, unit: .bytes)
        #expect(
            ProgressMeter.line("shop", progress, doneSinceStart: 50 << 20, in: .seconds(5), width: 90)
                == "shop  backing up  [#####---------------]  25 %  10.0 MiB/s  15 s left")
    }

    @Test("Names from disks cannot steer the terminal")
    func control() {
        #expect(PrintableText.line("a\u{1B}[2Jb\u{202E}c\nd") == "a\\u{1b}[2Jb\\u{202e}c\\u{a}d")
        #expect(PrintableText.line("zoë 日本") == "zoë 日本")
    }

    @Test("What a hint names can be pasted into a shell")
    func words() {
        #expect(
            ShellText.word("/srv/a.db") == "/srv/a.db" && ShellText.word("postgresql://h/d#s") == "postgresql://h/d#s")
        #expect(ShellText.word("/srv/my shop's.db") == #"'/srv/my shop'\''s.db'"# && ShellText.word("") == "''")
    }

    @Test("What takes two columns is counted so: a table of names from East Asia fits and is straight")
    func wideCharacters() {
        #expect(TextWidth.columns("日本") == 4 && TextWidth.columns("zoë") == 3 && TextWidth.columns("e\u{301}") == 1)
        var table = Table(["NAME", "STATE"], flexible: 0)
        table.add([.init("日本語日本語日本語日本語"), .init("current")])
        table.add([.init("shop"), .init("current")])
        let lines = table.text(terminal(22)).split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { TextWidth.columns($0) <= 22 })
        // The second column begins at the same place in each.
        let starts = lines.compactMap { line in
            (line.firstRange(of: "STATE") ?? line.firstRange(of: "current")).map {
                TextWidth.columns(line[..<$0.lowerBound])
            }
        }
        #expect(Set(starts).count == 1)
    }

    @Test("A terminal that is too narrow for columns gets each row as a block")
    func blocks() {
        #expect(
            CommandText.stores(Array(Samples.stores[..<1]), terminal(30)) == """
                MEMORY       shop
                STATE        current
                VERSION      4.4
                SIZE         1.5 MiB
                LAST BACKUP  2 h ago
                LOCATION     …claude-memory.db
                """)
    }

    @Test(
        "Sizes and times",
        arguments: [
            (Int64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (1 << 40, "1.0 TiB"),
        ])
    func sizes(_ bytes: Int64, _ text: String) {
        #expect(Style.size(bytes) == text)
    }
}
