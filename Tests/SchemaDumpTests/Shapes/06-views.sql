-- Views, also in circles and with what they hang on, and materialised views.
SET search_path = "My Shapes", ext;

CREATE VIEW v_simple AS SELECT id, name AS "The Name" FROM plain;
CREATE VIEW v_barrier WITH (security_barrier = true) AS SELECT * FROM plain WHERE id > 1;
CREATE VIEW v_invoker WITH (security_invoker = on) AS SELECT 1 AS one;
CREATE VIEW v_check AS SELECT * FROM plain WHERE id < 1000 WITH CASCADED CHECK OPTION;
CREATE VIEW v_local AS SELECT * FROM v_check WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW v_on_view AS SELECT v."The Name", m.a FROM v_simple v LEFT JOIN mended m ON m.a = v.id;
CREATE RECURSIVE VIEW v_recursive (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v_recursive WHERE n < 10;
CREATE VIEW v_default AS SELECT id, name FROM plain;
ALTER VIEW v_default ALTER name SET DEFAULT 'from the view';
CREATE VIEW v_function AS SELECT * FROM f_table(3);
CREATE VIEW v_operator AS SELECT a FROM indexed WHERE g OPERATOR("My Shapes".<#) 'sad' AND h % 'x' AND a === 3;
CREATE VIEW v_renamed AS SELECT a AS old_name, 'x'::text COLLATE c_icu AS c FROM mended;
ALTER VIEW v_renamed RENAME old_name TO "new Name";
CREATE VIEW v_nothing AS SELECT FROM plain;
CREATE VIEW v_whole AS SELECT p, (p).name AS r FROM plain p;
CREATE VIEW v_grouped AS SELECT id, name, count(*) AS n FROM plain GROUP BY id;
CREATE VIEW v_on_grouped AS SELECT * FROM v_grouped;
CREATE FUNCTION f_of_view() RETURNS SETOF v_simple LANGUAGE sql AS $$ SELECT * FROM "My Shapes".v_simple $$;
CREATE FUNCTION f_atomic_view() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM v_on_grouped; END;
CREATE TABLE of_view (v v_simple, vs v_simple[]);

CREATE VIEW ring_a AS SELECT 1 AS x, 'a'::text COLLATE "C" AS y;
CREATE VIEW ring_b AS SELECT x, y FROM ring_a;
CREATE OR REPLACE VIEW ring_a AS SELECT x, y FROM ring_b;
CREATE VIEW ring_f AS SELECT 1 AS x;
CREATE FUNCTION ring_of() RETURNS SETOF ring_f LANGUAGE sql AS $$ SELECT 1 $$;
CREATE OR REPLACE VIEW ring_f AS SELECT r.x FROM ring_of() r;

CREATE MATERIALIZED VIEW m_filled AS SELECT id, name FROM plain WHERE id < 10;
CREATE UNIQUE INDEX m_filled_index ON m_filled (id);
ALTER MATERIALIZED VIEW m_filled ALTER name SET STATISTICS 44;
ALTER MATERIALIZED VIEW m_filled CLUSTER ON m_filled_index;
CREATE MATERIALIZED VIEW m_empty WITH (fillfactor = 55) AS SELECT id FROM plain WITH NO DATA;
CREATE MATERIALIZED VIEW m_on_m AS SELECT count(*) AS n FROM m_filled;
CREATE MATERIALIZED VIEW a_on_m AS SELECT n FROM m_on_m;
CREATE MATERIALIZED VIEW m_grouped AS SELECT id, name, count(*) AS n FROM plain GROUP BY id;
CREATE INDEX m_grouped_index ON m_grouped (n);
CREATE VIEW v_on_m AS SELECT * FROM m_grouped;

COMMENT ON VIEW v_simple IS 'a view';
COMMENT ON COLUMN v_simple."The Name" IS 'a column of a view';
COMMENT ON VIEW ring_a IS 'a view in a ring';
COMMENT ON MATERIALIZED VIEW m_filled IS 'a materialised view';
COMMENT ON COLUMN m_filled.name IS 'a column of a materialised view';
