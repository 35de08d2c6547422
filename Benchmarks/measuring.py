# SPDX-License-Identifier: MIT
"""What every measurement here is made of: a timed process, a pass of dementiad, a median."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
MEGA = 1e6


def measure(command, **options):
    """Seconds, peak resident bytes and standard output of `command`, which has to succeed."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"bench: exit status {child.returncode} from {command}\n{output.decode(errors='replace')}")
    return seconds, usage.ru_maxrss * 1024, output


def shell(text, folder, **options):
    return measure(["/bin/sh", "-ec", text], cwd=folder, **options)[0]


def median(values):
    return statistics.median(values)


def verdict(value, limit):
    return "within" if value <= limit else "ABOVE"


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def step_seconds(operation):
    """Seconds per step of `operation`, as the journal tells them."""
    steps = {}
    for step in operation["steps"]:
        spent = moment(step["finishedAt"]) - moment(step["startedAt"])
        steps[step["kind"]] = steps.get(step["kind"], 0) + spent
    return steps


class Bench:
    def __init__(self, dementiad, work):
        self.dementiad = Path(dementiad).resolve()
        self.work = work
        self.config = work / "dementiad.yaml"
        self.config.write_text("backup: {minFree: 64MiB}\n")

    def fresh(self, name, memory=None):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if memory:
            shutil.copyfile(memory, folder / ".claude-memory.db")
        return folder

    def command(self, place, state, kind="--watch"):
        command = [self.dementiad, "once", "--json", "--config", self.config, kind, place, "--state-dir", state]
        return command + (["--allow-root"] if os.geteuid() == 0 else [])

    def operations(self, output, count):
        """The operations of a pass, which all have to have succeeded, as many as `count`."""
        items = [item["operation"] for item in json.loads(output)["data"]["items"]]
        failed = [item for item in items if item is None or item["outcome"] != "succeeded"]
        if failed:
            sys.exit(f"bench: {len(failed)} of {len(items)} memories were not migrated, the first one with {json.dumps(failed[0])}")
        if len(items) != count:
            sys.exit(f"bench: the pass found {len(items)} memories, not {count}")
        return items

    def one_pass(self, memory):
        """One first pass over a copy of `memory`: seconds, peak bytes and the operation."""
        folder, state = self.fresh("watched", memory), self.fresh("state")
        seconds, peak, output = measure(self.command(folder, state))
        return seconds, peak, self.operations(output, 1)[0]
