# SPDX-License-Identifier: MIT
"""What clients wait for while a large memory is backed up: 32 connections that ask again as soon as they are answered."""

import json
import selectors
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

from daemon import Daemon
from measuring import MEGA, measure, verdict

# As many as are served at a time; one of them follows the backup.
CONNECTIONS = 32
LIMIT_P99_MS = 50

# The same bytes, answered by the plainest server there is: what is left is the machine, the backup beside it and the client.
PEER = """
import asyncio, sys
answer = open(sys.argv[2], "rb").read()
async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            writer.write(answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    await server.serve_forever()
asyncio.run(main())
"""


def grow(memory, target, size):
    """A copy of `memory` with rows until it has `size` bytes; kept from run to run."""
    if target.exists() and target.stat().st_size >= size:
        return target
    shutil.copyfile(memory, target)
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA synchronous = OFF")
    number = 0
    while target.stat().st_size < size:
        connection.execute("""
            WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ? + 999)
            INSERT INTO context_locks (session_id, label, content, content_hash)
            SELECT 'bench', 'row' || i, hex(randomblob(16384)), hex(randomblob(16)) FROM n""", (number, number))
        connection.commit()
        number += 1000
    connection.close()
    return target


class Asker:
    """One connection that asks, and asks again when it is answered."""

    REQUEST = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.milliseconds = []
        self.ask()

    def ask(self):
        self.answer = b""
        self.start = time.monotonic()
        self.socket.sendall(self.REQUEST)

    def read(self):
        data = self.socket.recv(262144)
        if not data:
            sys.exit("bench: the server hung up")
        self.answer += data
        head, mark, body = self.answer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"bench: answered with {head.splitlines()[0]}")
        self.milliseconds.append((time.monotonic() - self.start) * 1000)
        self.ask()


def ask_while(path, is_going_on):
    """The times of all answers in milliseconds, in order of size, while `is_going_on`."""
    askers = [Asker(path) for _ in range(CONNECTIONS - 1)]
    with selectors.DefaultSelector() as selector:
        for asker in askers:
            selector.register(asker.socket, selectors.EVENT_READ, asker)
        checked = time.monotonic()
        while True:
            for key, _ in selector.select(1):
                key.data.read()
            if time.monotonic() - checked > 0.25:
                checked = time.monotonic()
                if not is_going_on():
                    break
    for asker in askers:
        asker.socket.close()
    return sorted(time for asker in askers for time in asker.milliseconds)


class Backup:
    """A backup that was asked for, and is looked at from time to time."""

    def __init__(self, control, daemon, store):
        command = [control, "backup", "create", store, "--no-wait", "--json", "--socket", daemon.path]
        self.operation = json.loads(measure(command)[2])["data"]
        self.operation = self.operation.get("items", [self.operation])[0]
        self.daemon = daemon
        self.start = time.monotonic()

    def is_going_on(self):
        record = self.daemon.get(f"/v1/operations/{self.operation['id']}")
        if record["state"] == "settled" and record["outcome"] != "succeeded":
            sys.exit(f"bench: the backup failed with {json.dumps(record['error'])}")
        return record["state"] != "settled"


def run(bench, control, memory, size):
    large = grow(memory, bench.work / f"grown-{size >> 20}.db", size)
    folder, state = bench.fresh("watched", large), bench.fresh("state")
    daemon = Daemon(bench, folder, state, ["--mode", "off"])
    try:
        measure([control, "stores", "rescan", "--socket", daemon.path])
        store = daemon.get("/v1/stores")["items"][0]["id"]
        backup = Backup(control, daemon, store)
        ours = ask_while(daemon.path, backup.is_going_on)
        seconds = time.monotonic() - backup.start
        # The next one has to find something new.
        connection = sqlite3.connect(folder / ".claude-memory.db")
        connection.execute("UPDATE context_locks SET lock_source = 'again' WHERE label = 'row1'")
        connection.commit()
        connection.close()
        theirs = peer(bench, control, daemon, store)
    finally:
        daemon.stop()
    ninety_nine = [times[int(len(times) * 0.99)] for times in (ours, theirs)]
    print(f"\nGET /v1/status by {CONNECTIONS} connections at once, while {large.stat().st_size / MEGA:.0f} MB are backed up ({seconds:.0f} s)")
    for name, times, p99 in (("dementiad", ours, ninety_nine[0]), ("asyncio, same bytes", theirs, ninety_nine[1])):
        line = f"  {name:20} p99 {p99:7.1f} ms, median {times[len(times) // 2]:6.1f} ms, worst {times[-1]:7.1f} ms, {len(times)} answers"
        print(line)
    print(f"  p99 {verdict(ninety_nine[0], LIMIT_P99_MS)} {LIMIT_P99_MS} ms, ratio {ninety_nine[0] / ninety_nine[1]:.2f}")


def peer(bench, control, daemon, store):
    """The same clients at the peer, beside another backup of the same memory."""
    body = json.dumps(daemon.get("/v1/status"), separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    (bench.work / "answer").write_bytes(head + body)
    path = bench.work / "peer.sock"
    path.unlink(missing_ok=True)
    server = subprocess.Popen([sys.executable, "-c", PEER, path, bench.work / "answer"])
    try:
        while not path.exists():
            time.sleep(0.01)
        return ask_while(path, Backup(control, daemon, store).is_going_on)
    finally:
        server.terminate()
        server.wait()
