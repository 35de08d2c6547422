# SPDX-License-Identifier: MIT
"""An application that commits all the time while a pass runs: its longest wait, beside the time for which the pass says it held the
write lock. SQLite's own busy handler looks for the lock every 100 ms, which the application's wait includes."""

import collections
import json
import subprocess
import sys

from measuring import median

# Commits until its standard input ends, and prints how often it did and the longest commit in milliseconds.
WRITER = """
import select, sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=600, isolation_level=None)
connection.execute(f"PRAGMA journal_mode = {sys.argv[2]}")
count, longest = 0, 0.0
while not select.select([sys.stdin], [], [], 0.004)[0]:
    start = time.monotonic()
    connection.execute("INSERT INTO memory_entries (category, content, timestamp) VALUES ('writer', ?, 1)", (str(count),))
    longest = max(longest, time.monotonic() - start)
    count += 1
    if count == 3:
        print("begun", flush=True)
print(count, longest * 1000)
"""


def one_pass(bench, memory, mode):
    """The outcome of a pass, the milliseconds of its lock, and the commits and the longest wait of the application."""
    folder, state = bench.fresh("watched", memory), bench.fresh("state")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder / ".claude-memory.db", mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if writer.stdout.readline() != "begun\n":
            sys.exit("bench: the application that writes has ended early")
        done = subprocess.run(bench.command(folder, state), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        count, longest = writer.communicate()[0].split()
    finally:
        writer.kill()
        writer.wait()
    try:
        operation = json.loads(done.stdout)["data"]["items"][0]["operation"]
    except (ValueError, LookupError):
        sys.exit(f"bench: exit status {done.returncode} and no operation beside an application that writes")
    locked = (operation.get("result") or {}).get("lockedMilliseconds", 0)
    return operation["outcome"], locked, int(count), float(longest)


def run(bench, memory, rounds):
    print(f"\nAn application that commits every 4 ms beside a pass, {rounds} rounds")
    for mode in ("wal", "delete"):
        outcomes, locked, counts, waits = zip(*(one_pass(bench, memory, mode) for _ in range(rounds)))
        told = ", ".join(f"{count} {outcome}" for outcome, count in collections.Counter(outcomes).items())
        print(
            f"  {mode:7} longest wait {max(waits):6.0f} ms, median of the longest {median(waits):6.0f} ms   "
            f"lock held {max(locked):6.0f} ms at most   {median(counts):.0f} commits   {told}")
