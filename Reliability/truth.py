# SPDX-License-Identifier: MIT
"""What must be true after every case, found out without the program's help."""

import hashlib
import json
import subprocess

import sqlite
from lab import Finding, describe

# The documented exit statuses of `dementiad once`.
STATUSES = {0, 1, 4, 5, 6, 7, 8, 11, 12, 14, 69, 75, 78}


def contents(world):
    """Every object and value of the memory, as `sqlite.differences` compares them."""
    return world.contents()


def require(condition, message):
    if not condition:
        raise Finding(message)


def expect_one_of(world, states, when):
    """Fails unless the memory is entirely in one of `states`, a dictionary of names; gives that name."""
    now = contents(world)
    for name, state in states.items():
        if now == state:
            return name
    words = "; ".join(f"unlike {name}: {sqlite.differences(now, state)[:3]}" for name, state in states.items())
    raise Finding(f"{when} the memory is in none of the expected states: {words}")


def expect_clean(world):
    """Fails when something half done is left anywhere."""
    vault = world.state / "vault"
    places = [vault / "trash", world.state / "scratch", *vault.glob("stores/*/.incoming")]
    left = [str(path.relative_to(world.root)) for place in places if place.is_dir() for path in place.iterdir()]
    journal = world.memory.with_name(world.memory.name + "-journal")
    if journal.exists():
        # SQLite leaves a journal whose header was never completed where it is; the next write takes it. A complete one is a rollback to do.
        with open(journal, "rb") as file:
            require(not any(file.read(8)), "a hot journal of the memory is left")
    known = {world.memory.name + suffix for suffix in ("", "-wal", "-shm", "-journal")} | {path.name for path in getattr(world, "beside", [])}
    left += [f"project/{path.name}" for path in world.project.iterdir() if path.name not in known and ".replaced-" not in path.name]
    require(not left, f"left behind: {', '.join(sorted(left)[:5])}")


def expect_backup(folder, decode=False):
    """Fails unless the backup is whole by stock means: the root in its name, its checksums and, when asked, its content."""
    sums = (folder / "SHA256SUMS").read_bytes()
    require(hashlib.sha256(sums).hexdigest()[:12] == folder.name.rsplit("_", 1)[1], f"{folder.name}: SHA256SUMS does not fit the name")
    for line in sums.decode().splitlines():
        digest, name = line.split("  ")
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        require(found == digest, f"{folder.name}: {name} has another checksum")
    if decode:
        manifest = json.loads((folder / "MANIFEST.json").read_bytes())
        payload = manifest["payload"]
        raw = subprocess.run(["zstd", "-dcq", folder / payload["name"]], stdout=subprocess.PIPE, check=True).stdout
        require(hashlib.sha256(raw).hexdigest() == payload["rawSHA256"], f"{folder.name}: the payload decodes to something else")
    return folder.name


def expect_backups(world, earlier):
    """Fails unless every backup of `earlier` is there, and every one that is listed is whole."""
    names = {expect_backup(folder) for folder in world.backups()}
    numbers = [name.split("_")[0] for name in names]
    require(len(numbers) == len(set(numbers)), f"two backups have one number: {sorted(names)}")
    lost = sorted(set(earlier) - names)
    require(not lost, f"acknowledged backups are gone: {', '.join(lost)}")
    return names


def journal(world):
    """The operations in the daemon's journal, oldest first, as dictionaries of text."""
    path = world.state / "journal.db"
    if not path.exists():
        return []
    copy = sqlite.beside(str(path), str(world.lab.folder))
    with sqlite.Database(copy) as database:
        try:
            rows = database.rows("SELECT id, kind, store, state, outcome, data_state, backup FROM operations ORDER BY number")
        except sqlite.SQLiteError as error:
            if "no such table" in str(error):
                return []
            raise
        names = [name.decode() for name in database.names]
    return [dict(zip(names, (value.decode() if isinstance(value, bytes) else value for value in row))) for row in rows]


def expect_truth(claim, state, meaning, who):
    """Fails unless `claim`, a data state, fits the `state` in which the memory is. `meaning` tells which states a claim allows."""
    if claim in ("changing", "unverified"):
        return
    allowed = meaning.get(claim)
    require(allowed is not None and state in allowed, f"{who} says {claim}, and the memory is in the state {state}")


def expect_ended(result, patience=None):
    """Fails unless a pass ended by itself, with a status and a document of the documented forms."""
    require(result.status in STATUSES, f"the pass ended with {describe(result.status)}: {result.errors[-300:]}")
    require(result.document is not None, f"the pass printed no document: {result.output[:200]!r} {result.errors[-200:]}")


def expect_settled(world, meaning, states, earlier, result, may_need_attention=False):
    """After a plain restart: everything is settled and clean, whole, and what is told is true. Gives the state's name.

    When a call had failed, a look at the committed memory may have failed too: then the work may say that it needs attention.
    """
    expect_ended(result)
    state = expect_one_of(world, states, "after the restart")
    damage = world.complaints()
    require(not damage, f"after the restart the memory or its server is not in order: {damage[:3]}")
    operations = journal(world)
    open_ones = [operation for operation in operations if operation["state"] != "settled"]
    require(not open_ones, f"after the restart {len(open_ones)} operations are open: {open_ones[:2]}")
    last = next((operation for operation in reversed(operations[world.known:]) if operation["outcome"] not in (None, "nothingToDo", "busy")), None)
    if may_need_attention and last and last["outcome"] == "needsAttention":
        expect_backups(world, earlier)
        expect_clean(world)
        return "attention"
    if last and last["kind"] not in ("backup", "prune", "verify", "rescan"):
        require(last["data_state"] not in ("changing", "unverified"), f"after the restart the journal says {last['data_state']}: {last}")
        expect_truth(last["data_state"], state, meaning, f"the journal ({last['kind']}, {last['outcome']})")
    for claim in result.told():
        require(claim not in ("changing", "unverified"), f"after the restart the pass says {claim}")
        expect_truth(claim, state, meaning, "the pass")
    if last and last["kind"] == "backup" and last["outcome"] == "succeeded":
        number, root = last["backup"].split("_")
        require(any(folder.name.startswith(number + "_") and folder.name.endswith("_" + root) for folder in world.backups()),
                f"the backup {last['backup']} of a succeeded operation is not in the vault")
    expect_backups(world, earlier)
    expect_clean(world)
    return state
