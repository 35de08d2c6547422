-- SPDX-License-Identifier: MIT
-- context_locks.key_concepts. Upstream never fills it in rows that are there, and neither does this.
--
-- changes: none

-- up
ALTER TABLE :"schema".context_locks ADD COLUMN IF NOT EXISTS key_concepts TEXT;

-- down
ALTER TABLE IF EXISTS :"schema".context_locks DROP COLUMN IF EXISTS key_concepts;

-- verify
SELECT 'column context_locks.key_concepts is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.context_locks', :'schema'))
        AND attname = 'key_concepts' AND NOT attisdropped);
