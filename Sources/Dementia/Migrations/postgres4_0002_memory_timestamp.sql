-- SPDX-License-Identifier: MIT
-- memory_entries.timestamp, NULL in the rows that are there.
--
-- changes: none

-- up
ALTER TABLE :"schema".memory_entries ADD COLUMN IF NOT EXISTS "timestamp" DOUBLE PRECISION;

-- down
ALTER TABLE IF EXISTS :"schema".memory_entries DROP COLUMN IF EXISTS "timestamp";

-- verify
SELECT 'column memory_entries.timestamp is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.memory_entries', :'schema'))
        AND attname = 'timestamp' AND NOT attisdropped);
