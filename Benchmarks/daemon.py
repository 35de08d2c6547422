# SPDX-License-Identifier: MIT
"""The daemon at rest and at its start: many idle memories, a vault full of backups, one change, and a large tree to watch."""

import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from measuring import MEGA, measure, median, verdict

LIMIT_CORE_PERCENT = 0.05
LIMIT_IDLE_MB = 40
LIMIT_READY_MS = 300
LIMIT_STATUS_MS = 50
SETTLE_MS = 1500
LIMIT_SEEN_MS = SETTLE_MS + 250


class Daemon:
    """`dementiad serve` under a service manager of our own, which hears READY=1."""

    def __init__(self, bench, folder, state, arguments=()):
        self.path = bench.work / "control.sock"
        notify = bench.work / "notify.sock"
        notify.unlink(missing_ok=True)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(str(notify))
        manager.settimeout(60)
        command = [bench.dementiad, "serve", "--config", bench.config, "--watch", folder, "--state-dir", state]
        command += ["--socket", self.path, *arguments] + (["--allow-root"] if os.geteuid() == 0 else [])
        self.log = open(bench.work / "daemon.log", "ab")
        start = time.monotonic()
        self.child = subprocess.Popen(command, stderr=self.log, env={**os.environ, "NOTIFY_SOCKET": str(notify)})
        try:
            while b"READY=1" not in manager.recv(65536).split(b"\n"):
                pass
        except TimeoutError:
            self.stop()
            sys.exit(f"bench: the daemon was not ready within a minute, see {self.log.name}")
        self.ready = time.monotonic() - start
        manager.close()

    def get(self, path):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.path))
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def watches(self):
        """How many watches the kernel holds for it."""
        count = 0
        for info in Path(f"/proc/{self.child.pid}/fdinfo").iterdir():
            count += info.read_text().count("inotify wd:")
        return count

    def seconds_used(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fact(self, file, name):
        for line in Path(f"/proc/{self.child.pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        sys.exit(f"bench: no {name} in /proc/PID/{file}")

    def stop(self):
        self.child.terminate()
        self.child.wait()
        self.log.close()


def many_memories(bench, memory, count):
    folder, state = bench.fresh("watched"), bench.fresh("state")
    for number in range(count):
        (folder / f"p{number}").mkdir()
        shutil.copyfile(memory, folder / f"p{number}" / ".claude-memory.db")
    bench.operations(measure(bench.command(folder, state))[2], count)
    return folder, state


def fill(state, total):
    """Makes more backups of those that are in the vault, each whole by every check that the catalogue makes."""
    stores = sorted((state / "vault" / "stores").iterdir())
    models = [(store, next(p for p in store.iterdir() if p.is_dir() and not p.name.startswith("."))) for store in stores]
    for number in range(len(stores), total):
        store, model = models[number % len(models)]
        manifest = json.loads((model / "MANIFEST.json").read_text())
        manifest["sequence"] = number + 1
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        sums = (model / "SHA256SUMS").read_text().splitlines()
        sums = [f"{hashlib.sha256(text).hexdigest()}  MANIFEST.json" if s.endswith("MANIFEST.json") else s for s in sums]
        sums = ("\n".join(sums) + "\n").encode()
        middle = model.name.split("_")[1:-1]
        copy = store / "_".join([f"{number + 1:06}", *middle, hashlib.sha256(sums).hexdigest()[:12]])
        copy.mkdir(mode=0o700)
        (copy / "MANIFEST.json").write_bytes(text)
        (copy / "SHA256SUMS").write_bytes(sums)
        payload = next(p for p in model.iterdir() if p.suffix == ".zst")
        os.link(payload, copy / payload.name)


def at_rest(bench, control, memory, count, backups, seconds, rounds):
    # The backups are made up, all of one day: without this the daemon would clear them away meanwhile.
    bench.config.write_text(f"backup: {{minFree: 64MiB, budget: 1TiB, keep: {{last: {backups}}}}}\n")
    folder, state = many_memories(bench, memory, count)
    fill(state, backups)
    ready = []
    for _ in range(rounds):
        daemon = Daemon(bench, folder, state)
        ready.append(daemon.ready * 1000)
        daemon.stop()
    daemon = Daemon(bench, folder, state)
    try:
        measure([control, "stores", "rescan", "--socket", daemon.path])
        shown = daemon.get("/v1/status")
        if shown["stores"]["byState"] != {"current": count} or shown["vault"]["backups"] != backups:
            sys.exit(f"bench: the daemon guards {shown['stores']['byState']} and {shown['vault']['backups']} backups")
        before = daemon.seconds_used(), daemon.fact("io", "write_bytes:"), time.monotonic()
        time.sleep(seconds)
        used, written = daemon.seconds_used() - before[0], daemon.fact("io", "write_bytes:") - before[1]
        percent = 100 * used / (time.monotonic() - before[2])
        resident = daemon.fact("status", "VmRSS:") * 1024 / MEGA
    finally:
        daemon.stop()
    print(f"\n{count} idle memories and {backups} backups")
    print(f"  start to READY      {median(ready):8.0f} ms     {verdict(median(ready), LIMIT_READY_MS)}   median of {rounds}")
    print(f"  processor           {percent:8.3f} %      {verdict(percent, LIMIT_CORE_PERCENT)}   of one core over {seconds} s")
    print(f"  written             {written / 1024:8.0f} KiB    {verdict(written, 0)}")
    print(f"  resident            {resident:8.1f} MB     {verdict(resident, LIMIT_IDLE_MB)}")


def one_change(bench, control, memory, rounds):
    folder, state = bench.fresh("watched", memory), bench.fresh("state")
    daemon = Daemon(bench, folder, state)
    seen = []
    try:
        measure([control, "stores", "rescan", "--socket", daemon.path])
        for number in range(rounds):
            project = folder / f"new{number}"
            project.mkdir()
            shutil.copyfile(memory, project / ".claude-memory.db")
            start = time.monotonic()
            while len(daemon.get("/v1/stores")["items"]) < number + 2:
                if time.monotonic() - start > 30:
                    sys.exit("bench: a new memory was not seen within 30 s")
                time.sleep(0.005)
            seen.append((time.monotonic() - start) * 1000)
    finally:
        daemon.stop()
    worst = max(seen)
    print(f"\na new memory is seen after, {rounds} rounds")
    print(f"  median, worst       {median(seen):8.0f} ms, {worst:.0f} ms   {verdict(worst, LIMIT_SEEN_MS)} {LIMIT_SEEN_MS} ms")


def arming(bench, control, memory, folders, rounds):
    """A large tree: seconds until everything is watched and seen, and watches, beside `inotifywait -r`."""
    folder = bench.fresh("watched", memory)
    for number in range(folders):
        (folder / f"{number // 1000:03}" / f"{number % 1000 // 10:02}" / f"{number % 10}").mkdir(parents=True, exist_ok=True)
    peer = ["inotifywait", "-m", "-r", "-e", "create", "-e", "moved_to", "-e", "delete", folder]
    ours, theirs, watches, other = [], [], 0, 0
    for _ in range(rounds):
        state = bench.fresh("state")
        start = time.monotonic()
        daemon = Daemon(bench, folder, state)
        measure([control, "stores", "rescan", "--socket", daemon.path])
        ours.append(time.monotonic() - start)
        watches = daemon.watches()
        daemon.stop()
        if shutil.which("inotifywait"):
            start = time.monotonic()
            child = subprocess.Popen(peer, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for line in child.stderr:
                if "Watches established" in line:
                    break
            theirs.append(time.monotonic() - start)
            other = sum(
                info.read_text().count("inotify wd:") for info in Path(f"/proc/{child.pid}/fdinfo").iterdir())
            child.terminate()
            child.wait()
    print(f"\na tree of {folders} projects' folders, {rounds} rounds, medians")
    print(f"  dementiad, all watched and looked at  {median(ours):6.2f} s   {watches} watches")
    if theirs:
        ratio = median([a / b for a, b in zip(ours, theirs)])
        print(f"  inotifywait -r, all watched           {median(theirs):6.2f} s   {other} watches   ratio {ratio:.2f}")
    else:
        print("  inotifywait is not installed")


def status(bench, control, memory, rounds):
    """`dementiactl status` from the start of the process to its end, beside curl asking the same socket."""
    daemon = Daemon(bench, bench.fresh("watched", memory), bench.fresh("state"))
    try:
        measure([control, "stores", "rescan", "--socket", daemon.path])
        ask = [control, "status", "--socket", daemon.path]
        curl = ["curl", "-s", "--unix-socket", daemon.path, "http://localhost/v1/status"]
        ours, peers = [], []
        for _ in range(rounds):
            ours.append(measure(ask)[0] * 1000)
            peers.append(measure(curl)[0] * 1000)
    finally:
        daemon.stop()
    ratio = median([a / b for a, b in zip(ours, peers)])
    print(f"\ndementiactl status, the whole process, {rounds} rounds, medians")
    print(f"  dementiactl {median(ours):7.1f} ms   {verdict(median(ours), LIMIT_STATUS_MS)}")
    print(f"  curl        {median(peers):7.1f} ms   ratio {ratio:.2f}")


def run(bench, control, memory, options):
    if shutil.which("curl"):
        status(bench, control, memory, options.rounds)
    one_change(bench, control, memory, options.rounds)
    arming(bench, control, memory, options.folders, options.large_rounds)
    at_rest(bench, control, memory, options.idle_memories, options.backups, options.idle_seconds, options.rounds)
