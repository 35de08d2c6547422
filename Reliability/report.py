# SPDX-License-Identifier: MIT
"""What a part did and found, and the one table of all parts, docs/reliability.md."""

import re
import time

from lab import HERE, Finding

PAGE = HERE.parent / "docs/reliability.md"
HEAD = "| part | what it does | cases | found now | found ever | mended | seconds | seed | command |"


class Case:
    """One case: what it checks must not throw. Its name may say more once more is known."""

    def __init__(self, report, name):
        self.report, self.name = report, name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if error is None:
            self.report.passed(self.name)
        elif isinstance(error, Finding):
            self.report.found(self.name, error)
        elif isinstance(error, Exception):
            # A check that cannot be made is a finding too, not the end of the run.
            self.report.found(self.name, f"{kind.__name__}: {error}")
        else:
            return False
        return True


class Report:
    """One run of one part."""

    def __init__(self, part, seed, budget, is_loud=False):
        self.part, self.seed, self.budget, self.is_loud = part, seed, budget, is_loud
        self.start = time.monotonic()
        self.cases, self.findings, self.notes = 0, [], []
        self.longest_restart, self.spent = 0.0, 0.0

    def left(self):
        """Seconds of the budget that are left."""
        return self.budget - (time.monotonic() - self.start)

    def case(self, name):
        """For a `with` around the checks of one case."""
        return Case(self, name)

    def passed(self, name):
        self.cases += 1
        if self.is_loud:
            print(f"    ok {name}", flush=True)

    def found(self, name, what):
        self.cases += 1
        self.findings.append((name, str(what)))
        print(f"    FOUND {name}\n          {str(what)[:1500]}", flush=True)

    def note(self, text):
        self.notes.append(text)
        print(f"    {text}", flush=True)

    def end(self):
        """What is said of the part when it is over."""
        self.spent = time.monotonic() - self.start
        return f"{self.part}: {self.cases} cases, {len(self.findings)} findings, {self.spent:.0f} s, seed {self.seed}"


def write(reports, parts, known, command):
    """Writes the rows of `reports` into the page; rows of parts that did not run stay as they were measured."""
    old = PAGE.read_text() if PAGE.exists() else ""
    rows = {match[1]: match[0] for match in re.finditer(r"^\| ([a-z-]+) \|.*$", old, re.MULTILINE) if match[1] != "part"}
    notes = {match[1]: match[0] for match in re.finditer(r"^- ([a-z-]+): .*$", old, re.MULTILINE)}
    for report in reports:
        ever = [fault for fault in known if fault.part == report.part]
        mended = sum(fault.mended != "" for fault in ever)
        rows[report.part] = (
            f"| {report.part} | {parts[report.part].WHAT} | {report.cases:,} | {len(report.findings)} | {len(ever)} | {mended} | "
            f"{report.spent:.0f} | {report.seed} | `{command(report)}` |")
        notes.pop(report.part, None)
        if report.notes:
            notes[report.part] = f"- {report.part}: " + "; ".join(report.notes)
    head, tail = old.split("<!-- table -->")[0], old.split("<!-- end of table -->")[-1]
    table = [HEAD, "|" + "---|" * (HEAD.count(" | ") + 1)] + [rows[name] for name in parts if name in rows]
    table += [""] + [notes[name] for name in parts if name in notes]
    PAGE.write_text(f"{head}<!-- table -->\n\n" + "\n".join(table).rstrip() + f"\n\n<!-- end of table -->{tail}")
