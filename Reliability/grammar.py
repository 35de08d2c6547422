# SPDX-License-Identifier: MIT
"""Makes SQLite schemas and rows that are allowed and odd: every kind of name, type, default, constraint, trigger and value, by a seed."""

import shutil

import sqlite
from lab import FIXTURES
from sqlite import Database, SQLiteError, Text, quoted

# One of every class that has met a program before: quotes, keywords, white space, controls, directions, combining and wide characters,
# characters that fold or normalise to others, noncharacters, private use, and bytes that are no UTF-8.
NAMES = [
    b"plain", b"select", b"table", b"order by", b"a\"b", b"a'b", b"a`b", b"[a]", b"a]b", b"a;b", b"a--b", b"/*a*/", b"a%b_c", b"a\\b", b"a\nb",
    b"a\tb", b"a\rb", b" a ", b" ", b"", b"1a", b"-1", b"0x0", b"a.b", b"$1", b":a", b"@a", b"?1", b"#a", b"{}", b"\x01", b"\x1b[31mred\x1b[0m",
    b"\x7f", "é".encode(), "e\u0301".encode(), "ß".encode(), "İ".encode(), "ı".encode(), "K".encode(), "Σς".encode(), "Ａ".encode(), "ﬁ".encode(),
    "\u202eevil".encode(), "\u2066a\u2069".encode(), "\u200b".encode(), "a\u200db".encode(), "\u00a0".encode(), "\u2028".encode(), "\ufeffa".encode(),
    "\ufffd".encode(), "\uffff".encode(), "\U0010ffff".encode(), "\ue000".encode(), "👩‍👩‍👧".encode(), "𝔘".encode(), "你好".encode(), "שלום".encode(),
    "a\u0300\u0301\u0302\u0303".encode(), b"\xff", b"\xc3(", b"\xe9", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"a\x80b", b"\xc0\x80",
    b"x" * 300, "ü".encode() * 200, b"NULL", b"rowid", b"_rowid_", b"oid", b"main", b"temp", b"schema_migrations_of_mine", b"pg_catalog", b"user",
]
TYPES = [b"", b"INTEGER", b"INT", b"TEXT", b"REAL", b"BLOB", b"NUMERIC", b"ANY", b"VARCHAR(255)", b"DECIMAL(10,5)", b"BOOLEAN", b"TIMESTAMP", b"JSON",
         b"FLOATING POINT", b"\"odd \"\"type\"", b"CHARINT", b"UNSIGNED BIG INT", "TÜP".encode(), b"NATIVE CHARACTER(70)"]
STRICT_TYPES = [b"INT", b"INTEGER", b"REAL", b"TEXT", b"BLOB", b"ANY"]
DEFAULTS = [b"NULL", b"0", b"-1", b"+1.5e300", b"9e999", b"-9223372036854775808", b"'it''s'", b"''", b"x'00ff'", b"(1+1)", b"CURRENT_TIMESTAMP",
            b"(strftime('%s','now'))", b"TRUE", b"'a\nb'", "'é\u202e'".encode(), b"'--'", b"'/*'", b"(lower('A)'))", b"(')')"]
NUMBERS = [0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -2**63]
FLOATS = [0.0, -0.0, 1.5, 1e-320, 1.7976931348623157e308, float("inf"), float("-inf"), 0.1 + 0.2]
TEXTS = [b"", b"a", b" ", b"\0", b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", "é👩‍👩‍👧\u202e".encode(), b"'", b"\"", b"\\", b"\n", b"\r\n", b"\\.", b"\\N", b"1", b"1e3", b"NULL",
         b"x" * 5000, "𝔘".encode() * 3000, b"--", b"/*", b"\xc3"]
BLOBS = [b"", b"\0", b"\xff" * 40, bytes(range(256)), b"SQLite format 3\0", b"z" * 9000]


class Grammar:
    """One memory of a seed's making."""

    def __init__(self, draw):
        self.draw = draw
        self.encoding = draw.choice([b"UTF-8"] * 4 + [b"UTF-16le", b"UTF-16be"])
        self.page = draw.choice([512, 1024, 4096, 4096, 8192, 65536])
        self.vacuum = draw.choice([0, 0, 1, 2])
        self.mode = draw.choice([b"delete", b"wal", b"truncate", b"persist"])
        self.made, self.counter = [], 0

    def describe(self):
        return f"{self.encoding.decode()}, pages of {self.page}, auto_vacuum {self.vacuum}, {self.mode.decode()}, {len(self.made)} objects"

    def name(self):
        """A name that nothing in this file has yet, whatever folds to what."""
        self.counter += 1
        name = self.draw.choice(NAMES)
        if self.encoding != b"UTF-8":
            name = name.decode("utf-8", "ignore").encode()
        # SQLite keeps names that begin so for itself.
        if name.lower().startswith(b"sqlite_"):
            name = b"x"
        return name + (b"" if self.draw.random() < 0.3 else b"%d" % self.counter)

    def build(self, path):
        """A memory of Dementia, in a file of this page size, encoding and journal mode, with tables of the seed's own."""
        source = str(path) + ".source"
        shutil.copyfile(FIXTURES / self.draw.choice(["v4.0.0-first-made.db", "v4.0.0-rc1-made.db", "v4.1-crud-made.db"]), source)
        with Database(str(path), create=True) as database, Database(source) as old:
            database.rows(b"PRAGMA encoding = '%s'; PRAGMA page_size = %d; PRAGMA auto_vacuum = %d" % (self.encoding, self.page, self.vacuum))
            database.rows(b"PRAGMA journal_mode = " + self.mode)
            database.rows("BEGIN")
            objects = old.rows("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC")
            for kind, name, sql in objects:
                database.rows(sql)
                if kind == b"table":
                    for row in old.rows(b"SELECT * FROM " + quoted(name)):
                        database.rows(b"INSERT INTO " + quoted(name) + b" VALUES (" + b",".join([b"?"] * len(row)) + b")", *row)
            database.rows("COMMIT")
            for _ in range(self.draw.randrange(2, 9)):
                self.attempt(database, self.draw.choice([self.table] * 6 + [self.view, self.full_text, self.spatial]))
        for suffix in ("", "-wal", "-shm", "-journal"):
            shutil.os.path.exists(source + suffix) and shutil.os.unlink(source + suffix)

    def attempt(self, database, make):
        """What SQLite does not allow is left out."""
        database.rows("SAVEPOINT one")
        try:
            name = make(database)
            self.made.append(name)
        except SQLiteError:
            database.rows("ROLLBACK TO one")
        database.rows("RELEASE one")

    def column(self, strict, name):
        draw = self.draw
        words = [quoted(name), draw.choice(STRICT_TYPES if strict else TYPES)]
        if draw.random() < 0.3:
            words.append(b"DEFAULT " + draw.choice(DEFAULTS))
        if draw.random() < 0.15:
            words.append(b"COLLATE " + draw.choice([b"NOCASE", b"RTRIM", b"BINARY"]))
        if draw.random() < 0.15:
            words.append(b"UNIQUE" + draw.choice([b"", b" ON CONFLICT REPLACE", b" ON CONFLICT IGNORE"]))
        if draw.random() < 0.1:
            words.append(b"CHECK (typeof(" + quoted(name) + b") <> 'no ''such)' /* ) */ OR 1)")
        if draw.random() < 0.1:
            words.append(b"CONSTRAINT " + quoted(self.name()) + b" NOT NULL")
        return b" ".join(words)

    def table(self, database):
        draw, name = self.draw, self.name()
        strict, without_rowid = draw.random() < 0.2, draw.random() < 0.2
        columns = [self.name() for _ in range(draw.randrange(1, 7))]
        parts = [self.column(strict, column) for column in columns]
        key = draw.random()
        if without_rowid or key < 0.3:
            some = draw.sample(columns, draw.randrange(1, len(columns) + 1))
            parts.append(b"PRIMARY KEY (" + b", ".join(quoted(c) + draw.choice([b"", b" DESC", b" COLLATE NOCASE"]) for c in some) + b")")
        elif key < 0.6:
            parts.insert(0, quoted(self.name()) + b" INTEGER PRIMARY KEY" + draw.choice([b"", b" AUTOINCREMENT", b" DESC"]))
        plain = list(columns)
        if draw.random() < 0.25:
            parts.insert(len(columns), quoted(self.name()) + (b" TEXT" if strict else b"") + b" GENERATED ALWAYS AS (" + quoted(columns[0])
                         + b" || ')(') " + draw.choice([b"VIRTUAL", b"STORED"]))
        if draw.random() < 0.2:
            parts.append(b"FOREIGN KEY (" + quoted(columns[0]) + b") REFERENCES " + quoted(self.name()) + draw.choice([b"", b" ON DELETE CASCADE", b"(id)"]))
        options = [word for word, wanted in ((b"STRICT", strict), (b"WITHOUT ROWID", without_rowid)) if wanted]
        comment = draw.choice([b"", b" /* a ) comment */ ", b" -- a ( line\n"])
        database.rows(b"CREATE TABLE " + quoted(name) + b" (" + comment + b",\n ".join(parts) + b")" + b" " + b", ".join(options))
        self.fill(database, name, plain, strict)
        for _ in range(draw.randrange(0, 3)):
            self.attempt(database, lambda database: self.index(database, name, columns))
        if draw.random() < 0.4:
            self.attempt(database, lambda database: self.trigger(database, name, columns))
        return name

    def value(self):
        draw = self.draw
        return draw.choice([None, draw.choice(NUMBERS), draw.choice(FLOATS), Text(draw.choice(TEXTS)), draw.choice(BLOBS), draw.randrange(1000)])

    def fill(self, database, name, columns, strict):
        words = b", ".join(map(quoted, columns))
        for _ in range(self.draw.randrange(0, 40)):
            values = [self.value() for _ in columns]
            try:
                database.rows(b"INSERT OR IGNORE INTO " + quoted(name) + b" (" + words + b") VALUES (" + b",".join([b"?"] * len(columns)) + b")", *values)
            except SQLiteError:
                if not strict:
                    raise

    def index(self, database, table, columns):
        name, column = self.name(), quoted(self.draw.choice(columns))
        what = self.draw.choice([column, column + b" DESC", b"lower(" + column + b")", column + b" COLLATE NOCASE"])
        part = self.draw.choice([b"", b"", b" WHERE " + column + b" IS NOT NULL", b" WHERE typeof(" + column + b") = 'text'"])
        database.rows(b"CREATE INDEX " + quoted(name) + b" ON " + quoted(table) + b" (" + what + b")" + part)
        return name

    def trigger(self, database, table, columns):
        name = self.name()
        body = self.draw.choice([b"SELECT raise(ABORT, 'no; END')", b"DELETE FROM " + quoted(table) + b" WHERE 0", b"SELECT 1; SELECT ';'"])
        database.rows(b"CREATE TRIGGER " + quoted(name) + self.draw.choice([b" BEFORE", b" AFTER"]) + self.draw.choice([b" INSERT", b" UPDATE", b" DELETE"])
                      + b" ON " + quoted(table) + b" BEGIN " + body + b"; END")
        return name

    def view(self, database):
        name = self.name()
        database.rows(b"CREATE VIEW " + quoted(name) + b" AS SELECT id, content AS " + quoted(self.name()) + b" FROM memory_entries -- a view; of mine")
        return name

    def full_text(self, database):
        name = b"words%d" % self.counter
        self.counter += 1
        option = self.draw.choice([b"", b", tokenize='porter unicode61'", b", content=''", b", prefix='2 3'"])
        database.rows(b"CREATE VIRTUAL TABLE " + quoted(name) + b" USING fts5(title, body" + option + b")")
        for text in ("one word", "é 👩‍👩‍👧 two", "three " * 50):
            database.rows(b"INSERT INTO " + quoted(name) + b" VALUES (?, ?)", Text(text.encode()), Text(b"body"))
        return name

    def spatial(self, database):
        name = b"boxes%d" % self.counter
        self.counter += 1
        database.rows(b"CREATE VIRTUAL TABLE " + quoted(name) + b" USING rtree(id, a, b)")
        database.rows(b"INSERT INTO " + quoted(name) + b" VALUES (1, 2.5, 3.5), (-9, 0, 0)")
        return name
