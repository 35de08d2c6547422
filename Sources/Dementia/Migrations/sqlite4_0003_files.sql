-- SPDX-License-Identifier: MIT
-- "4.1 CRUD" to 4.3: archived contexts, the file model, its change history and the cache of query results.
--
-- changes: none

-- up
CREATE TABLE IF NOT EXISTS context_archives (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    original_id INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    label TEXT NOT NULL,
    version TEXT NOT NULL,
    content TEXT NOT NULL,
    preview TEXT,
    key_concepts TEXT,
    metadata TEXT,
    deleted_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    delete_reason TEXT
);

CREATE TABLE IF NOT EXISTS file_semantic_model (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    file_path TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    modified_time REAL NOT NULL,
    hash_method TEXT DEFAULT 'full',
    file_type TEXT,
    language TEXT,
    purpose TEXT,
    imports TEXT,
    exports TEXT,
    dependencies TEXT,
    used_by TEXT,
    contains TEXT,
    is_standard BOOLEAN DEFAULT 0,
    standard_type TEXT,
    warnings TEXT,
    cluster_name TEXT,
    related_files TEXT,
    last_scanned REAL NOT NULL,
    scan_duration_ms INTEGER,
    UNIQUE(session_id, file_path)
);
CREATE INDEX IF NOT EXISTS idx_fsm_hash ON file_semantic_model(session_id, content_hash);
CREATE INDEX IF NOT EXISTS idx_fsm_mtime ON file_semantic_model(session_id, modified_time);
CREATE INDEX IF NOT EXISTS idx_fsm_cluster ON file_semantic_model(session_id, cluster_name);
CREATE INDEX IF NOT EXISTS idx_fsm_type ON file_semantic_model(session_id, file_type);
CREATE INDEX IF NOT EXISTS idx_fsm_standard ON file_semantic_model(session_id, is_standard);

CREATE TABLE IF NOT EXISTS file_change_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    file_path TEXT NOT NULL,
    change_type TEXT NOT NULL,
    timestamp REAL NOT NULL,
    old_hash TEXT,
    new_hash TEXT,
    size_delta INTEGER
);
CREATE INDEX IF NOT EXISTS idx_fch_session ON file_change_history(session_id, timestamp DESC);

CREATE TABLE IF NOT EXISTS query_results_cache (
    query_id TEXT PRIMARY KEY,
    query_type TEXT NOT NULL,
    query_params TEXT,
    total_results INTEGER NOT NULL,
    result_data TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    session_id TEXT,
    FOREIGN KEY (session_id) REFERENCES sessions(id)
);
CREATE INDEX IF NOT EXISTS idx_qrc_expires ON query_results_cache(expires_at);
CREATE INDEX IF NOT EXISTS idx_qrc_session ON query_results_cache(session_id);

-- down
DROP INDEX IF EXISTS idx_qrc_session;
DROP INDEX IF EXISTS idx_qrc_expires;
DROP TABLE IF EXISTS query_results_cache;
DROP INDEX IF EXISTS idx_fch_session;
DROP TABLE IF EXISTS file_change_history;
DROP INDEX IF EXISTS idx_fsm_standard;
DROP INDEX IF EXISTS idx_fsm_type;
DROP INDEX IF EXISTS idx_fsm_cluster;
DROP INDEX IF EXISTS idx_fsm_mtime;
DROP INDEX IF EXISTS idx_fsm_hash;
DROP TABLE IF EXISTS file_semantic_model;
DROP TABLE IF EXISTS context_archives;

-- verify
SELECT 'table ' || wanted.column1 || ' is missing'
FROM (VALUES ('context_archives'), ('file_semantic_model'), ('file_change_history'), ('query_results_cache')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'table');

SELECT 'index ' || wanted.column1 || ' is missing'
FROM (VALUES ('idx_fsm_hash'), ('idx_fsm_mtime'), ('idx_fsm_cluster'), ('idx_fsm_type'), ('idx_fsm_standard'),
             ('idx_fch_session'), ('idx_qrc_expires'), ('idx_qrc_session')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index');
