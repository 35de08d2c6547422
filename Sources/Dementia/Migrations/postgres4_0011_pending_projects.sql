-- SPDX-License-Identifier: MIT
-- Sessions that were begun before a project was chosen say so: '__PENDING__' instead of 'default'.
--
-- A server goes on to write 'default' (create_session does, and a schema of 6e4d665 has it for its column's default), so this is due
-- again whenever such a row is there. Taking it back would turn rows that were never 'default' into it.
--
-- changes: rewrites mcp_sessions.project_name
-- recurring

-- up
UPDATE :"schema".mcp_sessions SET project_name = '__PENDING__' WHERE project_name = 'default';

-- down: none

-- verify
SELECT 'column mcp_sessions.project_name is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.mcp_sessions', :'schema'))
        AND attname = 'project_name' AND NOT attisdropped);

-- A table that is not there cannot stand in a statement, so the rows are counted by a statement of their own.
SELECT 'mcp_sessions.project_name is default where it must be __PENDING__, in this many rows: ' || due.count
FROM (
    SELECT pg_catalog.substring(pg_catalog.query_to_xml(
        pg_catalog.format('SELECT count(*) AS due FROM %I.mcp_sessions WHERE project_name = ''default''', :'schema'),
        false, true, '')::pg_catalog.text, '<due>([0-9]+)</due>') AS count
    FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.mcp_sessions', :'schema'))
        AND attname = 'project_name' AND NOT attisdropped
) AS due
WHERE due.count <> '0';
