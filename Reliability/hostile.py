# SPDX-License-Identifier: MIT
"""Backs up, migrates and restores memories with every odd name, type and value, and compares with SQLite's own reading of the files."""

import random
import subprocess

import sqlite
from grammar import Grammar
from lab import VOLATILE
from truth import contents, describe, expect_backup, expect_ended, require

PART = "hostile"
WHAT = "generated schemas and rows (names of every Unicode class, no UTF-8, all types, constraints, page sizes, encodings): backup, migrate, restore"


def one(lab, seed, report):
    grammar = Grammar(random.Random(seed))
    world = lab.world("hostile", fixture=None)
    try:
        with report.case(f"seed {seed}") as case:
            # A name of the project that is odd too.
            grammar.build(world.memory)
            case.name = f"seed {seed} ({grammar.describe()})"
            before, faults = contents(world), sqlite.is_whole(str(world.memory))
            result = world.once()
            expect_ended(result)
            after = contents(world)
            require(result.status == 0, f"the pass ended with {describe(result.status)}: {result.problem()}")
            conserve(before, after)
            damage = sqlite.is_whole(str(world.memory))
            require(damage == faults, f"the migrated memory is damaged: {damage[:3]}; before: {faults[:3]}")
            payload(world, before)
            back(world, before, faults)
    finally:
        world.remove()


def conserve(before, after):
    """Every object and row that was there is there, but in tables of Dementia's own, which have grown."""
    for name, digest in before.items():
        require(name in after, f"{name!r} is gone")
        is_ours = any(word in name for word in (b"context_locks", b"sessions", b"sqlite_sequence"))
        if not is_ours:
            require(after[name] == digest, f"{name!r} was {digest[:200]!r} and is {after[name][:200]!r}")


def payload(world, before):
    """The backup, by stock tools alone."""
    folder = world.backups()[0]
    expect_backup(folder)
    copy = world.root / "stock.db"
    subprocess.run(["zstd", "-q", "-d", folder / "data.db.zst", "-o", copy], check=True)
    found = sqlite.contents(str(copy), VOLATILE)
    require(found == before, f"the backup differs from the memory: {sqlite.differences(found, before)[:3]}")


def back(world, before, faults):
    """A restore gives what was there."""
    number, root = world.backups()[0].name.split("_")[0], world.backups()[0].name.rsplit("_", 1)[1]
    with world.serve() as service:
        status, answer = service.confirmed(kind="restore", backup=f"{number}_{root}")
        require(status == 200 and answer.get("outcome") == "succeeded", f"the restore ended so: {status} {str(answer)[:700]}")
    found = contents(world)
    require(found == before, f"the restored memory differs: {sqlite.differences(found, before)[:3]}")
    damage = sqlite.is_whole(str(world.memory))
    require(damage == faults, f"the restored memory is damaged: {damage[:3]}; before: {faults[:3]}")


def run(lab, report, options):
    seed = report.seed * 100_000
    if options.case:
        return one(lab, int(options.case[0]), report)
    count = 5 if options.quick else 1 << 30
    while report.left() > 0 and report.cases < count and not options.is_enough(report):
        one(lab, seed, report)
        seed += 1
