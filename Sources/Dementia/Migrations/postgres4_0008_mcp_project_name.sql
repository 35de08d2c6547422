-- SPDX-License-Identifier: MIT
-- mcp_sessions.project_name. Rows that are there get the default. One that 6e4d665 made has the default 'default', and keeps it:
-- upstream left it so, and migration 11 mends what comes of it.
--
-- changes: none

-- up
ALTER TABLE :"schema".mcp_sessions ADD COLUMN IF NOT EXISTS project_name TEXT DEFAULT '__PENDING__';

-- down
ALTER TABLE IF EXISTS :"schema".mcp_sessions DROP COLUMN IF EXISTS project_name;

-- verify
SELECT 'column mcp_sessions.project_name is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.mcp_sessions', :'schema'))
        AND attname = 'project_name' AND NOT attisdropped);
