-- SPDX-License-Identifier: MIT
-- memory_entries.session_id, for schemas that are older than any adapter in upstream's history.
--
-- A schema that an adapter made has a foreign key in its place and no index; upstream's own migration gives an index and no foreign key.
-- Either will do.
--
-- changes: none

-- up
ALTER TABLE :"schema".memory_entries ADD COLUMN IF NOT EXISTS session_id TEXT;
-- unless: SELECT 1 FROM pg_catalog.pg_constraint AS k
--     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]
--     WHERE k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.memory_entries', :'schema'))
--         AND k.contype = 'f' AND k.convalidated AND a.attname = 'session_id'
CREATE INDEX IF NOT EXISTS idx_memory_entries_session ON :"schema".memory_entries (session_id);
-- An index that a failed concurrent build left behind has its name and no use: it is built again.
-- unless: SELECT 1 WHERE NOT EXISTS (
--     SELECT 1 FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)
--         AND indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_memory_entries_session', :'schema')))
REINDEX INDEX :"schema".idx_memory_entries_session;

-- down
DROP INDEX IF EXISTS :"schema".idx_memory_entries_session;
ALTER TABLE IF EXISTS :"schema".memory_entries DROP COLUMN IF EXISTS session_id;

-- verify
SELECT 'column memory_entries.session_id is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.memory_entries', :'schema'))
        AND attname = 'session_id' AND NOT attisdropped);

SELECT 'memory_entries.session_id has neither a valid foreign key nor the valid index idx_memory_entries_session'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]
    WHERE k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.memory_entries', :'schema'))
        AND k.contype = 'f' AND k.convalidated AND a.attname = 'session_id'
) AND NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_index
    WHERE indexrelid = pg_catalog.to_regclass(pg_catalog.format('%I.idx_memory_entries_session', :'schema'))
        AND indrelid = pg_catalog.to_regclass(pg_catalog.format('%I.memory_entries', :'schema'))
        AND indisvalid AND indisready);
