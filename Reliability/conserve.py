# SPDX-License-Identifier: MIT
"""Gives the program migrations that do more than they declare, and memories that are damaged: nothing of it may get through."""

import random
import shutil

import sqlite
from truth import contents, describe, expect_backups, expect_ended, expect_truth, require

PART = "conserve"
WHAT = "migrations that lose or change values they do not declare, checks that refuse, and damaged memories: refused, and untouched to the byte"

# What a fifth migration does beside its own table, without a word in its declaration.
UNDECLARED = {
    "deletes all rows": "DELETE FROM memory_entries;",
    "deletes one row": "DELETE FROM memory_entries WHERE id = (SELECT max(id) FROM memory_entries);",
    "replaces a row": "DELETE FROM memory_entries WHERE id = 1; INSERT INTO memory_entries (id, category, content, timestamp) VALUES (99, 'x', 'y', 1);",
    "changes one value": "UPDATE memory_entries SET content = content || ' ' WHERE id = 1;",
    "changes the case of a value": "UPDATE memory_entries SET category = upper(category);",
    "changes the type of a value": "UPDATE memory_entries SET timestamp = CAST(timestamp AS TEXT) || ' s' WHERE id = 1;",
    "changes a text to one of the same length": "UPDATE memory_entries SET content = replace(content, 'e', 'f');",
    "swaps two values": "UPDATE memory_entries SET content = (SELECT content FROM memory_entries AS o WHERE o.id = 3 - memory_entries.id) WHERE id IN (1, 2);",
    "renumbers a row": "UPDATE memory_entries SET id = 77 WHERE id = 1;",
    "renumbers a row without a key": "UPDATE lab_reals SET rowid = 9 WHERE rowid = 1;",
    "sets a value to NULL": "UPDATE context_locks SET metadata = NULL;",
    "drops a table": "DROP TABLE fixes;",
    "drops a table and makes it again": "CREATE TABLE t AS SELECT * FROM fixes; DROP TABLE fixes; ALTER TABLE t RENAME TO fixes;",
    "renames a table": "ALTER TABLE fixes RENAME TO fixes2;",
    "drops a column": "ALTER TABLE sessions DROP COLUMN summary;",
    "renames a column": "ALTER TABLE sessions RENAME COLUMN summary TO words;",
    "drops an index": "DROP INDEX idx_context_access;",
    "drops a view of the user's": "DROP VIEW lab_view;",
    "drops a trigger of the user's": "DROP TRIGGER lab_trigger;",
    "resets a sequence": "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'memory_entries';",
    "changes a table of the user's": "UPDATE lab_table SET value = value + 1;",
    "adds a row that breaks a foreign key": "INSERT INTO memory_entries (category, content, timestamp, session_id) VALUES ('x', 'y', 1, 'nobody');",
    "commits by itself": "COMMIT; BEGIN;",
    "attaches another file": "ATTACH ':memory:' AS other;",
    "changes a real number": "UPDATE lab_reals SET value = 2.5 WHERE value = 1.5;",
    "adds what its own check refuses": "INSERT INTO lab_table VALUES (3, 3);",
}

def drop_in(world, sql, verify):
    folder = world.root / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / "sqlite4_0005_lab.sql").write_text(
        f"-- changes: none\n-- up\nCREATE TABLE lab_marker (x);\n{sql}\n-- down: none\n-- verify\n{verify};\n")
    world.configure(f"migrations: {{paths: ['{folder}']}}")

def undeclared(lab, name, sql, report):
    world = lab.world("conserve")
    try:
        with report.case(f"a migration that {name}"):
            require(world.once().status == 0, "the first pass failed")
            with sqlite.Database(str(world.memory)) as database:
                database.rows("CREATE TABLE lab_table (id INTEGER PRIMARY KEY, value INTEGER); INSERT INTO lab_table VALUES (1, 1), (2, 2);"
                              "CREATE TABLE lab_reals (value REAL); INSERT INTO lab_reals VALUES (1.5), (3.5);"
                              "CREATE VIEW lab_view AS SELECT * FROM lab_table;"
                              "CREATE TRIGGER lab_trigger AFTER DELETE ON lab_table BEGIN SELECT 1; END")
            before = contents(world)
            wrong = "NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'lab_marker')"
            wrong += " OR (SELECT count(*) FROM lab_table) <> 2" if "own check" in name else ""
            drop_in(world, sql, f"SELECT 'not as it should be' WHERE {wrong}")
            result = world.once()
            expect_ended(result)
            # Refused before COMMIT, and not put back after it.
            require(result.status == 8, f"a migration that {name} without declaring it ends with {describe(result.status)}: {result.problem()}")
            after = contents(world)
            require(after == before, f"a migration that {name} was refused, and this is changed: {sqlite.differences(after, before)[:3]}")
            for claim in result.told():
                expect_truth(claim, "old", {"untouched": {"old"}, "restoredVerified": {"old"}}, "the pass")
            expect_backups(world, [])
    finally:
        world.remove()

# Memories that are odd and whole: each is migrated.
ODD = {
    "triggers that refuse every change": "CREATE TRIGGER lab_no BEFORE UPDATE ON context_locks BEGIN SELECT raise(ABORT, 'no'); END;",
    "triggers that delete": "CREATE TRIGGER lab_rid AFTER UPDATE ON context_locks BEGIN DELETE FROM memory_entries; END;",
    "numbers that SQLite 3.40 calls texts": "CREATE TABLE d (a INTEGER, b TIMESTAMP DEFAULT 'x', i INT, PRIMARY KEY (a, i)) WITHOUT ROWID; INSERT INTO d VALUES (1, 1.5, 2);",
    "rows that break foreign keys": "INSERT INTO memory_entries (category, content, timestamp, session_id) VALUES ('x', 'y', 1, 'nobody');",
}

def odd(lab, name, sql, report):
    world = lab.world("odd")
    try:
        with report.case(f"a memory with {name}"):
            with sqlite.Database(str(world.memory)) as database:
                database.rows(sql)
            before = contents(world)
            result = world.once()
            require(result.status == 0, f"the pass ended with {describe(result.status)}: {result.problem()}")
            after = contents(world)
            for table, digest in before.items():
                if not any(word in table for word in (b"context_locks", b"sessions", b"sqlite_sequence")):
                    require(after.get(table) == digest, f"{table!r} was changed")
    finally:
        world.remove()

def refusal(lab, report):
    """A check command that refuses the rehearsed copy: nothing happens to the memory, not even for a while."""
    world = lab.world("refusal", configuration="verify: {command: 'test $DEMENTIAD_PHASE != rehearsal'}")
    try:
        with report.case("a check that refuses the rehearsal"):
            before = contents(world)
            result = world.once()
            require(result.status == 8, f"the pass ended with {describe(result.status)}: {result.problem()}")
            require(contents(world) == before, "the memory was changed")
    finally:
        world.remove()

def damaged(lab, draw, report):
    """A memory with damaged bytes: migrated whole, where SQLite finds it whole, or refused and untouched to the byte."""
    world = lab.world("damaged", fixture=draw.choice(["v4.0.0-first-made.db", "v4.1-crud-made.db", "v4.0.0-rc1-made.db"]))
    content = bytearray(world.memory.read_bytes())
    kind, at = draw.choice(["a bit", "a byte", "a page", "a cut", "two pages swapped", "a header byte"]), draw.randrange(len(content))
    page = at // 4096 * 4096
    other = draw.randrange(len(content) // 4096) * 4096
    if kind == "a bit":
        content[at] ^= 1 << draw.randrange(8)
    elif kind == "a byte":
        content[at] = draw.randrange(256)
    elif kind == "a header byte":
        at = draw.randrange(100)
        content[at] = draw.randrange(256)
    elif kind == "a page":
        content[page:page + 4096] = bytes(4096)
    elif kind == "a cut":
        del content[at:]
    else:
        content[page:page + 4096], content[other:other + 4096] = content[other:other + 4096], content[page:page + 4096]
    name = f"{kind} at {at} of a memory"
    try:
        with report.case(name) as case:
            world.memory.write_bytes(bytes(content))
            faults = look(world)
            try:
                before = contents(world)
            except sqlite.SQLiteError:
                before = None
            result = world.once()
            expect_ended(result)
            if result.status == 0:
                complaints = [line for line in faults if not line.startswith(("NULL value", "CHECK constraint", "TEXT value", "NUMERIC value"))]
                require(not complaints, f"the pass ends with 0 over a damaged memory: {complaints[:3]}")
            else:
                # A failed migration leaves its row in the ledger, and every other object and value as it was.
                same = world.memory.read_bytes() == bytes(content) or before is not None and contents(world) == before
                require(same, f"the pass ended with {result.status} and changed the file: {result.problem()}; {look(world)[:3]}; before: {faults[:3]}")
                require(not world.backups() or result.status != 14, f"a backup of a damaged memory is published, exit status 14")
            case.name = f"{name}: exit status {result.status}"
    finally:
        world.remove()

def look(world):
    copy = world.lab.folder / "look.db"
    shutil.copyfile(world.memory, copy)
    try:
        return sqlite.is_whole(str(copy))
    except sqlite.SQLiteError as error:
        return [str(error)]

def run(lab, report, options):
    draw = random.Random(report.seed)
    kinds = list(UNDECLARED.items())
    if options.quick:
        kinds = [kind for kind in kinds if kind[0] in ("changes one value", "drops a view of the user's", "deletes one row")]
    for name, sql in kinds:
        undeclared(lab, name, sql, report)
    for name, sql in ODD.items():
        odd(lab, name, sql, report)
    refusal(lab, report)
    while report.left() > 0 and not options.is_enough(report) and not (options.quick and report.cases >= len(kinds) + len(ODD) + 5):
        damaged(lab, draw, report)
