# SPDX-License-Identifier: MIT
"""What every part stands on: the built programs, a small world with one memory, and the interposer's page."""

import http.client
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlite

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "Tests/Fixtures/sqlite"
# A call of the laboratory's own that takes longer than this hangs.
PATIENCE = 120
# What the time of a run leaves in a migrated memory, and no comparison counts.
VOLATILE = ("context_locks.last_accessed",)


class Finding(Exception):
    """Something that must not be so."""


class Lab:
    """The programs, the folder in which all happens, and the time that is left."""

    def __init__(self, dementiad, folder=None, is_kept=False):
        self.is_kept, self.closing = is_kept, []
        self.dementiad = Path(dementiad).resolve()
        base = folder or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.folder = Path(tempfile.mkdtemp(prefix="dementiad-lab-", dir=base))
        # A server that runs as another user has its folder in here.
        self.folder.chmod(0o711)
        self.interposer = self.folder / "interposer.so"
        compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
        if not compiler:
            sys.exit("reliability: no C compiler is on PATH")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", self.interposer, HERE / "interposer.c", "-ldl"], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self.closing:
            end()
        if self.is_kept:
            print(f"the worlds are in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def world(self, name, **options):
        return World(self, name, **options)


class Page:
    """The interposer's page, seen from here (struct page in interposer.c)."""

    WRITES, SYNCS, NAMES, CREATES, TRUNCATES, OPENS, READS, MAPS, CLOSES, SENDS, RECEIVES = (1 << bit for bit in range(11))
    CHANGES = WRITES | SYNCS | NAMES | CREATES | TRUNCATES | SENDS
    COUNT, KILL_BEFORE, KILL_AFTER, TEAR, FAIL_ONCE, FAIL_ON, SHORT, LIE, WAIT = range(9)
    FORM = "<IIQQIIII32s512s"

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)

    def set(self, action=COUNT, target=0, classes=CHANGES, error=0, armed=True, within=""):
        """`within` is a part of the path of the calls that count."""
        self.memory[:648] = struct.pack("<IIQQIIII544x64s", 0, action, target, 0, error, classes, 0, 0, within.encode())
        if armed:
            self.arm()

    def arm(self, armed=True):
        self.memory[0:4] = struct.pack("<I", int(armed))

    def is_armed(self):
        return self.memory[0] != 0

    def read(self):
        """Calls counted, how often the action was taken, and at which call first."""
        fields = struct.unpack_from(self.FORM, self.memory)
        call, path = (field.split(b"\0")[0].decode("utf-8", "replace") for field in fields[8:])
        return fields[3], fields[6], f"{call} {path}".strip()


class Result:
    """One run of a program: exit status (negative: the signal that ended it), its document, what it said, and how long it took."""

    def __init__(self, status, output, errors, seconds):
        self.status, self.errors, self.seconds = status, errors.decode("utf-8", "replace"), seconds
        self.output = output
        try:
            self.document = json.loads(output)
        except ValueError:
            self.document = None

    def items(self):
        return ((self.document or {}).get("data") or {}).get("items") or []

    def operation(self):
        return next((item["operation"] for item in self.items() if item.get("operation")), None)

    def problem(self):
        """What a pass says that went wrong, for people."""
        errors = [(self.document or {}).get("error")] + [item[key].get("error") if key == "operation" else item[key]
                                                         for item in self.items() for key in ("operation", "error") if item.get(key)]
        words = [f"{error.get('code')}: {error.get('detail')} {error.get('causes') or ''}" for error in errors if error]
        return "; ".join(words) or f"{self.output[-500:]!r} {self.errors[-300:]}"

    def is_refusal(self):
        """Whether the pass ended before it had anything to tell: then "untouched" speaks of this pass, and not of an earlier one."""
        return (self.document or {}).get("kind") == "error"

    def told(self):
        """The data states that the document claims, of operations and errors."""
        states = []
        error = (self.document or {}).get("error")
        if error and "dataState" in error:
            states.append(error["dataState"])
        for item in self.items():
            states += [item[key]["dataState"] for key in ("operation", "error") if (item.get(key) or {}).get("dataState")]
            # A problem with the store right after an operation speaks of the same data.
            problem = (item.get("store") or {}).get("problem")
            if problem and item.get("operation"):
                states.append(problem["dataState"])
        return states


class World:
    """A project with one memory, a state folder and a configuration, at a path that stays: it can be saved and put back as it was."""

    def __init__(self, lab, name, fixture="v4.0.0-first-made.db", configuration="", mode="auto"):
        self.lab, self.name = lab, name
        self.root = lab.folder / name
        self.saved = lab.folder / f"{name}.saved"
        self.project = self.root / "project"
        self.memory = self.project / ".claude-memory.db"
        self.state = self.root / "state"
        self.socket = lab.folder / f"{name}.sock"
        self.config = lab.folder / f"{name}.yaml"
        self.page = Page(lab.folder / f"{name}.page")
        self.mode, self.places, self.trace = mode, [], None
        self.project.mkdir(parents=True)
        if fixture:
            shutil.copyfile(FIXTURES / fixture, self.memory)
        self.configure(configuration)

    def configure(self, text=""):
        """`text` are lines of YAML; scheduled work is off, so that every run does the same."""
        backup = "" if "backup:" in text else "backup: {minFree: 0, every: never, drillEvery: never}\n"
        migrate = "" if "migrate:" in text else f"migrate: {{mode: {self.mode}}}\n"
        self.config.write_text(f"{migrate}{backup}{text}\n")

    def contents(self):
        """Every object and value of the memory as it lies on the disk, read from a copy; the ledger is left out."""
        return sqlite.contents(sqlite.beside(str(self.memory), str(self.lab.folder)), VOLATILE)

    def complaints(self):
        """What SQLite's own check says of the memory."""
        return sqlite.is_whole(str(self.memory))

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.saved, ignore_errors=True)

    def save(self):
        shutil.rmtree(self.saved, ignore_errors=True)
        shutil.copytree(self.root, self.saved, symlinks=True)

    def reset(self):
        for part in self.root.iterdir():
            shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()
        shutil.copytree(self.saved, self.root, symlinks=True, dirs_exist_ok=True)

    def words(self, verb, *more):
        places = self.places or ["--watch", self.memory]
        root = ["--allow-root"] if os.geteuid() == 0 else []
        return [self.lab.dementiad, verb, "--config", self.config, "--state-dir", self.state, *root, *places, *more]

    def environment(self, interposed=False, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DEMENTIA", "PG", "XDG_", "LC_", "LANG", "LD_", "LAB_"))}
        kept.update(HOME=str(self.lab.folder), XDG_CONFIG_HOME=str(self.lab.folder / "none"), LC_ALL="C.UTF-8", **more)
        if "LAB_FAULT" in os.environ:
            kept["SEEDED_FAULT"] = os.environ["LAB_FAULT"]
        if interposed:
            kept.update(LD_PRELOAD=str(self.lab.interposer), LAB_PAGE=str(self.lab.folder / f"{self.name}.page"), LAB_ROOT=str(self.root),
                        LAB_PROGRAM=self.lab.dementiad.name)
            if self.trace:
                kept["LAB_TRACE"] = str(self.trace)
        return kept

    def once(self, *more, interposed=False, patience=PATIENCE, prefix=()):
        """One pass, to its end."""
        start = time.monotonic()
        child = subprocess.Popen(
            [*prefix, *self.words("once", "--json", *more)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment(interposed))
        try:
            output, errors = child.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise Finding(f"a pass did not end within {patience} s") from None
        return Result(child.returncode, output, errors, time.monotonic() - start)

    def serve(self, interposed=False):
        return Service(self, interposed)

    def store(self):
        """The id of the memory, from the name of its folder in the vault."""
        folder = next((self.state / "vault/stores").iterdir())
        return folder.name.rsplit("-", 1)[1]

    def backups(self):
        """The folders of published backups, oldest first."""
        stores = self.state / "vault/stores"
        found = [path for path in stores.glob("*/*_*") if path.is_dir()] if stores.is_dir() else []
        return sorted(found, key=lambda path: path.name)


class Service:
    """`dementiad serve` until the end of a `with`; it may die in between."""

    def __init__(self, world, interposed):
        self.world = world
        world.socket.unlink(missing_ok=True)
        notify = world.lab.folder / f"{world.name}.notify"
        notify.unlink(missing_ok=True)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(str(notify))
        manager.settimeout(0.5)
        self.log = open(world.lab.folder / f"{world.name}.log", "wb")
        self.child = subprocess.Popen(
            world.words("serve", "--socket", world.socket), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=world.environment(interposed, NOTIFY_SOCKET=str(notify)))
        limit = time.monotonic() + PATIENCE
        self.is_ready = False
        while not self.is_ready and self.child.poll() is None and time.monotonic() < limit:
            try:
                self.is_ready = b"READY=1" in manager.recv(65536).split(b"\n")
            except TimeoutError:
                pass
        manager.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise Finding("the daemon did not stop after SIGTERM") from None
        self.log.close()

    def ask(self, method, path, body=None):
        """Status and document of one request; (None, None) when the daemon died meanwhile."""
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        try:
            connection.sock.connect(str(self.world.socket))
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except TimeoutError:
            if self.child.poll() is None:
                raise Finding(f"no answer to {method} {path} within {PATIENCE} s") from None
            return None, None
        except (OSError, http.client.HTTPException, ValueError):
            return None, None
        finally:
            connection.close()

    def operation(self, **request):
        """Starts what `request` asks for and waits until it is settled: (status, operation or problem)."""
        status, document = self.ask("POST", "/v1/operations", request)
        if status != 202:
            return status, document
        while True:
            status, document = self.ask("GET", f"/v1/operations/{document['id']}?wait=30s")
            if status != 200 or document["state"] == "settled":
                return status, document

    def confirmed(self, **request):
        """The same with a plan that was looked at first, as `dementiactl --yes` does."""
        status, plan = self.ask("POST", "/v1/plans", request)
        if status != 200:
            return status, plan
        if plan.get("refusal") or "digest" not in plan:
            return 409, plan.get("refusal") or plan
        return self.operation(planDigest=plan["digest"], **request)


def describe(status):
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
