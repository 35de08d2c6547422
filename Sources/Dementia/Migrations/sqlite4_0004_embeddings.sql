-- SPDX-License-Identifier: MIT
-- "4.4": two columns for embeddings. They stay NULL until a server fills them.
--
-- changes: none

-- up
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'embedding'
ALTER TABLE context_locks ADD COLUMN embedding BLOB;
-- unless: SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'embedding_model'
ALTER TABLE context_locks ADD COLUMN embedding_model TEXT;

-- down
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'embedding_model')
ALTER TABLE context_locks DROP COLUMN embedding_model;
-- unless: SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('context_locks') WHERE name = 'embedding')
ALTER TABLE context_locks DROP COLUMN embedding;

-- verify
SELECT 'column context_locks.' || wanted.column1 || ' is missing'
FROM (VALUES ('embedding'), ('embedding_model')) AS wanted
WHERE wanted.column1 NOT IN (SELECT name FROM pragma_table_info('context_locks'));
