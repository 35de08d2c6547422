# SPDX-License-Identifier: MIT
"""What a part did and found, and the one table of all parts, docs/reliability.md."""

import re
import time

from lab import HERE, Finding

PAGE = HERE.parent / "docs/reliability.md"
HEAD = "| part | what it does | cases | found now | found ever | mended | seconds | seed | command |"
SEEDED = "| fault | what it does | caught by | command |"


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
        # Deliberate faults that were tried: what each does, and the part that caught it.
        self.seeds = {}

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


def between(text, name):
    """What stands between the marks of a table, and the text before and after it with its marks."""
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(first)
    inside, _, after = rest.partition(last)
    return before + first, inside, last + after


def rows_of(inside):
    """The rows of a table by their first cell."""
    return {match[1]: match[0] for match in re.finditer(r"^\| ([a-z-]+) \|.*$", inside, re.MULTILINE)}


def table(head, rows):
    return "\n\n" + "\n".join([head, "|" + "---|" * (head.count(" | ") + 1), *rows]) + "\n\n"


def write(reports, parts, known, command):
    """Writes the rows of `reports` into the page; what did not run stays as it was measured."""
    before, inside, after = between(PAGE.read_text(), "table")
    rows = rows_of(inside)
    notes = {match[1]: match[0] for match in re.finditer(r"^- ([a-z-]+): .*$", inside, re.MULTILINE)}
    for report in reports:
        ever = [fault for fault in known if fault.part == report.part]
        mended = sum(fault.mended != "" for fault in ever)
        rows[report.part] = (
            f"| {report.part} | {parts[report.part].WHAT} | {report.cases:,} | {len(report.findings)} | {len(ever)} | {mended} | "
            f"{report.spent:.0f} | {report.seed} | `{command(report)}` |")
        notes[report.part] = f"- {report.part}: " + "; ".join(report.notes) if report.notes else ""
        after = write_seeds(report.seeds, after) if report.seeds else after
    said = "\n".join(notes[name] for name in parts if notes.get(name))
    PAGE.write_text(before + table(HEAD, [rows[name] for name in parts if name in rows]) + said + ("\n\n" if said else "") + after)


def write_seeds(seeds, text):
    """Puts the deliberate faults of a run into the table of all of them."""
    before, inside, after = between(text, "seeded")
    rows = rows_of(inside)
    for name, (what, part) in seeds.items():
        rows[name] = f"| {name} | {what} | {part or 'nothing'} | `Reliability/run seeded --only {name}` |"
    return before + table(SEEDED, [rows[name] for name in sorted(rows) if name != "fault"]) + after
