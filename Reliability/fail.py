# SPDX-License-Identifier: MIT
"""Lets calls fail, once and from then on, with every error that a disk, a quota or a limit gives; and lets them move fewer bytes than asked."""

import errno
import random

from lab import Finding, Page
from scenarios import SQLITE, by_turns
from truth import describe, expect_ended, expect_one_of, expect_settled, expect_truth, require

PART = "fail"
WHAT = "every call on a file fails with EIO, ENOSPC, EDQUOT, EMFILE, ENOMEM, EACCES, EROFS or EINTR, once and from then on, or is short"
CHANGES = Page.WRITES | Page.NAMES | Page.CREATES | Page.TRUNCATES
# Which calls give which error, and whether it can last: no call fails with EINTR for ever.
ERRORS = {
    "EIO": (CHANGES | Page.SYNCS | Page.READS | Page.OPENS | Page.MAPS | Page.CLOSES, True),
    "ENOSPC": (CHANGES | Page.SYNCS, True),
    "EDQUOT": (CHANGES | Page.SYNCS, True),
    "EMFILE": (Page.CREATES | Page.OPENS, True),
    "ENOMEM": (Page.CREATES | Page.OPENS | Page.NAMES | Page.MAPS, True),
    "EACCES": (Page.CREATES | Page.OPENS | Page.NAMES, True),
    "EROFS": (Page.CREATES | Page.NAMES | Page.TRUNCATES, True),
    "EINTR": (Page.WRITES | Page.READS | Page.SYNCS | Page.CREATES | Page.OPENS | Page.TRUNCATES | Page.CLOSES, False),
    "short": (Page.WRITES | Page.READS, False),
}
WAYS = {Page.FAIL_ONCE: "once", Page.FAIL_ON: "on", Page.SHORT: "short"}

def one(scenario, name, action, target, classes, within, report):
    """One failing call, what is said of it, and the restart after it."""
    world = scenario.world
    label = f"{scenario.name}:{name}:{WAYS[action]}:{target}" + (f" within {within}" if within else "")
    with report.case(label) as case:
        result, met, call = scenario.disturb(action, target, classes, getattr(errno, name, 0), within)
        case.name += f" ({call})" if met else ": not reached"
        if not met:
            return
        state = expect_one_of(world, scenario.states, "after the failure")
        if result:
            expect_ended(result)
            for claim in result.told():
                if not (scenario.name == "recovery" and result.is_refusal() and claim == "untouched"):
                    expect_truth(claim, state, scenario.meaning, f"the pass, exit status {result.status},")
            # A call that moves fewer bytes than asked has not failed; a sync that fails has, and what it was for is not trusted.
            require(name != "short" or result.status == scenario.status, f"the pass ends with {result.status}: {result.problem()}")
            if call.startswith("fsync") and "/.incoming/" in call and name != "EINTR":
                require(result.status != 0, f"a backup that was not synced is relied on: {result.output[-300:]}")
            require(result.status != 0 or state in scenario.ends, f"the pass ended with 0 and the memory is in the state {state}")
        else:
            told(scenario, state)
        after = scenario.restart()
        state = expect_settled(world, scenario.meaning, scenario.states, scenario.kept, after, may_need_attention=True)
        if state != "attention" and scenario.name in ("migrate", "migrate-wal", "recovery") and after.status != 0:
            raise Finding(f"the next pass ends with {after.status}: {after.output[-600:]}")

def lie(scenario, target, report):
    """A write into the vault that keeps a wrong byte and says nothing: what it was for is not published."""
    world, label = scenario.world, f"{scenario.name}:lie:{target}"
    with report.case(label) as case:
        result, met, call = scenario.disturb(Page.LIE, target, Page.WRITES, within="/.incoming/")
        case.name += f" ({call})" if met else ": not reached"
        if not met:
            return
        expect_ended(result)
        state = expect_one_of(world, scenario.states, "after the wrong byte")
        for claim in result.told():
            expect_truth(claim, state, scenario.meaning, f"the pass, exit status {result.status},")
        require(not call.split("/")[-1].startswith("data.db") or (result.status != 0 and state == "old"),
                f"a backup with a wrong byte is relied on, exit status {result.status}")

def told(scenario, state):
    """What the daemon answered has to be true."""
    status, answer = scenario.answer
    ended = scenario.ended
    require(ended >= 0 or ended == -15, f"the daemon ended with {describe(ended)}")
    if not isinstance(answer, dict):
        return
    claim = answer.get("dataState")
    if answer.get("outcome") == "succeeded" or claim in ("migratedVerified", "restoredVerified"):
        require(state in scenario.ends and scenario.is_done(state), f"the daemon says {answer.get('outcome')}, {claim}; the memory is {state}")
    elif claim and scenario.name not in ("backup", "prune"):
        expect_truth(claim, state, scenario.meaning, "the daemon")

def telling(scenario, draw):
    """Failures that are rare among all calls and tell much: in the vault's staging, at the memory's syncs, and after the work is settled."""
    vault, memory = "/.incoming/", "/project/"
    queues = [[(scenario, target) for target in range(1, scenario.count(Page.WRITES, vault) + 1)]]
    for name, action, classes, within, last in (
            ("EIO", Page.FAIL_ONCE, Page.SYNCS, vault, 99), ("short", Page.SHORT, Page.WRITES, vault, 99), ("EIO", Page.FAIL_ON, Page.OPENS, "/vault/", 6),
            ("EIO", Page.FAIL_ONCE, Page.SYNCS | Page.NAMES, memory, 99), ("EIO", Page.FAIL_ON, Page.SYNCS | Page.NAMES, memory, 99)):
        count = scenario.count(classes, within)
        queues.append([(scenario, name, action, target, classes, within) for target in range(max(1, count - last), count + 1)])
    for queue in queues:
        draw.shuffle(queue)
    return by_turns(queues)

def run(lab, report, options):
    draw = random.Random(report.seed)
    scenarios = [kind(lab) for kind in options.choose(SQLITE, quick=("migrate",))]
    if options.case:
        name, way, target = options.case[1:]
        action = next(action for action, word in WAYS.items() if word == way)
        return one(scenarios[0], name, action, int(target), ERRORS[name][0], "", report)
    chosen = by_turns([telling(scenario, draw) for scenario in scenarios if scenario.name.startswith("migrate")])
    for case in chosen[:12] if options.quick else chosen:
        if report.left() <= 0 or options.is_enough(report):
            break
        lie(*case, report) if len(case) == 2 else one(*case, report)
    if report.left() <= 0:
        return
    queues = []
    for scenario in scenarios:
        for name, (classes, can_last) in ERRORS.items():
            if options.quick and name not in ("EIO", "ENOSPC", "EMFILE"):
                continue
            count = scenario.count(classes)
            actions = (Page.SHORT,) if name == "short" else (Page.FAIL_ONCE, Page.FAIL_ON) if can_last else (Page.FAIL_ONCE,)
            queue = [(scenario, name, action, target, classes, "") for target in range(1, count + 1) for action in actions]
            draw.shuffle(queue)
            queues.append(queue)
    turns = by_turns(queues)
    total, done = len(turns), 0
    turns = turns[:6] if options.quick else turns
    for case in turns:
        if report.left() <= 0 or options.is_enough(report):
            break
        one(*case, report)
        done += 1
    if not options.quick:
        report.note(f"{done:,} of {total:,} failures")
