-- SPDX-License-Identifier: MIT
-- Every table and index that a server of 23 November 2025 (b0ea5da) makes when it finds none, without what migrations 8 to 10 bring.
--
-- A table that is there stays as it is, also in an older form: what that form lacks is the other migrations' to add, and no index here
-- needs a column of theirs. token_usage and the workspaces are made when they are first used, and are not missing before.
--
-- changes: none

-- up
CREATE TABLE IF NOT EXISTS :"schema".sessions (
    id TEXT PRIMARY KEY,
    started_at DOUBLE PRECISION,
    last_active DOUBLE PRECISION,
    project_fingerprint TEXT,
    project_path TEXT,
    project_name TEXT,
    summary TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".context_locks (
    id SERIAL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES :"schema".sessions (id),
    label TEXT NOT NULL,
    version TEXT,
    content TEXT,
    content_hash TEXT,
    metadata TEXT,
    tags TEXT,
    locked_at DOUBLE PRECISION,
    last_accessed DOUBLE PRECISION,
    access_count INTEGER DEFAULT 0,
    preview TEXT,
    key_concepts TEXT,
    embedding BYTEA,
    embedding_model TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".audit_trail (
    id SERIAL PRIMARY KEY,
    "timestamp" DOUBLE PRECISION,
    session_id TEXT REFERENCES :"schema".sessions (id),
    action TEXT,
    target_type TEXT,
    target_id TEXT,
    details TEXT,
    user_id TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".memory_entries (
    id SERIAL PRIMARY KEY,
    session_id TEXT REFERENCES :"schema".sessions (id),
    "timestamp" DOUBLE PRECISION,
    category TEXT,
    content TEXT,
    metadata TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".file_semantic_model (
    id SERIAL PRIMARY KEY,
    session_id TEXT REFERENCES :"schema".sessions (id),
    file_path TEXT,
    file_size INTEGER,
    content_hash TEXT,
    modified_time DOUBLE PRECISION,
    hash_method TEXT,
    file_type TEXT,
    language TEXT,
    purpose TEXT,
    imports TEXT,
    exports TEXT,
    dependencies TEXT,
    used_by TEXT,
    contains TEXT,
    is_standard INTEGER,
    standard_type TEXT,
    warnings TEXT,
    cluster_name TEXT,
    related_files TEXT,
    last_scanned DOUBLE PRECISION,
    scan_duration_ms INTEGER,
    UNIQUE (session_id, file_path)
);

CREATE TABLE IF NOT EXISTS :"schema".file_change_history (
    id SERIAL PRIMARY KEY,
    session_id TEXT REFERENCES :"schema".sessions (id),
    file_path TEXT,
    change_type TEXT,
    "timestamp" DOUBLE PRECISION,
    old_hash TEXT,
    new_hash TEXT,
    size_delta INTEGER
);

CREATE TABLE IF NOT EXISTS :"schema".query_results_cache (
    query_id TEXT PRIMARY KEY,
    query_type TEXT,
    params TEXT,
    results TEXT,
    created_at DOUBLE PRECISION,
    expires_at DOUBLE PRECISION
);

CREATE TABLE IF NOT EXISTS :"schema".todos (
    id SERIAL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES :"schema".sessions (id),
    content TEXT NOT NULL,
    active_form TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'in_progress', 'completed')),
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL,
    completed_at DOUBLE PRECISION,
    priority TEXT,
    tags TEXT,
    metadata TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".decisions (
    id SERIAL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES :"schema".sessions (id),
    "timestamp" DOUBLE PRECISION NOT NULL,
    question TEXT NOT NULL,
    context TEXT,
    options TEXT,
    decision TEXT,
    rationale TEXT,
    status TEXT DEFAULT 'OPEN'
);

CREATE TABLE IF NOT EXISTS :"schema".context_archives (
    id SERIAL PRIMARY KEY,
    original_id INTEGER NOT NULL,
    session_id TEXT NOT NULL REFERENCES :"schema".sessions (id),
    label TEXT NOT NULL,
    version TEXT NOT NULL,
    content TEXT NOT NULL,
    preview TEXT,
    key_concepts TEXT,
    metadata TEXT,
    deleted_at DOUBLE PRECISION DEFAULT EXTRACT(EPOCH FROM CURRENT_TIMESTAMP),
    delete_reason TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".file_tags (
    id SERIAL PRIMARY KEY,
    path TEXT NOT NULL,
    tag TEXT NOT NULL,
    comment TEXT,
    created_at DOUBLE PRECISION,
    created_by TEXT,
    metadata TEXT,
    UNIQUE (path, tag)
);

CREATE TABLE IF NOT EXISTS :"schema".mcp_sessions (
    session_id TEXT PRIMARY KEY,
    created_at TIMESTAMPTZ DEFAULT pg_catalog.now(),
    last_active TIMESTAMPTZ DEFAULT pg_catalog.now(),
    capabilities JSONB DEFAULT '{}',
    expires_at TIMESTAMPTZ,
    client_info JSONB DEFAULT '{}'
);

CREATE TABLE IF NOT EXISTS :"schema".breadcrumbs (
    id SERIAL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES :"schema".mcp_sessions (session_id),
    "timestamp" DOUBLE PRECISION NOT NULL,
    marker TEXT NOT NULL,
    tool TEXT,
    message TEXT,
    metadata TEXT
);

CREATE TABLE IF NOT EXISTS :"schema".oauth_authorization_codes (
    code TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    code_challenge_method TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at TIMESTAMPTZ DEFAULT pg_catalog.now(),
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE TABLE IF NOT EXISTS :"schema".oauth_access_tokens (
    access_token TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at TIMESTAMPTZ DEFAULT pg_catalog.now(),
    expires_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);

CREATE INDEX IF NOT EXISTS idx_context_locks_session ON :"schema".context_locks (session_id);
CREATE INDEX IF NOT EXISTS idx_context_locks_label ON :"schema".context_locks (label);
CREATE INDEX IF NOT EXISTS idx_audit_trail_session ON :"schema".audit_trail (session_id, "timestamp" DESC);
CREATE INDEX IF NOT EXISTS idx_file_model_session ON :"schema".file_semantic_model (session_id, file_path);
CREATE INDEX IF NOT EXISTS idx_file_changes_session ON :"schema".file_change_history (session_id, "timestamp" DESC);
CREATE INDEX IF NOT EXISTS idx_todos_session ON :"schema".todos (session_id, status);
CREATE INDEX IF NOT EXISTS idx_todos_status ON :"schema".todos (status, updated_at DESC);
CREATE INDEX IF NOT EXISTS idx_decisions_session ON :"schema".decisions (session_id, "timestamp" DESC);
CREATE INDEX IF NOT EXISTS idx_context_archives_session ON :"schema".context_archives (session_id);
CREATE INDEX IF NOT EXISTS idx_context_archives_label ON :"schema".context_archives (label, deleted_at DESC);
CREATE INDEX IF NOT EXISTS idx_file_tags_path ON :"schema".file_tags (path);
CREATE INDEX IF NOT EXISTS idx_file_tags_created ON :"schema".file_tags (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_mcp_sessions_expires ON :"schema".mcp_sessions (expires_at);
CREATE INDEX IF NOT EXISTS idx_mcp_sessions_last_active ON :"schema".mcp_sessions (last_active);
CREATE INDEX IF NOT EXISTS idx_breadcrumbs_session ON :"schema".breadcrumbs (session_id, "timestamp" DESC);
CREATE INDEX IF NOT EXISTS idx_breadcrumbs_marker ON :"schema".breadcrumbs (marker);
CREATE INDEX IF NOT EXISTS idx_oauth_codes_expires_at ON :"schema".oauth_authorization_codes (expires_at);
CREATE INDEX IF NOT EXISTS idx_oauth_tokens_expires_at ON :"schema".oauth_access_tokens (expires_at);

-- An index that a failed concurrent build left behind has its name and no use: it is built again.
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_context_locks_session', :'schema')))
REINDEX INDEX :"schema".idx_context_locks_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_context_locks_label', :'schema')))
REINDEX INDEX :"schema".idx_context_locks_label;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_audit_trail_session', :'schema')))
REINDEX INDEX :"schema".idx_audit_trail_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_file_model_session', :'schema')))
REINDEX INDEX :"schema".idx_file_model_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_file_changes_session', :'schema')))
REINDEX INDEX :"schema".idx_file_changes_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_todos_session', :'schema')))
REINDEX INDEX :"schema".idx_todos_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_todos_status', :'schema')))
REINDEX INDEX :"schema".idx_todos_status;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_decisions_session', :'schema')))
REINDEX INDEX :"schema".idx_decisions_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_context_archives_session', :'schema')))
REINDEX INDEX :"schema".idx_context_archives_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_context_archives_label', :'schema')))
REINDEX INDEX :"schema".idx_context_archives_label;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_file_tags_path', :'schema')))
REINDEX INDEX :"schema".idx_file_tags_path;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_file_tags_created', :'schema')))
REINDEX INDEX :"schema".idx_file_tags_created;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_mcp_sessions_expires', :'schema')))
REINDEX INDEX :"schema".idx_mcp_sessions_expires;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_mcp_sessions_last_active', :'schema')))
REINDEX INDEX :"schema".idx_mcp_sessions_last_active;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_breadcrumbs_session', :'schema')))
REINDEX INDEX :"schema".idx_breadcrumbs_session;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_breadcrumbs_marker', :'schema')))
REINDEX INDEX :"schema".idx_breadcrumbs_marker;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_oauth_codes_expires_at', :'schema')))
REINDEX INDEX :"schema".idx_oauth_codes_expires_at;
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_oauth_tokens_expires_at', :'schema')))
REINDEX INDEX :"schema".idx_oauth_tokens_expires_at;

-- There is nothing older that a server could run on.
-- down: none

-- verify
SELECT 'table ' || wanted.name || ' is missing'
FROM (VALUES
    ('sessions'), ('context_locks'), ('audit_trail'), ('memory_entries'), ('file_semantic_model'), ('file_change_history'),
    ('query_results_cache'), ('todos'), ('decisions'), ('context_archives'), ('file_tags'), ('mcp_sessions'), ('breadcrumbs'),
    ('oauth_authorization_codes'), ('oauth_access_tokens')
) AS wanted (name)
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :'schema' AND c.relname = wanted.name AND c.relkind IN ('r', 'p'));

SELECT 'column ' || wanted.relation || '.' || wanted.name || ' is missing'
FROM (VALUES
    ('sessions', 'id'), ('sessions', 'started_at'), ('sessions', 'last_active'), ('sessions', 'project_fingerprint'),
    ('sessions', 'project_path'), ('sessions', 'project_name'), ('context_locks', 'id'), ('context_locks', 'session_id'),
    ('context_locks', 'label'), ('context_locks', 'version'), ('context_locks', 'content'), ('context_locks', 'content_hash'),
    ('context_locks', 'metadata'), ('context_locks', 'tags'), ('context_locks', 'locked_at'), ('context_locks', 'last_accessed'),
    ('context_locks', 'access_count'), ('context_locks', 'embedding'), ('context_locks', 'embedding_model'), ('audit_trail', 'id'),
    ('audit_trail', 'timestamp'), ('audit_trail', 'session_id'), ('audit_trail', 'action'), ('audit_trail', 'target_type'),
    ('audit_trail', 'target_id'), ('audit_trail', 'details'), ('audit_trail', 'user_id'), ('memory_entries', 'id'),
    ('memory_entries', 'content'), ('memory_entries', 'metadata'), ('file_semantic_model', 'id'),
    ('file_semantic_model', 'session_id'), ('file_semantic_model', 'file_path'), ('file_semantic_model', 'file_size'),
    ('file_semantic_model', 'content_hash'), ('file_semantic_model', 'modified_time'), ('file_semantic_model', 'hash_method'),
    ('file_semantic_model', 'file_type'), ('file_semantic_model', 'language'), ('file_semantic_model', 'purpose'),
    ('file_semantic_model', 'imports'), ('file_semantic_model', 'exports'), ('file_semantic_model', 'dependencies'),
    ('file_semantic_model', 'used_by'), ('file_semantic_model', 'contains'), ('file_semantic_model', 'is_standard'),
    ('file_semantic_model', 'standard_type'), ('file_semantic_model', 'warnings'), ('file_semantic_model', 'cluster_name'),
    ('file_semantic_model', 'related_files'), ('file_semantic_model', 'last_scanned'), ('file_semantic_model', 'scan_duration_ms'),
    ('file_change_history', 'id'), ('file_change_history', 'session_id'), ('file_change_history', 'file_path'),
    ('file_change_history', 'change_type'), ('file_change_history', 'timestamp'), ('file_change_history', 'old_hash'),
    ('file_change_history', 'new_hash'), ('file_change_history', 'size_delta'), ('query_results_cache', 'query_id'),
    ('query_results_cache', 'query_type'), ('query_results_cache', 'params'), ('query_results_cache', 'results'),
    ('query_results_cache', 'created_at'), ('query_results_cache', 'expires_at'), ('todos', 'id'), ('todos', 'session_id'),
    ('todos', 'content'), ('todos', 'active_form'), ('todos', 'status'), ('todos', 'created_at'), ('todos', 'updated_at'),
    ('todos', 'completed_at'), ('todos', 'priority'), ('todos', 'tags'), ('todos', 'metadata'), ('decisions', 'id'),
    ('decisions', 'session_id'), ('decisions', 'timestamp'), ('decisions', 'question'), ('decisions', 'context'),
    ('decisions', 'options'), ('decisions', 'decision'), ('decisions', 'rationale'), ('decisions', 'status'),
    ('context_archives', 'id'), ('context_archives', 'original_id'), ('context_archives', 'session_id'), ('context_archives', 'label'),
    ('context_archives', 'version'), ('context_archives', 'content'), ('context_archives', 'preview'),
    ('context_archives', 'key_concepts'), ('context_archives', 'metadata'), ('context_archives', 'deleted_at'),
    ('context_archives', 'delete_reason'), ('file_tags', 'id'), ('file_tags', 'path'), ('file_tags', 'tag'), ('file_tags', 'comment'),
    ('file_tags', 'created_at'), ('file_tags', 'created_by'), ('file_tags', 'metadata'), ('mcp_sessions', 'session_id'),
    ('mcp_sessions', 'created_at'), ('mcp_sessions', 'last_active'), ('mcp_sessions', 'capabilities'), ('mcp_sessions', 'expires_at'),
    ('mcp_sessions', 'client_info'), ('breadcrumbs', 'id'), ('breadcrumbs', 'session_id'), ('breadcrumbs', 'timestamp'),
    ('breadcrumbs', 'marker'), ('breadcrumbs', 'tool'), ('breadcrumbs', 'message'), ('breadcrumbs', 'metadata'),
    ('oauth_authorization_codes', 'code'), ('oauth_authorization_codes', 'client_id'), ('oauth_authorization_codes', 'redirect_uri'),
    ('oauth_authorization_codes', 'code_challenge'), ('oauth_authorization_codes', 'code_challenge_method'),
    ('oauth_authorization_codes', 'user_id'), ('oauth_authorization_codes', 'scope'), ('oauth_authorization_codes', 'created_at'),
    ('oauth_authorization_codes', 'expires_at'), ('oauth_authorization_codes', 'used_at'), ('oauth_access_tokens', 'access_token'),
    ('oauth_access_tokens', 'client_id'), ('oauth_access_tokens', 'user_id'), ('oauth_access_tokens', 'scope'),
    ('oauth_access_tokens', 'created_at'), ('oauth_access_tokens', 'expires_at'), ('oauth_access_tokens', 'last_used_at')
) AS wanted (relation, name)
JOIN pg_catalog.pg_class AS c ON c.relname = wanted.relation AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = :'schema'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attname = wanted.name AND a.attnum > 0 AND NOT a.attisdropped);

SELECT 'index ' || wanted.name || CASE WHEN i.indexrelid IS NULL THEN ' is missing' ELSE ' is not valid' END
FROM (VALUES
    ('idx_context_locks_session', 'context_locks'), ('idx_context_locks_label', 'context_locks'),
    ('idx_audit_trail_session', 'audit_trail'), ('idx_file_model_session', 'file_semantic_model'),
    ('idx_file_changes_session', 'file_change_history'), ('idx_todos_session', 'todos'), ('idx_todos_status', 'todos'),
    ('idx_decisions_session', 'decisions'), ('idx_context_archives_session', 'context_archives'),
    ('idx_context_archives_label', 'context_archives'), ('idx_file_tags_path', 'file_tags'), ('idx_file_tags_created', 'file_tags'),
    ('idx_mcp_sessions_expires', 'mcp_sessions'), ('idx_mcp_sessions_last_active', 'mcp_sessions'),
    ('idx_breadcrumbs_session', 'breadcrumbs'), ('idx_breadcrumbs_marker', 'breadcrumbs'),
    ('idx_oauth_codes_expires_at', 'oauth_authorization_codes'), ('idx_oauth_tokens_expires_at', 'oauth_access_tokens')
) AS wanted (name, relation)
LEFT JOIN (
    pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = :'schema'
) ON c.relname = wanted.name AND t.relname = wanted.relation
WHERE (i.indisvalid AND i.indisready) IS NOT TRUE;
