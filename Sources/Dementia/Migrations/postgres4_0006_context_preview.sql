-- SPDX-License-Identifier: MIT
-- context_locks.preview. Upstream never fills it in rows that are there, and neither does this.
--
-- changes: none

-- up
ALTER TABLE :"schema".context_locks ADD COLUMN IF NOT EXISTS preview TEXT;

-- down
ALTER TABLE IF EXISTS :"schema".context_locks DROP COLUMN IF EXISTS preview;

-- verify
SELECT 'column context_locks.preview is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.context_locks', :'schema'))
        AND attname = 'preview' AND NOT attisdropped);
