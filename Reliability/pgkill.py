# SPDX-License-Identifier: MIT
"""The deaths of `kill` with a schema on a PostgreSQL server for a memory; every message to the server counts as a call."""

import kill
from pgscenarios import POSTGRES
from server import programs

PART = "pgkill"
WHAT = "the same with schemas: SIGKILL at every message to a PostgreSQL server and every call that changes a file, and a transfer of a file"


def run(lab, report, options):
    if not programs():
        return report.note("not run: no PostgreSQL server is installed")
    kill.run(lab, report, options, POSTGRES, ("pg-migrate",))
