# SPDX-License-Identifier: MIT
"""PostgreSQL: the backup of a large schema, many small schemas in one pass, and the migrations of one, beside pg_dump, zstd and psql.

Everything is on one private server with fsync on. Each round works on fresh copies of the same database, and the two sides take turns
in being the first one. The schemas are those of a server of November 2025, taken back to before migration 1, so that every migration
has work to do. The peers keep no ledger and take no digests; they prove, rehearse and verify nothing and sync no file of theirs."""

import array
import os
import random
import re
import shutil
import subprocess
import sys

from cluster import Cluster, programs
from measuring import HERE, MEGA, measure, median, step_seconds, verdict

FIXTURE = HERE / "Tests/Fixtures/postgres/05-6e4d665-project-name-default.sql"
MIGRATIONS = HERE / "Sources/Dementia/Migrations"
LIMIT_LOCKED_MS = 300


def section(name, newest_first=False):
    """The section `name` of every migration, with the schema as psql's variable, as it is in the files."""
    texts = []
    for path in sorted(MIGRATIONS.glob("postgres4_*.sql"), reverse=newest_first):
        parts = re.split(r"^-- (up|repair|down|verify)(?:: none)?$", path.read_text(), flags=re.MULTILINE)
        texts += [text for header, text in zip(parts[1::2], parts[2::2]) if header == name]
    return "\n".join(texts)


class World:
    """Databases with old schemas in them."""

    def __init__(self, bench, cluster):
        self.bench = bench
        self.cluster = cluster
        self.up = bench.work / "up.sql"
        self.up.write_text(section("up"))

    def make(self, database, schemas):
        """A database with these schemas, none of whose migrations are applied."""
        fixture = FIXTURE.read_text()
        old = fixture[fixture.index("CREATE SCHEMA ") + len("CREATE SCHEMA "):].split(";")[0]
        down = section("down", newest_first=True)
        self.cluster.psql(f"CREATE DATABASE {database};")
        for schema in schemas:
            text = re.sub(rf"\b{old}\b", schema, fixture)
            self.cluster.psql(f"BEGIN;\n{text}\n\\set schema {schema}\n{down}\nCOMMIT;", database)
        # The server would do it by itself, and in some round of its own choice.
        self.cluster.psql("VACUUM (ANALYZE);", database)

    def one_pass(self, database, count):
        """A first pass over `database`: seconds, peak bytes and the operations."""
        command = self.bench.command(self.cluster.url(database), self.bench.fresh("state"), "--postgres")
        seconds, peak, output = measure(command)
        return seconds, peak, self.bench.operations(output, count)

    def migrate(self, database, schema):
        """What the peer of a migration runs."""
        return f"psql -Xq1 -v ON_ERROR_STOP=1 -v schema={schema} -d {database} -f '{self.up}'"


def turns(number, *sides):
    """Runs `sides`, in every second round the last one first."""
    for side in sides if number % 2 == 0 else reversed(sides):
        side()


# MARK: A large schema


def words(size):
    """About `size` bytes of rows for context_locks, as COPY wants them: notes in a small vocabulary with names and numbers in them."""
    chance = random.Random(7)
    vocabulary = ["".join(chance.choices("etaoinshrdlucmfwypvbgk", k=chance.randint(2, 11))) for _ in range(4000)]
    # Frequent words stand in it often, and two random bytes choose one: fast enough for hundreds of megabytes.
    pool = chance.choices(vocabulary, [1 / (place + 8) for place in range(len(vocabulary))], k=1 << 16)
    done = number = 0
    while done < size:
        number += 1
        text = [pool[place] for place in array.array("H", chance.randbytes(24 * chance.randint(20, 120)))]
        for place in range(0, len(text), 12):
            text[place] = f"\\n{chance.getrandbits(40):x}"
        row = "\t".join(
            (f"inn_000{number % 2 + 1}", f"note_{number}", "1.0", " ".join(text), f"{chance.getrandbits(64):016x}",
             '{"tags": ["bench"], "priority": "reference"}', str(1757000000 + number / 4))) + "\n"
        done += len(row)
        yield row


def fill(cluster, database, schema, size):
    columns = "session_id, label, version, content, content_hash, metadata, locked_at"
    command = [cluster.bin / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database,
               "-c", f"SELECT setval('{schema}.context_locks_id_seq', 1000)",
               "-c", f"COPY {schema}.context_locks ({columns}) FROM STDIN"]
    with subprocess.Popen(command, env=cluster.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as child:
        child.stdin.writelines(words(size))
        child.stdin.close()
        if child.wait() != 0:
            sys.exit("bench: the large schema could not be filled")
    # Otherwise the first one who reads would clear up for all others.
    cluster.psql("VACUUM (FREEZE, ANALYZE);", database)


def large(world, megabytes, rounds):
    cluster, bench = world.cluster, world.bench
    world.make("large", ["memory"])
    fill(cluster, "large", "memory", megabytes * MEGA)
    # Our phase, and the stock tools that do the same work on the same bytes.
    peers = {
        "copy": ("pg_dump", "pg_dump -n memory -d peer >dump.sql"),
        "compress": ("zstd -3 -T2", "zstd -q -3 -T2 dump.sql -o dump.zst"),
        "prove": (
            "createdb, zstd -d, psql",
            "createdb -T template0 proof; zstd -dc dump.zst | psql -Xq1 -v ON_ERROR_STOP=1 -d proof >/dev/null"),
        "pipe": ("pg_dump | zstd -3 -T2", "pg_dump -n memory -d peer | zstd -q -3 -T2 -o pipe.zst"),
    }
    phases, theirs, walls, peaks, locked, steps = {}, {}, [], [], [], {}
    size = stored = 0

    def ours():
        seconds, peak, operations = world.one_pass("ours", 1)
        walls.append(seconds)
        peaks.append(peak)
        locked.append(operations[0]["result"]["lockedMilliseconds"])
        for phase, value in operations[0]["result"]["seconds"].items():
            phases.setdefault(phase, []).append(value)
        for step, value in step_seconds(operations[0]).items():
            steps.setdefault(step, []).append(value)

    def peer():
        nonlocal size, stored
        folder = bench.fresh("peer")
        for phase, (_, text) in peers.items():
            theirs.setdefault(phase, []).append(cluster.shell(text, folder))
        size, stored = (folder / "dump.sql").stat().st_size, (folder / "dump.zst").stat().st_size
        cluster.psql("DROP DATABASE proof;")
        bench.fresh("peer")

    for number in range(rounds):
        for name in ("ours", "peer"):
            cluster.clone(name, "large")
        turns(number, ours, peer)

    on_disk = int(cluster.psql("SELECT pg_database_size('large')", "large"))
    print(f"\nPostgreSQL, one schema of {size / MEGA:.0f} MB as a dump ({on_disk / MEGA:.0f} MB on the server, "
          f"{stored / MEGA:.0f} MB compressed), first pass, median of {rounds}")
    print("  phase          s      MB/s   peer                          s   ratio")
    for phase, (name, _) in peers.items():
        if phase not in phases:
            continue
        value, other = median(phases[phase]), median(theirs[phase])
        print(f"  {phase:9} {value:7.2f} {size / MEGA / value:9.0f}   {name:24} {other:7.2f}   {value / other:5.2f}")
    for phase in sorted(phases.keys() - peers.keys()):
        print(f"  {phase:9} {median(phases[phase]):7.2f} {size / MEGA / max(median(phases[phase]), 1e-3):9.0f}")
    pipe = median(theirs["pipe"])
    written = [sum(values) for values in zip(*(phases[phase] for phase in ("copy", "compress")))]
    print(f"  {'copy + compress':17}{median(written):.2f} s beside {pipe:.2f} s of {peers['pipe'][0]}: ratio {median(written) / pipe:.2f}")
    backup = median(steps["backup"])
    print(f"  {'whole backup':17}{backup:.2f} s: ratio {backup / pipe:.2f}. On top of that: a digest of every row, files synced, the")
    print("    dump read back from the archive, restored into a database of its own and every row compared there")
    print("  steps          s")
    for step, values in steps.items():
        print(f"  {step:9} {median(values):7.2f}")
    print(f"  whole pass {median(walls):.1f} s, locks held {median(locked) / 1000:.2f} s, "
          f"peak resident memory {max(peaks) / MEGA:.0f} MB (dementiad's own)")
    for name in ("ours", "peer", "large"):
        cluster.psql(f"DROP DATABASE {name};")


# MARK: Small schemas


def many(world, count, rounds):
    cluster, bench = world.cluster, world.bench
    schemas = [f"project_{number}" for number in range(count)]
    world.make("small", schemas)
    walls, theirs, peaks = [], [], []

    def ours():
        seconds, peak, _ = world.one_pass("ours", count)
        walls.append(seconds)
        peaks.append(peak)

    def peer():
        loop = f"""
            for schema in {' '.join(schemas)}; do
                pg_dump -n $schema -d peer | zstd -q -3 -T2 -o $schema.zst
                {world.migrate('peer', '$schema')}
            done"""
        theirs.append(cluster.shell(loop, bench.fresh("peer")))

    for number in range(rounds):
        for name in ("ours", "peer"):
            cluster.clone(name, "small")
        turns(number, ours, peer)
    ratio = median([a / b for a, b in zip(walls, theirs)])
    print(f"\nPostgreSQL, {count} small schemas in one pass, {rounds} rounds, medians")
    print(f"  dementiad           {count / median(walls):8.1f} schemas/s   {median(walls):7.2f} s")
    print(f"  pg_dump, zstd, psql {count / median(theirs):8.1f} schemas/s   {median(theirs):7.2f} s   ratio {ratio:.2f}")
    print(f"  peak resident memory {max(peaks) / MEGA:.0f} MB")
    for name in ("ours", "peer", "small"):
        cluster.psql(f"DROP DATABASE {name};")


def one(world, rounds):
    cluster, bench = world.cluster, world.bench
    world.make("single", ["memory"])
    walls, locked, besides, theirs, steps, applied = [], [], [], [], {}, []

    def ours():
        seconds, _, operations = world.one_pass("ours", 1)
        spent = step_seconds(operations[0])
        walls.append(seconds * 1000)
        locked.append(operations[0]["result"]["lockedMilliseconds"])
        besides.append((sum(spent.values()) - spent["backup"]) * 1000)
        for step, value in spent.items():
            steps.setdefault(step, []).append(value * 1000)
        applied[:] = [item["version"] for item in operations[0]["result"]["applied"] if item["action"] == "apply"]

    def peer():
        theirs.append(cluster.shell(world.migrate("peer", "memory"), bench.fresh("peer")) * 1000)

    for number in range(rounds):
        for name in ("ours", "peer"):
            cluster.clone(name, "single")
        turns(number, ours, peer)
    if applied != list(range(12)):
        sys.exit(f"bench: the migrations {applied} were applied, and not all from 0 to 11")
    print(f"\nPostgreSQL, the eleven migrations of one schema and its base tables, median of {rounds}")
    within = verdict(median(locked), LIMIT_LOCKED_MS)
    print(f"  locks held             {median(locked):8.0f} ms    {within} the limit of {LIMIT_LOCKED_MS} ms")
    each = ", ".join(f"{step} {median(values):.0f}" for step, values in steps.items())
    print(f"  all steps but backup   {median(besides):8.0f} ms    {each}")
    print(f"  whole pass             {median(walls):8.0f} ms")
    print(f"  psql, one transaction  {median(theirs):8.0f} ms    ratio of the locked time {median(locked) / median(theirs):.1f}")
    for name in ("ours", "peer", "single"):
        cluster.psql(f"DROP DATABASE {name};")


# MARK: The whole part


def why_not():
    """Why nothing can be measured here; None when it can."""
    if programs() is None:
        return "no PostgreSQL server in /usr/lib/postgresql/*/bin"
    missing = [name for name in ("zstd", "setpriv") if not shutil.which(name)]
    missing += [name for name in ("initdb", "pg_dump", "psql", "createdb", "pg_isready") if not (programs() / name).exists()]
    if missing:
        return f"{', '.join(missing)} missing"
    return None


def run(bench, megabytes, schemas, rounds, large_rounds, parent=None):
    reason = why_not()
    if reason:
        print(f"\nNo PostgreSQL part: {reason}.")
        return
    with Cluster(programs(), parent) as cluster:
        version = cluster.psql("SHOW server_version").split()[0]
        disk = measure(["df", "--output=fstype", cluster.folder])[2].decode().split()[-1]
        print(f"\nPostgreSQL {version}, fsync {cluster.psql('SHOW fsync')}, on {disk}"
              f"{', where syncing costs nothing' if disk == 'tmpfs' else ''}; load {os.getloadavg()[0]:.1f}")
        world = World(bench, cluster)
        one(world, rounds)
        many(world, schemas, large_rounds)
        large(world, megabytes, large_rounds)
