-- Keys, indices, statistics.
SET search_path = "My Shapes", ext;

CREATE TABLE keyed (
    id integer CONSTRAINT keyed_pk PRIMARY KEY WITH (fillfactor = 80),
    a integer UNIQUE, b text, c integer, d tsrange, e integer,
    CONSTRAINT keyed_b UNIQUE NULLS NOT DISTINCT (b) INCLUDE (c) WITH (fillfactor = 60) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT keyed_c UNIQUE (c, a), CONSTRAINT keyed_e UNIQUE (e) DEFERRABLE,
    CONSTRAINT keyed_d EXCLUDE USING gist (d WITH &&, a WITH =) WITH (fillfactor = 90) WHERE (a > 3) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO keyed VALUES (1, 1, NULL, 1, '[2020-01-01,2021-01-01)'), (2, 2, 'x', 2, NULL);
CREATE TABLE refers (
    id integer PRIMARY KEY REFERENCES keyed, self integer REFERENCES refers (id) ON DELETE SET NULL ON UPDATE CASCADE,
    a integer CONSTRAINT a_refers REFERENCES keyed (a) MATCH FULL DEFERRABLE INITIALLY DEFERRED,
    x integer, y integer, FOREIGN KEY (x, y) REFERENCES keyed (c, a) ON DELETE SET DEFAULT (y)
);
INSERT INTO refers VALUES (1, NULL, 1), (2, 1, NULL);
ALTER TABLE refers ADD CONSTRAINT unproven FOREIGN KEY (y) REFERENCES keyed (id) NOT VALID;
CREATE TABLE mutual_a (id integer PRIMARY KEY, b integer);
CREATE TABLE mutual_b (id integer PRIMARY KEY, a integer REFERENCES mutual_a);
ALTER TABLE mutual_a ADD FOREIGN KEY (b) REFERENCES mutual_b DEFERRABLE INITIALLY DEFERRED;
BEGIN;
INSERT INTO mutual_a VALUES (1, 1);
INSERT INTO mutual_b VALUES (1, 1);
COMMIT;

CREATE TABLE indexed (a integer, b text, c jsonb, d tsvector, e point, f integer[], g mood, h text, i text, "J k" integer);
INSERT INTO indexed VALUES (1, 'x', '{}', 'x', '(1,2)', '{1}', 'ok', 'h', 'i', 5);
CREATE INDEX i_plain ON indexed (a);
CREATE UNIQUE INDEX i_unique ON indexed (a, b DESC NULLS LAST) INCLUDE (h, i) NULLS NOT DISTINCT WITH (deduplicate_items = off);
CREATE INDEX i_partial ON indexed (b) WHERE a > 5 AND b <> 'it''s';
CREATE INDEX i_expression ON indexed (lower(b), (a + 1), f_sql(a));
ALTER INDEX i_expression ALTER COLUMN 2 SET STATISTICS 333;
CREATE INDEX i_gin ON indexed USING gin (c jsonb_path_ops, d) WITH (fastupdate = off);
CREATE INDEX i_trgm ON indexed USING gin (h gin_trgm_ops);
CREATE INDEX i_gist ON indexed USING gist (e, h gist_trgm_ops (siglen = 32));
CREATE INDEX i_hash ON indexed USING hash (b);
CREATE INDEX i_brin ON indexed USING brin (a) WITH (pages_per_range = 8);
CREATE INDEX i_spgist ON indexed USING spgist (e);
CREATE INDEX i_collate ON indexed (b COLLATE c_icu text_pattern_ops);
CREATE INDEX i_class ON indexed (a back_ops);
CREATE INDEX "i ""odd"" ü" ON indexed ("J k");
CREATE INDEX ON indexed (g, f);
CLUSTER indexed USING i_plain;
ALTER TABLE keyed CLUSTER ON keyed_pk;
CREATE TABLE identity_key (id integer PRIMARY KEY);
ALTER TABLE identity_key REPLICA IDENTITY USING INDEX identity_key_pkey;

CREATE STATISTICS s_all ON a, b FROM indexed;
CREATE STATISTICS s_some (ndistinct, dependencies) ON a, g FROM indexed;
CREATE STATISTICS s_expression (mcv) ON lower(b), (a % 2) FROM indexed;
ALTER STATISTICS s_some SET STATISTICS 50;

COMMENT ON INDEX i_plain IS 'an index';
COMMENT ON INDEX keyed_pk IS 'the index of a key';
COMMENT ON CONSTRAINT keyed_pk ON keyed IS 'a key';
COMMENT ON CONSTRAINT a_refers ON refers IS 'a reference';
COMMENT ON STATISTICS s_some IS 'statistics';
