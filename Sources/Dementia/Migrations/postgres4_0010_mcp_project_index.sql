-- SPDX-License-Identifier: MIT
-- The index over a project's newest sessions.
--
-- changes: none

-- up
CREATE INDEX IF NOT EXISTS idx_sessions_project_active ON :"schema".mcp_sessions (project_name, last_active DESC);
-- An index that a failed concurrent build left behind has its name and no use: it is built again.
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_sessions_project_active', :'schema')))
REINDEX INDEX :"schema".idx_sessions_project_active;

-- down
DROP INDEX IF EXISTS :"schema".idx_sessions_project_active;

-- verify
SELECT 'index ' || wanted.name || CASE WHEN i.indexrelid IS NULL THEN ' is missing' ELSE ' is not valid' END
FROM (VALUES
    ('idx_sessions_project_active', 'mcp_sessions')
) AS wanted (name, relation)
LEFT JOIN (
    pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = :'schema'
) ON c.relname = wanted.name AND t.relname = wanted.relation
WHERE (i.indisvalid AND i.indisready) IS NOT TRUE;
