# SPDX-License-Identifier: MIT
"""Several daemons and several writers at one memory at the same time; no acknowledged write may be lost, and the memory ends migrated."""

import random
import shutil
import subprocess
import sys
import time

import sqlite
from lab import HERE
from truth import STATUSES, contents, describe, expect_backup, expect_backups, require

PART = "rivals"
WHAT = "up to eight daemons and four writers with hash chains at one memory, in every journal mode: migrations, backups, a restore in between"


class Writers:
    """Applications that write until they are told to stop."""

    def __init__(self, world, count, seed, pause=0.01):
        self.world = world
        self.notes = [world.root / f"acknowledged{number}" for number in range(count)]
        self.children = [
            subprocess.Popen(
                [sys.executable, "-B", HERE / "writer.py", world.memory, notes, f"writer{number}", str(seed + number), str(pause)],
                stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            for number, notes in enumerate(self.notes)]

    def stop(self):
        said = [child.communicate()[1].decode("utf-8", "replace") for child in self.children]
        broken = [text for child, text in zip(self.children, said) if child.returncode != 0]
        require(not broken, f"a writer ended with an error: {broken[0][-300:] if broken else ''}")

    def acknowledged(self):
        """(writer, number, hash) of every write that COMMIT has returned for."""
        return {tuple(line.split()) for notes in self.notes if notes.exists() for line in notes.read_text().splitlines()}


def entries(path):
    with sqlite.Database(str(path)) as database:
        rows = database.rows("SELECT category, metadata, content FROM memory_entries WHERE category LIKE 'writer%'")
    return {tuple(value.decode() for value in row) for row in rows}


def start(world, state, mode="auto"):
    words = [str(word) for word in world.words("once", "--json", "--mode", mode)]
    words[words.index("--state-dir") + 1] = str(state)
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=world.environment())


def migrations(lab, draw, daemons, writers, report):
    """`daemons` with state folders of their own migrate one memory, beside writers."""
    mode, seed = draw.choice(["delete", "wal", "truncate", "persist"]), draw.randrange(1 << 30)
    name = f"{daemons} daemons and {writers} writers, {mode}"
    world = lab.world("rivals")
    try:
        with report.case(name):
            with sqlite.Database(str(world.memory)) as database:
                database.rows(f"PRAGMA journal_mode = {mode}")
            before = contents(world)
            rivals = Writers(world, writers, seed)
            try:
                passes = [start(world, world.root / f"state{number}") for number in range(daemons)]
                ended = [(child.communicate(timeout=240), child.returncode) for child in passes]
                time.sleep(draw.uniform(0, 0.2))
            finally:
                rivals.stop()
            for (output, errors), status in ended:
                require(status in STATUSES, f"a pass ended with {describe(status)}: {errors.decode('utf-8', 'replace')[-300:]}")
                require(status in (0, 11, 8), f"a pass ended with {status}: {output.decode('utf-8', 'replace')[-500:]}")
            # Whoever had to give way tries again when it is quiet.
            quiet = start(world, world.root / "state0")
            output, _ = quiet.communicate(timeout=240)
            require(quiet.returncode == 0, f"when it is quiet the pass ends with {describe(quiet.returncode)}: {output.decode('utf-8', 'replace')[-600:]}")
            lost = rivals.acknowledged() - entries(world.memory)
            require(not lost, f"{len(lost)} acknowledged writes are lost: {sorted(lost)[:3]}")
            damage = sqlite.is_whole(str(world.memory))
            require(not damage, f"the memory is damaged: {damage[:3]}")
            after = contents(world)
            for table, digest in before.items():
                require(table in after, f"{table!r} is gone")
                if not any(word in table for word in (b"context_locks", b"sessions", b"sqlite_sequence", b"memory_entries")):
                    require(after[table] == digest, f"{table!r} was changed")
            require(b"query_results_cache" in after, "the memory is not migrated")
            for number in range(daemons):
                for folder in (world.root / f"state{number}" / "vault/stores").glob("*/*_*"):
                    expect_backup(folder)
    finally:
        world.remove()


def one_state(lab, report):
    """Two passes with one state folder at the same time: one of them has to give way, and backups get numbers of their own."""
    name, world = "two daemons with one state folder", lab.world("state")
    try:
        with report.case(name):
            places = [world.project / f"p{number}" for number in range(6)]
            for place in places:
                place.mkdir()
                shutil.copyfile(world.memory, place / ".claude-memory.db")
            world.places = ["--watch", world.project]
            # The check keeps the first pass at work until the second has had its try.
            world.configure(f"migrate: {{mode: auto, parallel: 6}}\nverify: {{command: 'test -e {world.root}/go || sleep 0.2; test -e {world.root}/go || sleep 5'}}")
            first = start(world, world.state)
            limit = time.monotonic() + 60
            while not (world.state / "journal.db").exists() and time.monotonic() < limit:
                time.sleep(0.01)
            second = start(world, world.state)
            second.communicate(timeout=240)
            (world.root / "go").touch()
            output, errors = first.communicate(timeout=240)
            require(sorted((first.returncode, second.returncode)) == [0, 11], f"they ended with {first.returncode} and {second.returncode}: {output[-300:]!r}")
            expect_backups(world, [])
            require(len(world.backups()) == 7, f"{len(world.backups())} backups for 7 memories")
    finally:
        world.remove()


def restores(lab, draw, writers, report):
    """A restore while others write: what was committed before it is in the memory or in the backup that was taken first."""
    mode = draw.choice(["delete", "wal"])
    name = f"a restore beside {writers} writers, {mode}"
    world = lab.world("rivals")
    try:
        with report.case(name) as case:
            with sqlite.Database(str(world.memory)) as database:
                database.rows(f"PRAGMA journal_mode = {mode}")
            require(world.once().status == 0, "the first pass failed")
            world.mode = "ask"
            world.configure()
            with world.serve() as service:
                status, backup = service.operation(kind="backup", store=world.store())
                require(status == 200 and backup["outcome"] == "succeeded", f"no backup: {backup}")
                rivals = Writers(world, writers, draw.randrange(1 << 30), draw.choice([0.01, 0.3, 1]))
                try:
                    time.sleep(draw.uniform(0.1, 0.5))
                    status, answer = service.operation(kind="restore", backup=backup["backup"])
                    time.sleep(draw.uniform(0, 0.2))
                finally:
                    rivals.stop()
            require(status in (200, 409) and isinstance(answer, dict), f"the restore was answered with {status} {answer}")
            require(answer.get("outcome") in ("succeeded", "busy", "failedUntouched", None), f"the restore ended so: {str(answer)[:500]}")
            found = entries(world.memory)
            for folder in world.backups():
                expect_backup(folder)
                copy = world.root / "look.db"
                copy.unlink(missing_ok=True)
                subprocess.run(["zstd", "-q", "-d", folder / "data.db.zst", "-o", copy], check=True)
                found |= entries(copy)
            lost = rivals.acknowledged() - found
            require(not lost, f"{len(lost)} acknowledged writes are neither in the memory nor in a backup: {sorted(lost)[:3]} ({answer.get('outcome')})")
            damage = sqlite.is_whole(str(world.memory))
            require(not damage, f"the memory is damaged: {damage[:3]}")
            case.name = f"{name}: {answer.get('outcome') or answer.get('code')}"
    finally:
        world.remove()


def run(lab, report, options):
    draw = random.Random(report.seed)
    one_state(lab, report)
    if options.quick:
        migrations(lab, draw, 2, 2, report)
        return restores(lab, draw, 2, report)
    while report.left() > 0 and not options.is_enough(report):
        migrations(lab, draw, draw.choice([2, 4, 8]), draw.choice([1, 2, 4]), report)
        restores(lab, draw, draw.choice([1, 2, 4]), report)
