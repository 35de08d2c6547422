# SPDX-License-Identifier: MIT
"""SQLite through its C interface: names and values are bytes here, as they are in the file, whether they are UTF-8 or not."""

import ctypes
import ctypes.util
import hashlib
import os
import shutil

library = ctypes.CDLL(ctypes.util.find_library("sqlite3") or "libsqlite3.so.0")
library.sqlite3_column_blob.restype = ctypes.c_void_p
library.sqlite3_column_text.restype = ctypes.c_void_p
library.sqlite3_column_int64.restype = ctypes.c_int64
library.sqlite3_column_double.restype = ctypes.c_double
library.sqlite3_errmsg.restype = ctypes.c_char_p
library.sqlite3_column_name.restype = ctypes.c_char_p
for call in ("close_v2", "step", "finalize", "errmsg", "column_count", "extended_result_codes", "get_autocommit"):
    getattr(library, f"sqlite3_{call}").argtypes = [ctypes.c_void_p] + ([ctypes.c_int] if call == "extended_result_codes" else [])
for call in ("type", "blob", "text", "bytes", "int64", "double", "name"):
    getattr(library, f"sqlite3_column_{call}").argtypes = [ctypes.c_void_p, ctypes.c_int]
library.sqlite3_busy_timeout.argtypes = [ctypes.c_void_p, ctypes.c_int]
library.sqlite3_bind_text.argtypes = library.sqlite3_bind_blob.argtypes = [
    ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
library.sqlite3_bind_int64.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int64]
library.sqlite3_bind_double.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_double]
library.sqlite3_bind_null.argtypes = [ctypes.c_void_p, ctypes.c_int]
library.sqlite3_prepare_v2.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_char_p)]

READ_WRITE, CREATE = 2, 4
ROW, DONE = 100, 101
COPY = ctypes.c_void_p(-1)
LEDGER = (b"schema_migrations", b"schema_migration_events")


class SQLiteError(Exception):
    def __init__(self, code, message, statement=b""):
        super().__init__(f"SQLite {code}: {message} {statement[:200]!r}")
        self.code = code


class Text(bytes):
    """A value of the type TEXT, where a blob is plain bytes."""


class Database:
    """One connection."""

    def __init__(self, path, create=False, wait=10):
        self.handle = ctypes.c_void_p()
        flags = READ_WRITE | (CREATE if create else 0)
        code = library.sqlite3_open_v2(os.fsencode(path), ctypes.byref(self.handle), flags, None)
        if code:
            raise SQLiteError(code, f"cannot open {path}")
        library.sqlite3_busy_timeout(self.handle, wait * 1000)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        library.sqlite3_close_v2(self.handle)
        self.handle = None

    def fail(self, code, statement=b""):
        raise SQLiteError(code, library.sqlite3_errmsg(self.handle).decode("utf-8", "replace"), statement)

    def rows(self, sql, *values):
        """All rows of each statement in `sql`, a list of tuples; the columns' names are in `names` afterwards."""
        sql = sql.encode() if isinstance(sql, str) else sql
        found, rest = [], ctypes.c_char_p(sql)
        while rest.value and rest.value.strip():
            statement, following, text = ctypes.c_void_p(), ctypes.c_char_p(), rest.value
            code = library.sqlite3_prepare_v2(self.handle, text, -1, ctypes.byref(statement), ctypes.byref(following))
            if code:
                self.fail(code, text)
            rest = following
            if not statement:
                continue
            try:
                for index, value in enumerate(values, 1):
                    self.bind(statement, index, value)
                count = library.sqlite3_column_count(statement)
                self.names = [library.sqlite3_column_name(statement, index) for index in range(count)]
                while (code := library.sqlite3_step(statement)) == ROW:
                    found.append(tuple(self.value(statement, index) for index in range(count)))
                if code != DONE:
                    self.fail(code, text)
            finally:
                library.sqlite3_finalize(statement)
        return found

    def bind(self, statement, index, value):
        if value is None:
            library.sqlite3_bind_null(statement, index)
        elif isinstance(value, int):
            library.sqlite3_bind_int64(statement, index, value)
        elif isinstance(value, float):
            library.sqlite3_bind_double(statement, index, value)
        elif isinstance(value, (Text, str)):
            value = value.encode() if isinstance(value, str) else bytes(value)
            library.sqlite3_bind_text(statement, index, value, len(value), COPY)
        else:
            library.sqlite3_bind_blob(statement, index, bytes(value), len(value), COPY)

    @staticmethod
    def value(statement, index):
        kind = library.sqlite3_column_type(statement, index)
        if kind == 5:
            return None
        if kind == 1:
            return library.sqlite3_column_int64(statement, index)
        if kind == 2:
            return library.sqlite3_column_double(statement, index)
        read = library.sqlite3_column_text if kind == 3 else library.sqlite3_column_blob
        at = read(statement, index)
        length = library.sqlite3_column_bytes(statement, index)
        content = ctypes.string_at(at, length) if at and length else b""
        return Text(content) if kind == 3 else content


def quoted(name):
    return b'"' + name.replace(b'"', b'""') + b'"'


def spell(value):
    """One value as bytes that no other value has."""
    if value is None:
        return b"N"
    if isinstance(value, int):
        return b"I%d" % value
    if isinstance(value, float):
        return b"R" + value.hex().encode()
    return (b"T" if isinstance(value, Text) else b"B") + b"%d:" % len(value) + bytes(value)


def contents(path, without=()):
    """Every object and value of the file: a dictionary of digests, by `object NAME` and by table. The ledger is left out.

    `without` are columns (`TABLE.COLUMN`) whose values are no part of a digest, as the time of a run.
    """
    found = {}
    with Database(path) as database:
        database.rows("BEGIN")
        objects = database.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        for kind, name, table, sql in objects:
            if table in LEDGER:
                continue
            found[b"object " + kind + b" " + name] = spell(sql)
        for kind, name, _, sql in objects:
            if kind != b"table" or name in LEDGER or (sql or b"").upper().startswith(b"CREATE VIRTUAL"):
                continue
            found[name] = table_digest(database, name, without)
        database.rows("COMMIT")
    return found


def table_digest(database, name, without):
    columns = database.rows(b"PRAGMA table_xinfo(" + quoted(name) + b")")
    hidden = [row[1] for row in columns if f"{name.decode('utf-8', 'replace')}.{row[1].decode('utf-8', 'replace')}" in without]
    kept = [row[1] for row in columns if row[1] not in hidden and row[6] != 1]
    words = b", ".join(map(quoted, kept))
    try:
        rows = database.rows(b"SELECT _rowid_, " + words + b" FROM main." + quoted(name) + b" NOT INDEXED ORDER BY 1")
    except SQLiteError:
        rows = database.rows(b"SELECT " + words + b" FROM main." + quoted(name))
    if name == b"sqlite_sequence":
        rows = [row for row in rows if not any(value in LEDGER for value in row)]
    digest = hashlib.sha256()
    spelled = [b"|".join(map(spell, row)) for row in rows]
    for row in spelled if b"_rowid_" in database.names[:1] else sorted(spelled):
        digest.update(row + b"\n")
    return f"{len(rows)} rows, {b','.join(kept).decode('utf-8', 'replace')}, {digest.hexdigest()}".encode()


def differences(left, right):
    """What differs between two results of `contents`, in words; empty when nothing does."""
    return [
        f"{name.decode('utf-8', 'backslashreplace')[:60]}: {left.get(name, b'-')[:90]!r} / {right.get(name, b'-')[:90]!r}"
        for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name)]


def beside(path, folder):
    """The contents of a copy of the file with its journals: the file itself is not touched, not even by a recovery."""
    copy = os.path.join(folder, "copy.db")
    for suffix in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(copy + suffix):
            os.unlink(copy + suffix)
        if suffix != "-shm" and os.path.exists(path + suffix):
            shutil.copyfile(path + suffix, copy + suffix)
    return copy


def is_whole(path):
    """What `integrity_check` says, without ok."""
    with Database(path) as database:
        return [row[0].decode("utf-8", "replace") for row in database.rows("PRAGMA integrity_check") if row[0] != b"ok"]
