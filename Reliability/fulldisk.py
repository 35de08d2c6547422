# SPDX-License-Identifier: MIT
"""Filesystems that are full, at every step of 64 KiB, under the vault and under the memory; and what has to work with no block left."""

import contextlib
import os
import random
import shutil
import subprocess
import threading
import time

from lab import Page
from scenarios import Migrate, Prune, Restore
from truth import contents, describe, expect_backups, expect_clean, expect_ended, expect_one_of, expect_settled, expect_truth, journal, require

PART = "fulldisk"
WHAT = "the vault's or the memory's filesystem is full at every step of 64 KiB; with no block left, listing, verifying, pruning and restoring go on"
STEP = 64 << 10


class Disk:
    """A small filesystem of its own at a folder of the world."""

    def __init__(self, folder, size, kind="tmpfs"):
        self.folder = folder
        if kind == "tmpfs":
            mount("-t", "tmpfs", "-o", f"size={size},mode=700", "none", folder)
        else:
            self.image = folder.with_name(folder.name + ".image")
            with open(self.image, "wb") as file:
                file.truncate(size)
            # Small blocks and no reserve for root, so that full means full.
            subprocess.run(["mkfs.ext4", "-q", "-b", "1024", "-m", "0", "-F", self.image], check=True)
            mount("-o", "loop", self.image, folder)
        self.kind = kind

    def free(self):
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leave=0):
        """Takes all blocks but `leave` bytes of them."""
        with open(self.folder / "filler", "ab", buffering=0) as file:
            while (rest := self.free() - leave) > 0:
                try:
                    file.write(bytes(min(rest, 1 << 20)))
                except OSError:
                    break

    def empty(self):
        (self.folder / "filler").unlink(missing_ok=True)

    def end(self):
        subprocess.run(["umount", "-l", self.folder], stderr=subprocess.DEVNULL)
        if self.kind != "tmpfs":
            self.image.unlink(missing_ok=True)


def mount(*words):
    done = subprocess.run(["mount", *words], stderr=subprocess.PIPE, text=True)
    require(done.returncode == 0, f"no filesystem can be mounted: {done.stderr.strip()}")


def pass_on_full(scenario, place, leave, moment, report):
    """A first pass on a filesystem under the vault or the memory that has `leave` bytes from its call number `moment` on; then one with room."""
    world = scenario.world
    name = f"{place} with {leave >> 10} KiB left" + (f" from call {moment} on" if moment else "")
    world.reset()
    folder = world.state if place == "vault" else world.project
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} if folder.exists() else {}
    folder.mkdir(exist_ok=True)
    # A backup is not even begun with less than 64 MiB free.
    disk = Disk(folder, 100 << 20)
    world.beside = [folder / "filler"]
    try:
        with report.case(name) as case:
            for file, data in content.items():
                (folder / file).write_bytes(data)
            filler = threading.Thread(target=fill_at, args=(world.page, disk, leave))
            if moment:
                world.page.set(Page.WAIT, moment)
                filler.start()
            else:
                world.page.set(armed=False)
                disk.fill(leave)
            result = world.once(interposed=True)
            world.page.arm(False)
            if moment:
                filler.join()
            expect_ended(result)
            state = expect_one_of(world, scenario.states, "on the full disk")
            for claim in result.told():
                expect_truth(claim, state, scenario.meaning, f"the pass, exit status {result.status},")
            require(result.status in (0, 7, 1, 8, 5), f"the pass ended with {describe(result.status)}: {result.problem()}")
            require(result.status != 0 or state == "new", f"exit status {result.status}, and the memory is {state}")
            expect_backups(world, [])
            disk.empty()
            after = world.once()
            require(after.status == 0, f"with room again the pass ends with {after.status}: {after.problem()}")
            expect_settled(world, scenario.meaning, {"new": scenario.states["new"]}, [], after)
            case.name = f"{name}: exit status {result.status}"
            return result.status
    finally:
        world.page.arm(False)
        disk.end()


def fill_at(page, disk, leave):
    """Fills the disk when the program waits at the chosen call, and lets it go on."""
    while page.is_armed() and not page.read()[1]:
        time.sleep(0.001)
    if page.is_armed():
        disk.fill(leave)
        page.arm(False)


@contextlib.contextmanager
def state_on(world, kind):
    """Puts the world's state folder, with its content, on a small filesystem for as long as the block runs."""
    world.reset()
    parked = world.lab.folder / "parked"
    shutil.rmtree(parked, ignore_errors=True)
    world.state.rename(parked)
    world.state.mkdir()
    disk = Disk(world.state, 24 << 20, kind)
    try:
        shutil.copytree(parked, world.state, dirs_exist_ok=True)
        yield disk
    finally:
        disk.end()
        shutil.rmtree(parked, ignore_errors=True)


def nothing_left(scenario, kind, report):
    """No block is left under the vault: backups are listed and verified, a prune gives room, a restore works when it can."""
    world, name = scenario.world, f"a vault on {kind} without a free block"
    with report.case(name), state_on(world, kind) as disk:
        before, backups = contents(world), len(world.backups())
        with world.serve() as service:
            require(service.is_ready, "the daemon does not start")
            disk.fill()
            status, listed = service.ask("GET", "/v1/backups")
            require(status == 200 and len(listed["items"]) == backups, f"with a full disk the backups are listed so: {status} {listed}")
            status, answer = service.ask("GET", "/v1/status")
            require(status == 200, f"no status with a full disk: {status} {answer}")
            status, answer = service.operation(kind="backup", store=world.store())
            require(status is not None and (answer.get("outcome") or "failed") != "succeeded", f"a backup without a free block succeeds: {answer}")
            require(contents(world) == before, "the memory was changed")
            status, answer = service.operation(kind="verify", backup=scenario.newest())
            require(status == 200 and answer.get("outcome") == "succeeded", f"with a full disk a verification ended so: {status} {answer}")
            # The filler stands for the files of other programs, which stay.
            status, answer = service.confirmed(kind="restore", backup=scenario.newest())
            done = isinstance(answer, dict) and answer.get("outcome") == "succeeded"
            require(contents(world) == (scenario.states["new"] if done else before), f"a restore left neither state: {answer}")
        disk.empty()
        after = world.once()
        expect_ended(after)
        disk.fill()
        verified = world.once("--verify-backups")
        require(verified.status in (0, 7), f"--verify-backups with a full disk ends with {verified.status}: {verified.problem()}")
        disk.empty()
        require(not [one for one in journal(world) if one["state"] != "settled"], "an operation is open")
        expect_clean(world)


def prune_on_full(scenario, kind, report):
    """A prune with no block left removes what its plan says."""
    world, name = scenario.world, f"a prune on {kind} without a free block"
    with report.case(name), state_on(world, kind) as disk:
        before = len(world.backups())
        with world.serve() as service:
            require(service.is_ready, "the daemon does not start")
            disk.fill()
            status, answer = service.confirmed(kind="prune")
            require(status == 200 and answer.get("outcome") == "succeeded", f"the prune ended so: {status} {answer}")
        require(len(world.backups()) < before, "the prune removed nothing")
        expect_backups(world, scenario.kept)
        disk.empty()
        expect_clean(world)


def run(lab, report, options):
    if os.geteuid() != 0:
        return report.note("not run: only root may mount a filesystem")
    draw = random.Random(report.seed)
    migrate = Migrate(lab)
    if options.quick:
        for place, leave, moment in (("vault", 0, migrate.calls // 4), ("memory", 0, migrate.calls - 40)):
            pass_on_full(migrate, place, leave, moment, report)
        return
    prune, restore = Prune(lab), Restore(lab)
    kinds = ("tmpfs", "ext4") if shutil.which("mkfs.ext4") else ("tmpfs",)
    for kind in kinds:
        nothing_left(restore, kind, report)
        prune_on_full(prune, kind, report)
    # Step by step up to more than is needed, from the start and from any call on, in an order that is drawn.
    steps = [(place, step * STEP, moment) for place in ("vault", "memory") for step in range(0, 33)
             for moment in (0, *sorted(draw.sample(range(1, migrate.calls + 1), 6)))]
    draw.shuffle(steps)
    ended = {}
    for place, leave, moment in steps:
        if report.left() <= 0 or options.is_enough(report):
            break
        status = pass_on_full(migrate, place, leave, moment, report)
        ended[place, status] = ended.get((place, status), 0) + 1
    report.note(", ".join(f"{place} exit status {status}: {count}" for (place, status), count in sorted(ended.items(), key=str)))
