# SPDX-License-Identifier: MIT
"""Damages the files of a backup in every way that a disk, a copy or a hand can, and looks whether it is noticed before a target is touched."""

import hashlib
import json
import random
import shutil

import sqlite
from lab import Finding
from scenarios import Restore, by_turns
from truth import contents, describe, require

PART = "damage"
WHAT = "single bits of every file of a backup, truncations, extensions, swapped files, renamed folders, and manifests edited under right checksums"


class Vault:
    """A vault with two backups of one memory, one of them to be damaged."""

    def __init__(self, lab):
        self.scenario = Restore(lab)
        self.world = world = self.scenario.world
        world.reset()
        with world.serve() as service:
            status, operation = service.operation(kind="backup", store=world.store())
            require(status == 200 and operation["outcome"] == "succeeded", f"damage: no second backup: {operation}")
        world.save()
        self.now = contents(world)
        first, second = (folder.relative_to(world.root) for folder in world.backups())
        self.victim, self.other = world.root / first, world.root / second
        self.files = {path.name: path.read_bytes() for path in sorted(self.victim.iterdir())}
        number, root = first.name.split("_")[0], first.name.rsplit("_", 1)[1]
        self.id = f"{number}_{root}"

    def replace(self, name, content, folder=None):
        path = (folder or self.victim) / name
        path.chmod(0o600)
        path.write_bytes(content)

    def seal(self, manifest, payload=None):
        """Writes an edited manifest with right checksums and the folder's right name: what only a hand can do."""
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        self.replace("MANIFEST.json", text)
        name = manifest["payload"]["name"] if isinstance(manifest.get("payload"), dict) else "data.db.zst"
        if payload is not None:
            self.replace("data.db.zst", payload)
        stored = hashlib.sha256((self.victim / "data.db.zst").read_bytes()).hexdigest()
        sums = f"{hashlib.sha256(text).hexdigest()}  MANIFEST.json\n{stored}  {name}\n".encode()
        self.replace("SHA256SUMS", sums)
        base = self.victim.name.rsplit("_", 1)[0]
        self.victim.rename(self.victim.with_name(f"{base}_{hashlib.sha256(sums).hexdigest()[:12]}"))


def flips(vault, draw):
    """Every bit of every file, in an order that is drawn: (file, bit)."""
    bits = [(name, bit) for name, content in vault.files.items() for bit in range(8 * len(content))]
    draw.shuffle(bits)
    return bits


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def many(vault, bits, report):
    """One bit in each of many copies of the backup, all in one vault: one verification has to name every one of them, and no other."""
    world = vault.world
    world.reset()
    manifest, names = json.loads(vault.files["MANIFEST.json"]), {}
    for number, (name, bit) in enumerate(bits, 100):
        manifest["sequence"] = number
        files = dict(vault.files)
        files["MANIFEST.json"] = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        lines = [f"{hashlib.sha256(files[file]).hexdigest()}  {file}\n" for file in ("MANIFEST.json", "data.db.zst")]
        files["SHA256SUMS"] = "".join(lines).encode()
        middle = vault.victim.name.split("_")[1:-1]
        root = hashlib.sha256(files["SHA256SUMS"]).hexdigest()[:12]
        folder = vault.victim.with_name("_".join([f"{number:06}", *middle, root]))
        folder.mkdir()
        if number > 100:
            # The first copy is left whole: it proves that copies as such are good.
            files[name] = flipped(files[name], bit % (8 * len(files[name])))
        for file, content in files.items():
            (folder / file).write_bytes(content)
        names[folder.name] = (number, f"bit {bit} of {name}")
    verdict = world.once("--verify-backups", patience=600)
    require(verdict.status == 6, f"--verify-backups over {len(bits)} damaged backups ended with {describe(verdict.status)}: {verdict.errors[-300:]}")
    good = {item["id"] for item in verdict.items() if item.get("ok")}
    for folder, (number, case) in names.items():
        is_good = f"{number:06}_{folder.rsplit('_', 1)[1]}" in good
        if number == 100:
            require(is_good, f"a whole copy of a backup is called damaged: {verdict.output[:300]}")
        elif is_good:
            report.found(case, "--verify-backups accepts it")
        else:
            report.passed(case)
    require(len(good) == 3, f"{len(good)} backups are called good, and 3 are")
    require(contents(world) == vault.now, "--verify-backups changed the memory")


def larger(vault, draw):
    """Truncations, extensions, blocks of zeros and doubled blocks."""
    for name, content in vault.files.items():
        sizes = {0, 1, len(content) - 1, len(content) // 2, *(draw.randrange(len(content)) for _ in range(4))}
        for size in sorted(sizes):
            yield f"{name} cut to {size}", lambda name=name, size=size: vault.replace(name, vault.files[name][:size]), True
        for tail in (b"\0", b"\n", content[:100], b"\x28\xb5\x2f\xfd" + bytes(9)):
            yield f"{name} with {len(tail)} bytes more", lambda name=name, tail=tail: vault.replace(name, vault.files[name] + tail), True
        at = draw.randrange(len(content))
        for filler in (bytes(512), content[:512]):
            changed = content[:at] + filler + content[at + len(filler):]
            if changed != content:
                yield f"{name} with a block of {'zeros' if not any(filler) else 'its own'} at {at}", lambda name=name, c=changed: vault.replace(name, c), True
        yield f"{name} missing", lambda name=name: (vault.victim / name).unlink(), True
        yield f"{name} as a folder", lambda name=name: ((vault.victim / name).unlink(), (vault.victim / name).mkdir()), True
        yield f"{name} as a link to a copy", lambda name=name: link(vault, name), True


def link(vault, name):
    copy = vault.world.root / name
    shutil.copyfile(vault.victim / name, copy)
    (vault.victim / name).unlink()
    (vault.victim / name).symlink_to(copy)


def swaps(vault, _):
    """Files and folders that are somewhere else."""
    for name in vault.files:
        yield f"{name} of the other backup", lambda name=name: vault.replace(name, (vault.other / name).read_bytes()), True
    yield "payload and manifest of the other backup", lambda: [
        vault.replace(name, (vault.other / name).read_bytes()) for name in ("MANIFEST.json", "data.db.zst")], True
    whole = vault.victim.name
    for change in ("sequence", "time", "reason", "version", "root", "case", "more", "less"):
        yield f"a folder with another {change} in its name", lambda change=change: vault.victim.rename(vault.victim.with_name(renamed(whole, change))), True
    yield "an empty folder in its place", lambda: (shutil.rmtree(vault.victim), vault.victim.mkdir()), True
    yield "a file in its place", lambda: (shutil.rmtree(vault.victim), vault.victim.write_bytes(b"")), True
    yield "a link to it in its place", lambda: swap_for_link(vault), False
    yield "a second copy of it under its name with another sequence", lambda: shutil.copytree(
        vault.victim, vault.victim.with_name(renamed(whole, "sequence"))), False


def swap_for_link(vault):
    away = vault.world.root / "away"
    vault.victim.rename(away)
    vault.victim.symlink_to(away)


def renamed(name, change):
    number, time, reason, version, root = name.split("_")
    return {
        "sequence": f"{int(number) + 7:06}_{time}_{reason}_{version}_{root}", "time": f"{number}_20010101T000000.000Z_{reason}_{version}_{root}",
        "reason": f"{number}_{time}_manual_{version}_{root}", "version": f"{number}_{time}_{reason}_s4_{root}",
        "root": f"{number}_{time}_{reason}_{version}_{'0' * 12}", "case": name.upper(), "more": name + "0", "less": name[:-1]}[change]


# What a manifest that a hand has edited claims. Each is the value at a path of keys.
EDITS = [
    (("format",), 2), (("format",), "1"), (("minReader",), 99), (("minReader",), -1), (("sequence",), 0), (("sequence",), -5), (("sequence",), 2**63),
    (("store", "id"), "000000000000"), (("store", "id"), "../../etc"), (("store", "engine"), "postgres"), (("store", "engine"), "none"),
    (("store", "location"), ""), (("store", "location"), "relative"), (("schemaVersion",), 4), (("schemaVersion",), -1), (("schemaVersion",), None),
    (("payload", "name"), "../../../project/.claude-memory.db"), (("payload", "name"), "/etc/passwd"), (("payload", "name"), "dump.sql.zst"),
    (("payload", "rawBytes"), 1), (("payload", "rawBytes"), 2**62), (("payload", "rawBytes"), -1), (("payload", "storedBytes"), 0),
    (("payload", "storedBytes"), 2**62), (("payload", "rawSHA256"), "0" * 64), (("payload", "rawSHA256"), "zz"), (("payload", "storedSHA256"), "0" * 64),
    (("payload", "codec"), "gzip"), (("payload",), None), (("payload",), []), (("content",), None), (("content", "tables"), []),
    (("content", "objects"), []), (("store",), None), (("createdAt",), "yesterday"), (("line",), "lean-3"), (("reason",), "manual"),
]


def edits(vault, draw):
    """Manifests that lie, under checksums that are right."""
    for path, value in EDITS:
        def edit(path=path, value=value):
            manifest = json.loads(vault.files["MANIFEST.json"])
            place = manifest
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            vault.seal(manifest)
        # What the payload is said to be, and a form that is not known, have to be noticed; other lies may be harmless.
        yield f"{'.'.join(path)} is {value!r}", edit, path[0] == "payload" or (path, value) == (("minReader",), 99)
    manifest = json.loads(vault.files["MANIFEST.json"])
    for key in manifest:
        def remove(key=key):
            vault.seal({k: v for k, v in manifest.items() if k != key})
        yield f"{key} is missing", remove, None
    for table in manifest.get("content", {}).get("tables", [])[:4]:
        def change(name=table["name"]):
            copy = json.loads(vault.files["MANIFEST.json"])
            for entry in copy["content"]["tables"]:
                if entry["name"] == name:
                    entry["rows"] += 1
            vault.seal(copy)
        yield f"content.tables says one row more of {table['name']}", change, None


def one(vault, name, damage, must_notice, report):
    """Damage, a verification, a restore; the memory is as it was, or entirely as the backup."""
    world = vault.world
    world.reset()
    with report.case(name):
        damage()
        verdict = world.once("--verify-backups")
        require(verdict.status in (0, 6, 1, 12), f"--verify-backups ended with {describe(verdict.status)}: {verdict.errors[-300:]}")
        if must_notice:
            require(verdict.status != 0, f"--verify-backups accepts it: {verdict.output[:400]}")
        require(contents(world) == vault.now, "--verify-backups changed the memory")
        restore(vault, {item["id"] for item in verdict.items() if item.get("ok")})


def restore(vault, good):
    """Restores every backup that is listed but the whole one; those that the verification calls `good` may succeed, and no other."""
    world = vault.world
    with world.serve() as service:
        require(service.is_ready, "the daemon does not start over this vault")
        status, listed = service.ask("GET", "/v1/backups")
        require(status == 200, f"the backups cannot be listed: {status} {listed}")
        for backup in {vault.id, *(item["id"] for item in listed["items"] if item.get("id") and vault.other.name.split("_")[0] not in item["id"])}:
            status, answer = service.confirmed(kind="restore", backup=backup)
            require(status is not None, "the daemon died of a restore")
            done = isinstance(answer, dict) and answer.get("outcome") == "succeeded"
            state = contents(world)
            old = vault.scenario.states["new"]
            require(state == old if done else state == vault.now,
                    f"a restore that ended with {answer.get('outcome') or answer.get('code')} left: {sqlite.differences(state, old if done else vault.now)[:3]}")
            if done:
                require(backup in good, f"{backup} is called damaged, and its restore succeeds")
                return
    require(service.child.returncode in (0, -15), f"the daemon ended with {describe(service.child.returncode)}")


def run(lab, report, options):
    draw = random.Random(report.seed)
    vault = Vault(lab)
    ways = {"larger": larger, "swaps": swaps, "edits": edits}
    kinds = [list(make(vault, draw)) for name, make in ways.items() if not options.only or name in options.only]
    bits = flips(vault, draw) if not options.only or "bits" in options.only else []
    for kind in kinds:
        draw.shuffle(kind)
    if options.quick:
        kinds, bits = [kind[:3] for kind in kinds], bits[:100]
    cases, size = by_turns(kinds), 100 if options.quick else 500
    done, flips_done = 0, 0
    while report.left() > 0 and not options.is_enough(report) and (bits or done < len(cases)):
        for case in cases[done:done + 9]:
            one(vault, *case, report)
            done += 1
        if bits:
            batch, bits = bits[:size], bits[size:]
            try:
                many(vault, batch, report)
            except Finding as finding:
                report.found(f"{len(batch)} bits from {batch[0]}", finding)
            flips_done += len(batch)
    if not options.quick:
        report.note(f"{done} of {len(cases)} other kinds, {flips_done:,} of {flips_done + len(bits):,} single bits")
