-- SPDX-License-Identifier: MIT
-- sessions.summary, which servers up to 1592670 did not make.
--
-- changes: none

-- up
ALTER TABLE :"schema".sessions ADD COLUMN IF NOT EXISTS summary TEXT;

-- down
ALTER TABLE IF EXISTS :"schema".sessions DROP COLUMN IF EXISTS summary;

-- verify
SELECT 'column sessions.summary is missing'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.sessions', :'schema'))
        AND attname = 'summary' AND NOT attisdropped);
