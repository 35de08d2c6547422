# SPDX-License-Identifier: MIT
"""A private PostgreSQL server, gone with its folder when the measurement is."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import measure


def programs():
    """Where the newest installed server lies with its tools; None without one."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, default=None)


# Whoever starts the server may be killed; then its end of the pipe is closed, and the server ends, with its folder.
KEEPER = """
folder=$1; shift
"$@" </dev/null & server=$!
read -r _
kill -QUIT "$server"; wait "$server"
rm -rf "$folder"
"""


class Cluster:
    """One cluster, with a socket in its folder and no port. Everything is as it comes, so fsync is on."""

    def __init__(self, bin, parent=None, settings=()):
        self.bin = bin
        self.keeper = None
        self.folder = Path(tempfile.mkdtemp(prefix="dementiad-bench-", dir=parent))
        try:
            # The server refuses to be root.
            as_server = []
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres", "postgres")
                as_server = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            # Notices are for people; errors still end the run.
            self.environment = {
                **os.environ, "PGHOST": str(self.folder), "PGPORT": "5432", "PGUSER": "postgres",
                "PGOPTIONS": "-c client_min_messages=error"}
            data = self.folder / "data"
            make = ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
            measure([*as_server, bin / "initdb", *make], cwd=self.folder)
            options = ["listen_addresses=", f"unix_socket_directories={self.folder}", "port=5432", *settings]
            server = [bin / "postgres", "-D", data, *(word for option in options for word in ("-c", option))]
            with open(self.folder / "log", "wb") as log:
                # In a session of its own, so that a Ctrl-C is ours alone.
                self.keeper = subprocess.Popen(
                    [*as_server, "/bin/sh", "-c", KEEPER, "keeper", self.folder, *server], cwd=self.folder,
                    stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
            self.await_answer()
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def await_answer(self):
        deadline = time.monotonic() + 20
        while subprocess.run([self.bin / "pg_isready", "-q"], env=self.environment).returncode != 0:
            if time.monotonic() > deadline:
                sys.exit("bench: the server did not start\n" + (self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def end(self):
        if self.keeper:
            self.keeper.stdin.close()
            self.keeper.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database):
        return f"postgresql://postgres@/{database}?host={str(self.folder).replace('/', '%2F')}&port=5432"

    def psql(self, text, database="postgres"):
        """What `text` gives, run by the stock shell."""
        command = [self.bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database]
        return subprocess.run(
            command, input=text, env=self.environment, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()

    def shell(self, text, folder):
        """Seconds that `text` took, with the server's own tools first on PATH."""
        environment = {**self.environment, "PATH": f"{self.bin}:{os.environ['PATH']}"}
        return measure(["/bin/sh", "-ec", text], cwd=folder, env=environment)[0]

    def clone(self, name, template):
        """A new database `name`, the same as `template`."""
        # All that the copying left to write is written now, and not while somebody is measured.
        self.psql(f"DROP DATABASE IF EXISTS {name} (FORCE);\nCREATE DATABASE {name} TEMPLATE {template};\nCHECKPOINT;")
