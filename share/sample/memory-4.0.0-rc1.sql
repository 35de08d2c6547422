-- SPDX-License-Identifier: MIT
--
-- A memory as Dementia 4.0.0-rc1 leaves it, for `make run`: the schema is upstream's, the project is invented.
-- Make a database from it:  sqlite3 .claude-memory.db < memory-4.0.0-rc1.sql

-- Dementia switches every file that it opens to WAL mode.
PRAGMA journal_mode = WAL;

BEGIN;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    started_at REAL NOT NULL,
    ended_at REAL,
    last_active REAL,
    summary TEXT,
    project_fingerprint TEXT,
    project_path TEXT,
    project_name TEXT
);

CREATE TABLE memory_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    category TEXT NOT NULL,
    content TEXT NOT NULL,
    metadata TEXT,
    timestamp REAL NOT NULL,
    session_id TEXT,
    FOREIGN KEY (session_id) REFERENCES sessions(id)
);

CREATE TABLE context_locks (
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

CREATE TABLE file_tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    tag TEXT NOT NULL,
    comment TEXT,
    created_at REAL,
    created_by TEXT,
    metadata TEXT,
    UNIQUE(path, tag)
);

CREATE TABLE todos (
    id TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL,
    completed_at REAL,
    priority INTEGER DEFAULT 0
);

CREATE TABLE project_variables (
    key TEXT PRIMARY KEY,
    value TEXT,
    updated_at REAL NOT NULL
);

CREATE TABLE session_updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    message TEXT NOT NULL,
    category TEXT,
    metadata TEXT
);

CREATE TABLE memory (
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

CREATE TABLE fixes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    problem TEXT NOT NULL,
    cause TEXT,
    solution TEXT NOT NULL,
    prevention TEXT,
    file_path TEXT
);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    question TEXT NOT NULL,
    context TEXT,
    options TEXT,
    decision TEXT,
    rationale TEXT,
    status TEXT DEFAULT 'OPEN'
);

INSERT INTO sessions VALUES
  ('tide_7f3a91c2', 1754899200.0, NULL, 1755072900.5, NULL, 'b41d7c02', '/home/ann/tide-table', 'tide-table');

INSERT INTO context_locks VALUES
  (1, 'tide_7f3a91c2', 'api_spec', '1.0', '# Tide Table API

Every endpoint lives under /v1 and answers JSON. ALWAYS send times as RFC 3339 in UTC; NEVER send local times.

- GET /v1/harbours lists the harbours that we know.
- GET /v1/harbours/{id}/tides gives high and low water for seven days.

The TideCalculator works from harmonic constants in data/constants.csv. The rate limit is 60 requests a minute for
each key; the answer to more is 429 with Retry-After.',
   '55cfa8c263db4394', 1754900041.25, 'user', 1, NULL, '{"tags": ["api", "rest"], "priority": "always_check", "keywords": []}'),
  (2, 'tide_7f3a91c2', 'api_spec', '1.1', '# Tide Table API

Every endpoint lives under /v1 and answers JSON. ALWAYS send times as RFC 3339 in UTC; NEVER send local times.

- GET /v1/harbours lists the harbours that we know.
- GET /v1/harbours/{id}/tides gives high and low water for fourteen days.

Changed: fourteen days in place of seven, because the ferry company plans two weeks ahead.',
   '2bc8baf9a1566de3', 1755072301.5, 'user', 1, NULL, '{"tags": ["api", "rest"], "priority": "always_check", "keywords": []}'),
  (3, 'tide_7f3a91c2', 'deploy_steps', '1.0', '# How to deploy

1. Run make check. A red test stops everything.
2. Tag the commit, then push the tag. The pipeline builds the container and waits for approval.
3. Approve between tides: the harbour masters read the page most at high water.

Rollback: deploy the previous tag. The database has no migrations of its own.',
   'da32eba2234ffbc7', 1754905300.0, 'user', 0, NULL, '{"tags": ["deploy"], "priority": "important", "keywords": []}'),
  (4, 'tide_7f3a91c2', 'naming', '1.0', 'Names of harbours keep their own spelling: Łeba, Ærøskøbing, Saint-Malo, 門司. Search folds case and accents,
storage never does.',
   '2a154109ed650369', 1754911200.75, 'user', 0, NULL, '{"tags": ["style", "i18n"], "priority": "reference", "keywords": []}');

INSERT INTO memory_entries (category, content, metadata, timestamp, session_id) VALUES
  ('progress', 'The calculator agrees with the printed table of Saint-Malo to the minute', '{}', 1754902811.0, 'tide_7f3a91c2'),
  ('todo', 'Ask the ferry company for the harbours they want', '{"priority": "HIGH"}', 1754903400.0, 'tide_7f3a91c2'),
  ('decision', 'Keep the constants in a CSV file', '{"question": "Where do the constants live?", "rationale": "A harbour master can edit it"}', 1754909022.25, 'tide_7f3a91c2'),
  ('error', 'Low water was an hour late in summer', '{"solution": "compute in UTC, convert at the edge", "file": "src/calculator.py"}', 1755070001.0, 'tide_7f3a91c2');

INSERT INTO session_updates (timestamp, message, category, metadata) VALUES
  (1754902811.5, 'The calculator agrees with the printed table of Saint-Malo to the minute', 'progress', '{}'),
  (1755070001.5, 'Low water was an hour late in summer', 'error', '{"file": "src/calculator.py"}');

INSERT INTO todos VALUES
  ('5b0c9e1d', 'Ask the ferry company for the harbours they want', 'pending', 1754903400.5, NULL, 2),
  ('c47e2a90', 'Draw the curve between high and low water', 'completed', 1754904000.0, 1755071000.0, 0);

INSERT INTO decisions (timestamp, question, context, options, decision, rationale, status) VALUES
  (1754909022.5, 'Where do the constants live?', NULL, NULL, 'Keep the constants in a CSV file',
   'A harbour master can edit it', 'DECIDED');

INSERT INTO fixes (timestamp, problem, cause, solution, prevention, file_path) VALUES
  (1755070002.0, 'Low water was an hour late in summer', NULL, 'compute in UTC, convert at the edge', NULL,
   'src/calculator.py');

INSERT INTO file_tags (path, tag, comment, created_at, created_by, metadata) VALUES
  ('src/calculator.py', 'tech:python', NULL, 1754901000.0, 'tide_7f3a91c2', NULL),
  ('src/calculator.py', 'status:stable', 'tested against printed tables', 1754901000.25, 'tide_7f3a91c2', NULL),
  ('README.md', 'layer:docs', NULL, 1754901000.5, 'tide_7f3a91c2', NULL);

INSERT INTO project_variables VALUES
  ('file_analysis', '{"total_files": 2, "files_tagged": 2, "tags_applied": 3}', 1754901001.0);

COMMIT;
