-- SPDX-License-Identifier: MIT
-- RLM, "4.1": five columns, three tables, six indices, and a preview and key concepts for every context that has none.
--
-- Four shapes of 4.1 exist in the wild (two of upstream's script, two of its server); each becomes this one. A row whose preview cannot
-- be computed keeps its NULLs and is reported. A value that is there stays.
--
-- changes: fills context_locks.preview, fills context_locks.key_concepts, fills context_locks.last_accessed

-- up
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'preview'
ALTER TABLE context_locks ADD COLUMN preview TEXT;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'key_concepts'
ALTER TABLE context_locks ADD COLUMN key_concepts TEXT;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'related_contexts'
ALTER TABLE context_locks ADD COLUMN related_contexts TEXT;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'last_accessed'
ALTER TABLE context_locks ADD COLUMN last_accessed TIMESTAMP;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'access_count'
ALTER TABLE context_locks ADD COLUMN access_count INTEGER DEFAULT 0;

-- Before the indices: an index that is there would be kept up to date row by row.
-- code: contextSummaries

CREATE TABLE IF NOT EXISTS context_relationships (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    from_label TEXT NOT NULL,
    to_label TEXT NOT NULL,
    relationship_type TEXT,
    strength REAL DEFAULT 0.5,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE(session_id, from_label, to_label)
);
CREATE TABLE IF NOT EXISTS context_access_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    label TEXT NOT NULL,
    access_type TEXT,
    timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS tool_usage_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tool_name TEXT NOT NULL,
    params TEXT,
    timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    session_id TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_context_preview ON context_locks(session_id, label, preview);
CREATE INDEX IF NOT EXISTS idx_context_key_concepts ON context_locks(session_id, key_concepts);
CREATE INDEX IF NOT EXISTS idx_context_access ON context_locks(session_id, last_accessed DESC);
CREATE INDEX IF NOT EXISTS idx_relationships ON context_relationships(session_id, from_label);
CREATE INDEX IF NOT EXISTS idx_access_log ON context_access_log(session_id, label, timestamp DESC);
CREATE INDEX IF NOT EXISTS idx_tool_usage ON tool_usage_log(session_id, tool_name, timestamp DESC);

-- down
DROP INDEX IF EXISTS idx_tool_usage;
DROP INDEX IF EXISTS idx_access_log;
DROP INDEX IF EXISTS idx_relationships;
DROP INDEX IF EXISTS idx_context_access;
DROP INDEX IF EXISTS idx_context_key_concepts;
DROP INDEX IF EXISTS idx_context_preview;
DROP TABLE IF EXISTS tool_usage_log;
DROP TABLE IF EXISTS context_access_log;
DROP TABLE IF EXISTS context_relationships;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'access_count')
ALTER TABLE context_locks DROP COLUMN access_count;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'last_accessed')
ALTER TABLE context_locks DROP COLUMN last_accessed;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'related_contexts')
ALTER TABLE context_locks DROP COLUMN related_contexts;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'key_concepts')
ALTER TABLE context_locks DROP COLUMN key_concepts;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'preview')
ALTER TABLE context_locks DROP COLUMN preview;

-- verify
SELECT 'column context_locks.' || wanted.column1 || ' is missing'
FROM (VALUES ('preview'), ('key_concepts'), ('related_contexts'), ('last_accessed'), ('access_count')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM pragma_table_info('context_locks'));

SELECT 'table ' || wanted.column1 || ' is missing'
FROM (VALUES ('context_relationships'), ('context_access_log'), ('tool_usage_log')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'table');

SELECT 'index ' || wanted.column1 || ' is missing'
FROM (VALUES ('idx_context_preview'), ('idx_context_key_concepts'), ('idx_context_access'), ('idx_relationships'),
             ('idx_access_log'), ('idx_tool_usage')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index');
