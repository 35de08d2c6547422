# SPDX-License-Identifier: MIT
"""A world whose memory is a schema on a private PostgreSQL server; stock pg_dump tells what is in it."""

import collections
import re
import subprocess
import sys

from lab import HERE, World

sys.path.insert(0, str(HERE.parent / "Benchmarks"))

from cluster import Cluster, programs  # noqa: E402  (its folder has to be known first)

PROJECT, SCHEMA = HERE.parent / "Tests/Fixtures/postgres/03-2665e8e-migr-1-5.sql", "data_warehouse"


class PostgresWorld(World):
    """A schema in the database `lab`, which is put back from a template of its own."""

    def __init__(self, lab, name, fixture=PROJECT, schema=SCHEMA, configuration="", mode="auto", with_file=None):
        super().__init__(lab, name, fixture=with_file, configuration=configuration, mode=mode)
        self.cluster = Cluster(programs(), parent=lab.folder, settings=["fsync=off", "max_connections=40"])
        lab.closing.append(self.cluster.end)
        self.schema = schema
        self.cluster.psql("CREATE DATABASE lab")
        if fixture:
            self.cluster.psql(fixture.read_text(), "lab")
        self.url = f"{self.cluster.url('lab')}#{schema}"
        self.places = ["--postgres", self.url]

    def save(self):
        super().save()
        self.cluster.clone("lab_saved", "lab")

    def reset(self):
        super().reset()
        self.cluster.clone("lab", "lab_saved")

    def contents(self):
        """Every line that pg_dump prints of the schema, the ledger left out, and how often; and what is in the file, when there is one."""
        found = super().contents() if self.memory.exists() else {}
        if not self.cluster.psql(f"SELECT 1 FROM pg_namespace WHERE nspname = '{self.schema}'", "lab"):
            return found
        words = [self.cluster.bin / "pg_dump", "-d", "lab", "-n", self.schema, "-T", f"{self.schema}.schema_migration*", "--no-owner"]
        text = subprocess.run(words, env=self.cluster.environment, stdout=subprocess.PIPE, check=True).stdout
        lines = [line for line in text.split(b"\n") if line and not line.startswith((b"--", b"\\restrict", b"\\unrestrict"))]
        return found | {line: b"%d" % count for line, count in collections.Counter(lines).items()}

    def complaints(self):
        """What is left on the server that nobody needs: databases and schemas of the program's own."""
        names = self.cluster.psql("SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'lab', 'lab_saved')")
        names += self.cluster.psql("SELECT nspname FROM pg_namespace WHERE nspname ~ 'dementia' AND nspname <> 'public'", "lab")
        return [name for name in names.split("\n") if name and not re.fullmatch(re.escape(self.schema), name)]
