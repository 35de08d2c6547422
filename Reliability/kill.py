# SPDX-License-Identifier: MIT
"""Ends the process with SIGKILL at a call that changes something, before it, after it and in the middle of a write; and at random moments."""

import random
import re

from lab import Finding, Page
from scenarios import SQLITE, by_turns
from truth import describe, expect_one_of, expect_settled, require

PART = "kill"
WHAT = "SIGKILL before, after and in the middle of every call that changes a file or speaks to a server, then a plain restart"
WAYS = {Page.KILL_BEFORE: "before", Page.KILL_AFTER: "after", Page.TEAR: "within"}

def one(scenario, action, target, report):
    """One death and the restart after it."""
    world = scenario.world
    result, met, call = scenario.disturb(action, target)
    name = f"{scenario.name}:{WAYS[action]}:{target} ({call})"
    if met:
        check(scenario, name, result, report)
    else:
        report.passed(name + ": not reached")

def check(scenario, name, result, report):
    world = scenario.world
    with report.case(name):
        require(result is None or result.status == -9, f"the process went on: {result and describe(result.status)}")
        state = expect_one_of(world, scenario.states, "after the death")
        after = scenario.restart()
        report.longest_restart = max(report.longest_restart, after.seconds)
        state = expect_settled(world, scenario.meaning, scenario.states, scenario.kept, after)
        require(state in scenario.ends, f"after the restart the memory is in the state {state}")

def at_random(scenario, moment, report):
    """A death after `moment` seconds, wherever the process is then."""
    world = scenario.world
    world.reset()
    try:
        world.once(patience=moment)
    except Finding:
        pass
    check(scenario, f"{scenario.name} killed after {moment * 1000:.0f} ms", None, report)

def deaths(scenario, draw):
    """Every death of a work, (action, target): first one at each kind of call and place, then the second ones, and so on."""
    places = {}
    for target in range(1, scenario.calls + 1):
        call = scenario.trace.get(target, "?")
        place = re.sub(r"[0-9a-f]{6,}|[0-9A-Z]{26}|\d+", "#", call)
        for action in WAYS:
            if action != Page.TEAR or "write" in call.split()[0]:
                places.setdefault((place, action), []).append((action, target))
    queues = list(places.values())
    for queue in queues:
        draw.shuffle(queue)
    draw.shuffle(queues)
    return by_turns(queues)

def run(lab, report, options, kinds=SQLITE, quick=("migrate", "restore")):
    draw = random.Random(report.seed)
    scenarios = [kind(lab) for kind in options.choose(kinds, quick)]
    if options.case:
        way = next(action for action, name in WAYS.items() if name == options.case[1])
        return one(scenarios[0], way, int(options.case[2]), report)
    order = by_turns([[(scenario, *death) for death in deaths(scenario, draw)] for scenario in scenarios])
    done = 0
    for scenario, action, target in order[:8] if options.quick else order:
        if report.left() <= 0 or options.is_enough(report):
            break
        one(scenario, action, target, report)
        done += 1
        if done % 10 == 0:
            at_random(scenario, draw.uniform(0, scenario.seconds), report)
    if not options.quick:
        calls = ", ".join(f"{scenario.name} {scenario.calls}" for scenario in scenarios)
        report.note(f"calls of each work: {calls}; {done:,} of {len(order):,} deaths at calls; the longest restart took {report.longest_restart:.1f} s")
