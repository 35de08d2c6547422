-- SPDX-License-Identifier: MIT
-- The unique constraint of the file model, which a server's INSERT … ON CONFLICT (session_id, file_path) needs.
--
-- Upstream is content with any unique constraint on the table. This wants one over exactly these two columns that is valid and not
-- deferrable, since no other serves ON CONFLICT; its name does not matter (an adapter's CREATE TABLE gives it another than upstream's
-- migration), nor does the order of its columns. A mere unique index is not enough: upstream would try to add the constraint at every
-- start.
-- Rows without a session are never duplicates. Where there are duplicates this fails with 23505 and changes nothing; then
-- `dementiactl repair` moves all but the newest of each aside.
--
-- changes: moves file_semantic_model to dementia_kept_file_semantic_model

-- up
-- unless: SELECT 1 FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_index AS i ON i.indexrelid = k.conindid
--     WHERE k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.file_semantic_model', :'schema'))
--         AND k.contype = 'u' AND k.convalidated AND NOT k.condeferrable AND i.indisvalid
--         AND ARRAY['file_path', 'session_id'] = (
--             SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname) FROM pg_catalog.pg_attribute AS a
--             WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
ALTER TABLE :"schema".file_semantic_model ADD CONSTRAINT file_semantic_model_unique UNIQUE (session_id, file_path);

-- repair
-- Of duplicates the one that was scanned last stays, and among equals the one with the highest id: what the application would have
-- written over the others. NULL and NaN are no time, and so older than any.
--
-- Nothing is made where there is nothing to move.
-- unless: SELECT 1 WHERE NOT EXISTS (
--         SELECT 1 FROM :"schema".file_semantic_model
--         WHERE session_id IS NOT NULL AND file_path IS NOT NULL GROUP BY session_id, file_path HAVING pg_catalog.count(*) > 1)
CREATE TABLE IF NOT EXISTS :"schema".dementia_kept_file_semantic_model (
    LIKE :"schema".file_semantic_model,
    kept_at TIMESTAMPTZ,
    kept_because TEXT
);
-- As it was made above it takes every column, also one that somebody added.
-- unless: SELECT 1 WHERE NOT EXISTS (
--         SELECT 1 FROM :"schema".file_semantic_model
--         WHERE session_id IS NOT NULL AND file_path IS NOT NULL GROUP BY session_id, file_path HAVING pg_catalog.count(*) > 1)
--     OR ARRAY(SELECT attname::pg_catalog.text FROM pg_catalog.pg_attribute
--         WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.dementia_kept_file_semantic_model', :'schema'))
--             AND attnum > 0 AND NOT attisdropped ORDER BY attnum)
--     <> ARRAY(SELECT attname::pg_catalog.text FROM pg_catalog.pg_attribute
--         WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.file_semantic_model', :'schema'))
--             AND attnum > 0 AND NOT attisdropped ORDER BY attnum)
--         || ARRAY['kept_at', 'kept_because']
WITH ranked AS (
    SELECT ctid, pg_catalog.row_number() OVER newest AS place, pg_catalog.first_value(id) OVER newest AS kept
    FROM :"schema".file_semantic_model
    WHERE session_id IS NOT NULL AND file_path IS NOT NULL
    WINDOW newest AS (PARTITION BY session_id, file_path ORDER BY NULLIF(last_scanned, 'NaN') DESC NULLS LAST, id DESC)
), gone AS (
    DELETE FROM :"schema".file_semantic_model AS model USING ranked
    WHERE model.ctid = ranked.ctid AND ranked.place > 1
    RETURNING model.*, pg_catalog.now() AS kept_at,
        'row ' || ranked.kept || ' of the same session_id and file_path was scanned last and stays' AS kept_because
)
INSERT INTO :"schema".dementia_kept_file_semantic_model SELECT * FROM gone;
-- One of an earlier repair may have other columns. When it has none for a column that somebody added, nothing moves, and the constraint
-- fails as before: better than a row that arrives without a part of it.
-- unless: SELECT 1 WHERE NOT EXISTS (
--         SELECT 1 FROM :"schema".file_semantic_model
--         WHERE session_id IS NOT NULL AND file_path IS NOT NULL GROUP BY session_id, file_path HAVING pg_catalog.count(*) > 1)
--     OR NOT ARRAY['id', 'session_id', 'file_path', 'file_size', 'content_hash', 'modified_time',
--             'hash_method', 'file_type', 'language', 'purpose', 'imports', 'exports', 'dependencies',
--             'used_by', 'contains', 'is_standard', 'standard_type', 'warnings',
--             'cluster_name', 'related_files', 'last_scanned', 'scan_duration_ms'] @>
--         ARRAY(SELECT attname::pg_catalog.text FROM pg_catalog.pg_attribute
--         WHERE attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.file_semantic_model', :'schema'))
--             AND attnum > 0 AND NOT attisdropped ORDER BY attnum)
WITH ranked AS (
    SELECT ctid, pg_catalog.row_number() OVER newest AS place, pg_catalog.first_value(id) OVER newest AS kept
    FROM :"schema".file_semantic_model
    WHERE session_id IS NOT NULL AND file_path IS NOT NULL
    WINDOW newest AS (PARTITION BY session_id, file_path ORDER BY NULLIF(last_scanned, 'NaN') DESC NULLS LAST, id DESC)
), gone AS (
    DELETE FROM :"schema".file_semantic_model AS model USING ranked
    WHERE model.ctid = ranked.ctid AND ranked.place > 1
    RETURNING model.*,
        'row ' || ranked.kept || ' of the same session_id and file_path was scanned last and stays' AS kept_because
)
INSERT INTO :"schema".dementia_kept_file_semantic_model (
    id, session_id, file_path, file_size, content_hash, modified_time, hash_method, file_type, language, purpose, imports, exports,
    dependencies, used_by, contains, is_standard, standard_type, warnings, cluster_name, related_files, last_scanned, scan_duration_ms,
    kept_at, kept_because
)
SELECT
    id, session_id, file_path, file_size, content_hash, modified_time, hash_method, file_type, language, purpose, imports, exports,
    dependencies, used_by, contains, is_standard, standard_type, warnings, cluster_name, related_files, last_scanned, scan_duration_ms,
    pg_catalog.now(), kept_because
FROM gone;

-- down
ALTER TABLE IF EXISTS :"schema".file_semantic_model DROP CONSTRAINT IF EXISTS file_semantic_model_unique;
-- The same constraint, where an adapter's CREATE TABLE made it.
ALTER TABLE IF EXISTS :"schema".file_semantic_model DROP CONSTRAINT IF EXISTS file_semantic_model_session_id_file_path_key;

-- verify
SELECT 'file_semantic_model has no valid unique constraint over session_id and file_path'
WHERE NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_index AS i ON i.indexrelid = k.conindid
    WHERE k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.file_semantic_model', :'schema'))
        AND k.contype = 'u' AND k.convalidated AND NOT k.condeferrable AND i.indisvalid
        AND ARRAY['file_path', 'session_id'] = (
            SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)));
