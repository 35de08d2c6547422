#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""writer.py MEMORY ACKNOWLEDGED NAME SEED PAUSE: writes entries as the application does, at most PAUSE seconds apart, each with the hash of the one before it.

What is committed is noted in ACKNOWLEDGED, a line each, after COMMIT has returned. It ends when its standard input is closed.
"""

import hashlib
import random
import select
import sqlite3
import sys


def main():
    memory, acknowledged, name, seed, pause = sys.argv[1:]
    draw, chain, number = random.Random(int(seed)), "", 0
    connection = sqlite3.connect(memory, timeout=10, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute(f"PRAGMA synchronous = {draw.choice(['OFF', 'NORMAL', 'FULL'])}")
    with open(acknowledged, "a", buffering=1) as notes:
        while not select.select([sys.stdin], [], [], draw.uniform(0, float(pause)))[0]:
            following = hashlib.sha256(f"{chain}{name}{number}".encode()).hexdigest()
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(
                    "INSERT INTO memory_entries (category, content, metadata, timestamp) VALUES (?, ?, ?, ?)",
                    (name, following, str(number), number))
                if draw.random() < 0.2:
                    connection.execute("UPDATE memory_entries SET timestamp = timestamp + 0 WHERE category = ? AND metadata = ?", (name, str(number)))
                connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if "locked" in str(error) or "busy" in str(error) or "schema has changed" in str(error):
                    continue
                print(error, file=sys.stderr)
                raise
            chain, number = following, number + 1
            notes.write(f"{name} {number - 1} {following}\n")


main()
