# SPDX-License-Identifier: MIT
"""Asks the daemon to stop in the middle of its work, at moments that are drawn: it ends by itself, with 0, soon, and in order."""

import random
import threading
import time

from scenarios import Restore
from truth import contents, describe, expect_ended, require

PART = "stops"
WHAT = "SIGTERM in the middle of a backup, a plan or a restore: the daemon ends with 0 within 5 s, and the next start has nothing to ask"


def at_once(scenario, report):
    """SIGTERM at the moment at which the daemon says that it is ready."""
    world = scenario.world
    world.reset()
    with report.case("SIGTERM at READY=1"):
        with world.serve() as service:
            require(service.is_ready, "the daemon was not ready")
        require(service.child.returncode == 0, f"the daemon ended with {describe(service.child.returncode)}")


def one(scenario, moment, report):
    world, name = scenario.world, f"SIGTERM {moment * 1000:.0f} ms after a request"
    with report.case(name):
        world.reset()
        with world.serve() as service:
            require(service.is_ready, "the daemon was not ready")
            asker = threading.Thread(target=service.confirmed, kwargs={"kind": "restore", "backup": scenario.newest()})
            asker.start()
            time.sleep(moment)
            start = time.monotonic()
            service.stop()
            spent = time.monotonic() - start
            asker.join()
        ended = service.child.returncode
        require(ended == 0, f"the daemon ended with {describe(ended)}: {(world.lab.folder / f'{world.name}.log').read_text(errors='replace')[-300:]}")
        require(spent < 5, f"the daemon took {spent:.1f} s to stop")
        after = world.once()
        expect_ended(after)
        require(contents(world) in scenario.states.values(), "the memory is in none of the expected states")


def run(lab, report, options):
    draw = random.Random(report.seed)
    scenario = Restore(lab)
    for _ in range(3):
        at_once(scenario, report)
    while report.left() > 0 and not options.is_enough(report) and not (options.quick and report.cases >= 6):
        one(scenario, draw.uniform(0, 0.4), report)
