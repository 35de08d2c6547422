-- SPDX-License-Identifier: MIT
-- The tables of Dementia 4.0, for every file that lacks some of them: the four of August 2025 (0.2 to 0.4), the first 4.0,
-- and files on which a crash left only half of them.
--
-- 0.2 had a table of the same name with other columns: sessions(id INTEGER, timestamp, files_indexed, tech_stack). Every 4.x server
-- dies on it ("no such column: last_active"). It goes on, whole, under the name sessions_v0_2.
-- 0.4 wrote locked_by where 4.0 writes lock_source: the old column stays, the new one is added.
--
-- changes: renames sessions to sessions_v0_2

-- up
-- Without it the rename would also turn the foreign key of memory_entries, where a 4.x server has made that table, to the old sessions.
PRAGMA legacy_alter_table = 1;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('sessions') WHERE name = 'files_indexed')
ALTER TABLE sessions RENAME TO sessions_v0_2;
PRAGMA legacy_alter_table = 0;

CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    started_at REAL NOT NULL,
    ended_at REAL,
    last_active REAL,
    summary TEXT,
    project_fingerprint TEXT,
    project_path TEXT,
    project_name TEXT
);
-- unless: SELECT 1 FROM pragma_table_info('sessions') WHERE name = 'last_active'
ALTER TABLE sessions ADD COLUMN last_active REAL;
-- unless: SELECT 1 FROM pragma_table_info('sessions') WHERE name = 'summary'
ALTER TABLE sessions ADD COLUMN summary TEXT;
-- unless: SELECT 1 FROM pragma_table_info('sessions') WHERE name = 'project_fingerprint'
ALTER TABLE sessions ADD COLUMN project_fingerprint TEXT;
-- unless: SELECT 1 FROM pragma_table_info('sessions') WHERE name = 'project_path'
ALTER TABLE sessions ADD COLUMN project_path TEXT;
-- unless: SELECT 1 FROM pragma_table_info('sessions') WHERE name = 'project_name'
ALTER TABLE sessions ADD COLUMN project_name TEXT;

CREATE TABLE IF NOT EXISTS memory_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    category TEXT NOT NULL,
    content TEXT NOT NULL,
    metadata TEXT,
    timestamp REAL NOT NULL,
    session_id TEXT,
    FOREIGN KEY (session_id) REFERENCES sessions(id)
);

CREATE TABLE IF NOT EXISTS context_locks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    label TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '1.0',
    content TEXT NOT NULL CHECK(length(content) <= 51200),
    content_hash TEXT NOT NULL,
    locked_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    lock_source TEXT DEFAULT 'user',
    is_persistent BOOLEAN DEFAULT 0,
    parent_version TEXT,
    metadata TEXT,
    UNIQUE(session_id, label, version),
    CHECK(version GLOB '[0-9]*.[0-9]*')
);
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'lock_source'
ALTER TABLE context_locks ADD COLUMN lock_source TEXT DEFAULT 'user';
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'is_persistent'
ALTER TABLE context_locks ADD COLUMN is_persistent BOOLEAN DEFAULT 0;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'parent_version'
ALTER TABLE context_locks ADD COLUMN parent_version TEXT;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'metadata'
ALTER TABLE context_locks ADD COLUMN metadata TEXT;

CREATE TABLE IF NOT EXISTS file_tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    tag TEXT NOT NULL,
    comment TEXT,
    created_at REAL,
    created_by TEXT,
    metadata TEXT,
    UNIQUE(path, tag)
);

CREATE TABLE IF NOT EXISTS todos (
    id TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL,
    completed_at REAL,
    priority INTEGER DEFAULT 0
);

CREATE TABLE IF NOT EXISTS project_variables (
    key TEXT PRIMARY KEY,
    value TEXT,
    updated_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS session_updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    message TEXT NOT NULL,
    category TEXT,
    metadata TEXT
);

CREATE TABLE IF NOT EXISTS memory (
    id INTEGER PRIMARY KEY,
    session_id TEXT,
    timestamp REAL,
    category TEXT,
    topic TEXT,
    importance REAL DEFAULT 0.5,
    content TEXT,
    summary TEXT,
    metadata TEXT,
    parent_id INTEGER,
    related_ids TEXT,
    token_count INTEGER,
    last_accessed REAL,
    access_count INTEGER DEFAULT 0,
    archived BOOLEAN DEFAULT 0
);

CREATE TABLE IF NOT EXISTS fixes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    problem TEXT NOT NULL,
    cause TEXT,
    solution TEXT NOT NULL,
    prevention TEXT,
    file_path TEXT
);

CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    question TEXT NOT NULL,
    context TEXT,
    options TEXT,
    decision TEXT,
    rationale TEXT,
    status TEXT DEFAULT 'OPEN'
);

-- There is nothing older that a server could run on.
-- down: none

-- verify
SELECT 'table ' || wanted.column1 || ' is missing'
FROM (VALUES ('sessions'), ('memory_entries'), ('context_locks'), ('file_tags'), ('todos'), ('project_variables'),
             ('session_updates'), ('memory'), ('fixes'), ('decisions')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'table');

SELECT 'column sessions.' || wanted.column1 || ' is missing'
FROM (VALUES ('id'), ('started_at'), ('last_active'), ('summary'), ('project_fingerprint'), ('project_path'),
             ('project_name')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM pragma_table_info('sessions'));

SELECT 'column context_locks.' || wanted.column1 || ' is missing'
FROM (VALUES ('id'), ('session_id'), ('label'), ('version'), ('content'), ('content_hash'), ('locked_at'), ('lock_source'),
             ('is_persistent'), ('parent_version'), ('metadata')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM pragma_table_info('context_locks'));

SELECT 'column memory_entries.' || wanted.column1 || ' is missing'
FROM (VALUES ('id'), ('category'), ('content'), ('metadata'), ('timestamp'), ('session_id')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM pragma_table_info('memory_entries'));
