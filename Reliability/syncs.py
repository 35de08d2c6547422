# SPDX-License-Identifier: MIT
"""Follows every call of a work and holds the order of writes and syncs against the rules of file systems.

A file is on the disk when it was synced after its last write, a name when its folder was synced after it was made. Nothing may be renamed
into the vault before it is on the disk, and nothing that an operation has acknowledged may hang on what is not. What a power cut would
leave is thereby known without one.
"""

import collections
import os
import re
import shutil

from lab import Finding, Page
from scenarios import Backup, Downgrade, Migrate, Restore
from truth import require

PART = "syncs"
WHAT = "every write, sync and rename of a work in its order: what is published or acknowledged was synced before, and so was its name"
CALLS = Page.WRITES | Page.SYNCS | Page.NAMES | Page.CREATES | Page.TRUNCATES


class Disk:
    """What a power cut would keep: files whose last write was synced, names whose folder was."""

    def __init__(self, root, memory):
        self.root, self.memory = root, memory
        self.unsynced, self.nameless = {}, {}
        self.faults, self.checked = [], 0

    def take(self, number, call, path, old):
        # SQLite goes by the length in its header: pages after it that a lost truncation leaves are not read.
        if call in ("write", "pwrite", "pwrite64") or call.startswith("ftruncate") and path != self.memory:
            self.unsynced[path] = number
        elif call in ("fsync", "fdatasync"):
            self.unsynced.pop(path, None)
            for name in [name for name in self.nameless if os.path.dirname(name) == path]:
                del self.nameless[name]
        elif call.startswith(("open", "mkdir", "link")):
            self.nameless.setdefault(path, number)
        elif call.startswith("rename"):
            self.rename(number, path, old)
        elif call.startswith(("unlink", "rmdir")):
            for table in (self.unsynced, self.nameless):
                for name in [name for name in table if name == path or name.startswith(path + "/")]:
                    del table[name]

    def rename(self, number, path, old):
        if "/vault/" in path and "/trash/" not in path:
            self.checked += 1
            for name, since in self.unsynced.items():
                if name == old or name.startswith(old + "/"):
                    self.faults.append(f"call {number} publishes {self.short(path)} while {self.short(name)} is not synced since call {since}")
            for name, since in self.nameless.items():
                if name.startswith(old + "/"):
                    self.faults.append(f"call {number} publishes {self.short(path)} while the name {self.short(name)} is not on the disk")
        for table in (self.unsynced, self.nameless):
            for name in [name for name in table if name == old or name.startswith(old + "/")]:
                table[path + name[len(old):]] = table.pop(name)
        self.nameless[path] = number

    def short(self, path):
        return os.path.relpath(path, self.root)

    def expect_acknowledged(self):
        """What the end of an operation promises: backups with all their names, the journal, and the memory with its own journal."""
        def matters(path):
            return (("/vault/" in path and "/trash/" not in path and "/.incoming/" not in path and not path.endswith("/lock"))
                    or path.endswith(("journal.db", "journal.db-wal")) or path in (self.memory, self.memory + "-wal"))
        for name, since in self.unsynced.items():
            self.checked += 1
            if matters(name):
                self.faults.append(f"acknowledged, and {self.short(name)} is not synced since call {since}")
        for name, since in self.nameless.items():
            if matters(name) and "/vault/" in name:
                self.faults.append(f"acknowledged, and the name {self.short(name)} of call {since} is not on the disk")


def one(scenario, report):
    world = scenario.world
    lines = world.lab.folder / f"{scenario.name}.order"
    lines.unlink(missing_ok=True)
    world.trace = lines
    scenario.count(CALLS)
    world.trace = None
    disk = Disk(str(world.root), str(world.memory))
    for line in lines.read_text().splitlines():
        number, call, path = line.split(" ", 2)
        new, _, old = path.partition("\t")
        disk.take(int(number), call, new, old)
    disk.expect_acknowledged()
    require(disk.checked > 0, f"{scenario.name}: nothing was published or written")
    for fault in sorted(set(disk.faults)):
        report.found(scenario.name, fault)
    report.passed(f"{scenario.name}: {len(lines.read_text().splitlines())} calls") if not disk.faults else None


def complete(scenario, report):
    """Whether the interposer meets every call that the kernel meets: strace counts in the same run."""
    world = scenario.world
    lines, log = world.lab.folder / "complete.order", world.lab.folder / "strace"
    names = ["write", "pwrite64", "fsync", "fdatasync", "ftruncate", "renameat2", "rename", "link", "unlink", "unlinkat", "mkdir", "rmdir", "openat"]
    world.reset()
    world.trace = lines
    world.page.set(classes=CALLS)
    world.once(interposed=True, prefix=["strace", "-f", "-y", "-s", "0", "-o", log, "-e", "trace=" + ",".join(names)])
    world.trace = None
    ours, kernels = collections.Counter(), collections.Counter()
    for line in lines.read_text().splitlines():
        name = line.split()[1]
        ours[{"open": "openat", "open64": "openat", "openat64": "openat", "pwrite": "pwrite64", "ftruncate64": "ftruncate"}.get(name, name)] += 1
    for line in log.read_text(errors="replace").splitlines():
        call = re.match(r"\d+ +(\w+)\((.*)", line)
        if call and str(world.root) in call[2] and not (call[1] == "openat" and "O_CREAT" not in call[2]):
            kernels[call[1]] += 1
    if ours == kernels:
        report.passed(f"the interposer meets what strace meets: {sum(ours.values())} calls")
    else:
        report.found("the interposer", f"it met {dict(ours - kernels)} more and {dict(kernels - ours)} fewer calls than strace")


def run(lab, report, options):
    for kind in options.choose((Migrate, Backup, Restore, Downgrade), quick=("migrate",)):
        try:
            scenario = kind(lab)
            one(scenario, report)
            if scenario.name == "migrate" and shutil.which("strace"):
                complete(scenario, report)
        except Finding as finding:
            report.found(kind.name, finding)
