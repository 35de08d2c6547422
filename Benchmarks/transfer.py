# SPDX-License-Identifier: MIT
"""A memory from its SQLite file into PostgreSQL: the whole operation beside pgloader, and beside COPY of the same rows already converted.

Ours takes a proved backup, reads every row back and keeps what does not fit; pgloader does none of that, and loses what does not fit. It
is tuned: with its own settings it runs out of memory on a file of this size. COPY is what the server itself takes for the rows, with
nobody who reads, converts, hashes or verifies them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from cluster import Cluster, programs
from daemon import Daemon
from measuring import MEGA, measure, median, step_seconds, verdict

LIMIT_RATIO = 1 / 3
LIMIT_RSS_MB = 64

LOAD = """
LOAD DATABASE
    FROM sqlite://{memory}
    INTO postgresql://postgres@unix:{socket}:5432/{database}
    WITH batch rows = 500, prefetch rows = 1000
    CAST type timestamp to text;
"""


class Ours:
    """Transfers by a daemon of its own, one a round."""

    def __init__(self, bench, control, cluster, memory):
        self.bench, self.control, self.cluster, self.memory = bench, control, cluster, memory
        self.seconds, self.above_idle, self.steps, self.phases = [], [], {}, {}

    def run(self):
        self.cluster.clone("ours", "template0")
        daemon = Daemon(self.bench, self.bench.fresh("watched", self.memory), self.bench.fresh("state"))
        try:
            while not (stores := daemon.get("/v1/stores")["items"]):
                pass
            idle = daemon.fact("status", "VmRSS:")
            # The peak begins anew: see clear_refs in proc(5).
            Path(f"/proc/{daemon.child.pid}/clear_refs").write_text("5")
            command = [self.control, "transfer", stores[0]["id"], "--to", self.cluster.url("ours") + "#shop"]
            seconds, _, output = measure([*command, "--json", "--socket", daemon.path])
            peak = daemon.fact("status", "VmHWM:")
        finally:
            daemon.stop()
        operation = json.loads(output)["data"]
        if operation["outcome"] != "succeeded":
            sys.exit(f"bench: the transfer ended with {json.dumps(operation['error'])}")
        self.seconds.append(seconds)
        self.above_idle.append((peak - idle) * 1024 / MEGA)
        for step, spent in step_seconds(operation).items():
            self.steps.setdefault(step, []).append(spent)
        for phase, spent in operation["result"]["seconds"].items():
            self.phases.setdefault(phase, []).append(spent)
        self.rows = sum(table["loaded"] for table in operation["result"]["tables"])


class Loader:
    """pgloader, tuned so that it gets through."""

    def __init__(self, bench, cluster, memory):
        self.bench, self.cluster, self.memory = bench, cluster, memory
        self.seconds, self.peaks, self.rows = [], [], 0

    def run(self):
        self.cluster.clone("theirs", "template0")
        folder = self.bench.fresh("peer", self.memory)
        script = folder / "load"
        script.write_text(
            LOAD.format(memory=folder / ".claude-memory.db", socket=self.cluster.folder, database="theirs"))
        seconds, peak, _ = measure(["pgloader", "--root-dir", folder, script], cwd=folder)
        self.seconds.append(seconds)
        self.peaks.append(peak / MEGA)
        self.rows = int(self.cluster.psql(
            """
            SELECT coalesce(sum((xpath('/row/c/text()', query_to_xml(
                format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint), 0)
            FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
            """, "theirs"))


class Limit:
    """COPY of what a transfer loaded, into tables without a row."""

    def __init__(self, bench, cluster):
        self.bench, self.cluster, self.seconds = bench, cluster, []

    def run(self):
        folder = self.bench.fresh("peer")
        tables = self.cluster.psql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY tablename = 'sessions' DESC, tablename",
            "ours").split()
        for table in tables:
            self.cluster.shell(f"psql -Xqd ours -c '\\copy shop.{table} TO {folder}/{table} (FORMAT binary)'", folder)
        self.cluster.clone("bare", "template0")
        self.cluster.shell("pg_dump -sn shop ours | psql -Xqd bare >log", folder)
        load = "\n".join(f"\\copy shop.{table} FROM {folder}/{table} (FORMAT binary)" for table in tables)
        (folder / "load.sql").write_text(f"BEGIN;\n{load}\nCOMMIT;\n")
        self.seconds.append(self.cluster.shell("psql -Xq -v ON_ERROR_STOP=1 -d bare -f load.sql", folder))


def run(bench, control, memory, rounds, parent):
    if programs() is None:
        print("\nNo transfer: there is no PostgreSQL server.")
        return
    if shutil.which("pgloader") is None:
        print("\nNo transfer: pgloader is not there.")
        return
    settings = bench.config.read_text()
    bench.config.write_text(settings + "migrate: {mode: 'off'}\n")
    try:
        with Cluster(programs(), parent) as cluster:
            ours, loader, limit = Ours(bench, control, cluster, memory), Loader(bench, cluster, memory), Limit(bench, cluster)
            for number in range(rounds):
                for side in (ours, loader) if number % 2 == 0 else (loader, ours):
                    side.run()
                limit.run()
    finally:
        bench.config.write_text(settings)
        for leftover in ("watched", "state", "peer"):
            shutil.rmtree(bench.work / leftover, ignore_errors=True)

    wall, theirs, bare = median(ours.seconds), median(loader.seconds), median(limit.seconds)
    ratio = median([a / b for a, b in zip(ours.seconds, loader.seconds)])
    version = subprocess.run(["pgloader", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    print(f"\nA transfer of {memory.stat().st_size / MEGA:.0f} MB into PostgreSQL, {rounds} rounds, medians")
    print(f"  whole operation     {wall:7.2f} s   {ours.rows} rows loaded")
    print(f"  {version:19} {theirs:7.2f} s   {loader.rows} rows loaded; ratio {ratio:.2f}, {verdict(ratio, LIMIT_RATIO)} the limit of {LIMIT_RATIO:.2f}")
    print(f"  COPY alone          {bare:7.2f} s   ratio {wall / bare:.2f}")
    print("  steps               " + ", ".join(f"{step} {median(values):.2f}" for step, values in ours.steps.items()))
    print("  of the transfer     " + ", ".join(f"{phase} {median(values):.2f}" for phase, values in ours.phases.items()))
    peak = max(ours.above_idle)
    print(f"  memory above idle   {peak:7.0f} MB  {verdict(peak, LIMIT_RSS_MB)} the limit of {LIMIT_RSS_MB} MB; pgloader {max(loader.peaks):.0f} MB")
