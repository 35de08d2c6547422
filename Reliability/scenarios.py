# SPDX-License-Identifier: MIT
"""The works that are disturbed: each builds its world once, is put back as it was before every case, and knows what may be told."""

import subprocess
import time

import sqlite
from lab import VOLATILE, Finding, Page
from truth import contents, journal, require


def by_turns(queues):
    """The first of every queue, then the second of every queue, and so on: a short budget meets every queue."""
    return [case for turn in range(max(map(len, queues), default=0)) for queue in queues for case in queue[turn:turn + 1]]


class Scenario:
    """One work on one memory. `act` runs it in a process that the interposer watches."""

    classes = Page.CHANGES
    # What each data state claims, as names of states; and which states may be found when all is over.
    meaning = {"untouched": {"old"}, "migratedVerified": {"new"}, "restoredVerified": {"new"}}
    ends = ("old", "new")
    # With which a pass ends that nothing disturbs.
    status = 0

    def __init__(self, lab):
        self.world = self.make(lab)
        self.states = {}
        self.prepare()
        self.world.save()
        self.world.known = 0 if any(one["state"] != "settled" for one in journal(self.world)) else len(journal(self.world))
        self.states["old"] = contents(self.world)
        self.earlier = self.kept = [folder.name for folder in self.world.backups()]
        self.calls = self.measure()

    def make(self, lab):
        return lab.world(self.name, **self.options())

    def options(self):
        return {}

    def prepare(self):
        """Makes the state before."""

    def measure(self):
        """One undisturbed run: how many calls there are, which, and what comes out."""
        lines = self.world.lab.folder / f"{self.name}.trace"
        lines.unlink(missing_ok=True)
        self.world.trace = lines
        count = self.count(self.classes)
        self.world.trace = None
        self.trace = {int(line.split(" ", 1)[0]): line.split(" ", 1)[1] for line in lines.read_text().splitlines()}
        self.finish()
        self.world.reset()
        require(count > 0, f"{self.name}: the interposer met no call")
        return count

    def count(self, classes, within=""):
        """How many calls of `classes` an undisturbed run makes on paths with `within`."""
        self.world.reset()
        self.world.page.set(classes=classes, armed=False, within=within)
        start = time.monotonic()
        self.act()
        self.seconds = time.monotonic() - start
        return self.world.page.read()[0]

    def finish(self):
        self.states["new"] = contents(self.world)
        require(self.states["new"] != self.states["old"], f"{self.name}: the undisturbed work changed nothing")

    def disturb(self, action, target, classes=None, error=0, within=""):
        """The work with one action armed: (result or None, times met, the call)."""
        self.world.reset()
        self.world.page.set(action, target, classes or self.classes, error, armed=False, within=within)
        result = self.act()
        count, met, call = self.world.page.read()
        return result, met, call

    def restart(self):
        return self.world.once()

    def is_done(self, state):
        """Whether the work has left the memory in the state that success means."""
        return state == "new"


class Once(Scenario):
    """A work that one pass does."""

    def act(self):
        self.world.page.arm()
        return self.world.once(interposed=True)


class Migrate(Once):
    name, what = "migrate", "backup, publication, rehearsal and migration in the first pass ever"

    # A killed pass is followed by one that migrates.
    ends = ("new",)

    def finish(self):
        super().finish()
        expect_ledger(self.world)


class MigrateLogged(Migrate):
    name, what = "migrate-wal", "the same on a memory with a write-ahead log"

    def prepare(self):
        with sqlite.Database(str(self.world.memory)) as database:
            database.rows("PRAGMA journal_mode = WAL")


class Veto(Once):
    name, what = "veto", "a migration that a check command refuses after COMMIT, and the restore that follows"
    # A pass that was cut short tells "untouched" of itself, and a later one "restoredVerified"; the end is always the old state.
    meaning = {"untouched": {"old"}, "restoredVerified": {"old"}}
    ends, status = ("old",), 4

    def options(self):
        return {"configuration": "verify: {command: 'test $DEMENTIAD_PHASE = rehearsal'}"}

    def finish(self):
        require(contents(self.world) == self.states["old"], "veto: the undisturbed pass did not restore")
        self.world.reset()
        self.world.configure()
        self.world.once()
        self.states["migrated"] = contents(self.world)
        self.world.configure(self.options()["configuration"])


class Recovery(Once):
    """The recovery itself is disturbed: the world before is one whose pass was killed right after its COMMIT."""

    name, what = "recovery", "the recovery of a migration that was killed between COMMIT and its verification"
    ends = ("new",)

    def prepare(self):
        self.world.save()
        start = contents(self.world)
        self.world.page.set(armed=True)
        self.world.once(interposed=True)
        total, _, _ = self.world.page.read()
        # From the end backwards: the first kill that leaves an open operation and a memory that is not the old one.
        for target in range(total, 0, -1):
            self.world.reset()
            self.world.page.set(Page.KILL_BEFORE, target)
            self.world.once(interposed=True)
            steps = journal_steps(self.world)
            if contents(self.world) != start and steps[-1:] == ["verify"] and len(steps) >= 5:
                return
        raise Finding("recovery: no kill between COMMIT and settling was possible")

    def finish(self):
        # The memory is migrated already; what is left to do is to prove it.
        require(contents(self.world) == self.states["old"], "recovery: the undisturbed recovery changed the memory")
        self.states = {"new": self.states["old"]}


def journal_steps(world):
    copy = sqlite.beside(str(world.state / "journal.db"), str(world.lab.folder))
    with sqlite.Database(copy) as database:
        return [row[0].decode() for row in database.rows(
            "SELECT kind FROM steps WHERE operation IN (SELECT id FROM operations WHERE state <> 'settled') ORDER BY number")]


def expect_ledger(world):
    """Fails unless the ledger inside the memory has a row for every migration."""
    with sqlite.Database(sqlite.beside(str(world.memory), str(world.lab.folder))) as database:
        rows = database.rows("SELECT version, success FROM schema_migrations ORDER BY version")
    require([version for version, success in rows if success] == [1, 2, 3, 4], f"the ledger has other rows than it should: {rows}")


class Served(Scenario):
    """A work that the daemon is asked for; only it is disturbed, not the daemon's start."""

    def options(self):
        return {"mode": "ask"}

    def prepare(self):
        """A current memory with one backup of its former state in the vault."""
        self.world.mode = "auto"
        self.world.configure()
        result = self.world.once()
        require(result.status == 0, f"{self.name}: the first pass ended with {result.status}: {result.errors}")
        self.world.mode = "ask"
        self.world.configure()

    def act(self):
        with self.world.serve(interposed=True) as service:
            require(service.is_ready, f"{self.name}: the daemon was not ready")
            service.ask("GET", "/v1/stores")
            self.world.page.arm()
            self.answer = self.request(service)
            self.world.page.arm(False)
        self.ended = service.child.returncode
        return None

    def finish(self):
        status, operation = self.answer
        require(status == 200 and operation["outcome"] == "succeeded", f"{self.name}: the undisturbed work ended so: {operation}")
        self.kept = [folder.name for folder in self.world.backups() if folder.name in self.earlier]
        self.changed()

    def changed(self):
        super().finish()
        # What was replaced or left is in the vault first.
        require(any(holds(folder, self.states["old"], self.world) for folder in self.world.backups() if folder.name not in self.earlier),
                f"{self.name}: the state before is in no new backup")

    def newest(self):
        return "_".join((self.earlier[-1].split("_")[0], self.earlier[-1].rsplit("_", 1)[1]))


def holds(folder, state, world):
    """Whether the payload of a backup is a memory in this state."""
    if not (folder / "data.db.zst").exists():
        return True
    copy = world.lab.folder / "held.db"
    copy.unlink(missing_ok=True)
    subprocess.run(["zstd", "-q", "-d", folder / "data.db.zst", "-o", copy], check=True)
    return sqlite.contents(str(copy), VOLATILE) == state


class Backup(Served):
    name, what = "backup", "a backup on request, and its publication"

    def request(self, service):
        return service.operation(kind="backup", store=self.world.store())

    def changed(self):
        self.states["new"] = contents(self.world)
        require(holds(self.world.backups()[-1], self.states["new"], self.world), "backup: the newest backup holds something else")

    def is_done(self, state):
        return True


class Restore(Served):
    name, what = "restore", "a restore of the state before the migration into the live memory"

    def prepare(self):
        super().prepare()
        with sqlite.Database(str(self.world.memory)) as database:
            database.rows("INSERT INTO memory_entries (category, content, timestamp) VALUES ('lab', 'written after the backup', 1)")

    def request(self, service):
        return service.confirmed(kind="restore", backup=self.newest())


class Downgrade(Served):
    name, what = "downgrade", "a downgrade to version 1"

    def request(self, service):
        return service.operation(kind="downgrade", store=self.world.store(), to=1)


class Prune(Served):
    name, what = "prune", "a prune that removes three of four backups"
    keep = "backup: {minFree: 0, every: never, drillEvery: never, keep: {last: 1, daily: 0, weekly: 0, beforeMigration: 0}}"

    def prepare(self):
        super().prepare()
        with self.world.serve() as service:
            for number in range(3):
                with sqlite.Database(str(self.world.memory)) as database:
                    database.rows(f"INSERT INTO memory_entries (category, content, timestamp) VALUES ('lab', 'entry {number}', 1)")
                status, operation = service.operation(kind="backup", store=self.world.store())
                require(status == 200 and operation["outcome"] == "succeeded", f"prune: no backup to remove: {operation}")
        self.world.configure(self.keep)

    def request(self, service):
        return service.confirmed(kind="prune")

    def changed(self):
        require(len(self.kept) < len(self.earlier), "prune: the undisturbed prune removed nothing")
        require(self.earlier[-1] in self.kept, "prune: the newest backup is gone")
        self.states["new"] = contents(self.world)

    def is_done(self, state):
        return True


SQLITE = (Migrate, MigrateLogged, Veto, Recovery, Backup, Restore, Downgrade, Prune)
