-- SPDX-License-Identifier: MIT
-- mcp_sessions.session_summary. Rows that are there get the default.
--
-- changes: none

-- up
ALTER TABLE :"schema".mcp_sessions ADD COLUMN IF NOT EXISTS session_summary JSONB
    DEFAULT '{"work_done": [], "tools_used": [], "next_steps": [], "important_context": {}}';

-- down
ALTER TABLE IF EXISTS :"schema".mcp_sessions DROP COLUMN IF EXISTS session_summary;

-- verify
SELECT 'column mcp_sessions.session_summary is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.mcp_sessions', :'schema'))
        AND attname = 'session_summary' AND NOT attisdropped);
