-- Functions, procedures, aggregates, operators and what indices need of them.
SET search_path = "My Shapes", ext;

CREATE FUNCTION f_sql(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 5
    AS $$ SELECT a + b $$;
CREATE FUNCTION f_sql(a text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT a || '$function$' || ' \ ' $$;
CREATE FUNCTION f_atomic(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a * 2; END;
CREATE FUNCTION f_return(a integer) RETURNS integer IMMUTABLE RETURN a + 1;
CREATE FUNCTION f_plpgsql(INOUT a integer, OUT b text, VARIADIC c text[] DEFAULT '{}') LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = "My Shapes", pg_temp SET work_mem = '8MB' AS $_$
BEGIN
    -- a comment with $$ and 'quotes'
    b := format('%s', c);
END $_$;
CREATE FUNCTION f_table(n integer) RETURNS TABLE (x integer, y text) LANGUAGE sql ROWS 10 AS $$ SELECT i, i::text FROM generate_series(1, n) i $$;
CREATE FUNCTION f_set() RETURNS SETOF pair LANGUAGE sql ROWS 3 AS $$ SELECT 1, 'x', NULL::"My Shapes".mood[] $$;
CREATE FUNCTION f_record() RETURNS record LANGUAGE plpgsql AS $$ BEGIN RETURN (1, 2); END $$;
CREATE FUNCTION f_poly(a anyelement, b anyarray) RETURNS anyelement LANGUAGE sql AS $$ SELECT a $$;
CREATE FUNCTION f_window() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE STRICT AS 'window_row_number';
CREATE FUNCTION f_broken() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT x FROM there.is_no_such_table); END $$;
CREATE FUNCTION f_ext(a hstore, b citext DEFAULT 'x') RETURNS hstore LANGUAGE sql AS $$ SELECT a $$;
CREATE FUNCTION "F ""q"" ü"("a b" integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE PROCEDURE p_do(IN a integer, INOUT b integer) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$;
CREATE PROCEDURE p_out(OUT a integer) LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
CREATE FUNCTION t_nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION e_nothing() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
ALTER FUNCTION f_sql(text) COST 200;

CREATE AGGREGATE a_sum(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE);
CREATE AGGREGATE a_moving(float8) (SFUNC = float8pl, STYPE = float8, INITCOND = '0', MSFUNC = float8pl, MINVFUNC = float8mi,
    MSTYPE = float8, MINITCOND = '0', MSSPACE = 8, SSPACE = 16);
CREATE AGGREGATE a_count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0', FINALFUNC_MODIFY = SHAREABLE);
CREATE AGGREGATE a_ordered(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE a_hypo(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
    FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE a_max(integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >);

CREATE FUNCTION mood_less(a mood, b mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a::text < b::text $$;
CREATE FUNCTION mood_more(a mood, b mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a::text > b::text $$;
CREATE OPERATOR <# (FUNCTION = mood_less, LEFTARG = mood, RIGHTARG = mood, COMMUTATOR = >#, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR ># (FUNCTION = mood_more, LEFTARG = mood, RIGHTARG = mood, COMMUTATOR = <#);
CREATE OPERATOR !!# (FUNCTION = f_return, RIGHTARG = integer);
CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = ===, NEGATOR = !==, HASHES, MERGES,
    RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR !== (FUNCTION = int4ne, LEFTARG = integer, RIGHTARG = integer, NEGATOR = ===, RESTRICT = neqsel);

CREATE FUNCTION back_cmp(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT CASE WHEN $1 > $2 THEN -1 WHEN $1 < $2 THEN 1 ELSE 0 END $$;
CREATE OPERATOR FAMILY loose_family USING btree;
CREATE OPERATOR CLASS back_ops FOR TYPE integer USING btree FAMILY loose_family AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 back_cmp(integer, integer);
ALTER OPERATOR FAMILY loose_family USING btree ADD FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint), OPERATOR 3 = (integer, bigint);
CREATE OPERATOR CLASS hash_ops DEFAULT FOR TYPE pair_domain USING hash AS STORAGE pair_domain;
CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;

CREATE TEXT SEARCH TEMPLATE ts_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH PARSER ts_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH DICTIONARY ts_dict (TEMPLATE = simple, stopwords = english, accept = false);
CREATE TEXT SEARCH DICTIONARY ts_own (TEMPLATE = ts_template);
CREATE TEXT SEARCH CONFIGURATION ts_config (COPY = english);
ALTER TEXT SEARCH CONFIGURATION ts_config ALTER MAPPING FOR asciiword, word WITH ts_dict, english_stem;
ALTER TEXT SEARCH CONFIGURATION ts_config DROP MAPPING FOR url;
CREATE TEXT SEARCH CONFIGURATION ts_empty (PARSER = ts_parser);

COMMENT ON FUNCTION f_sql(integer, integer) IS 'a function';
COMMENT ON PROCEDURE p_do(integer, integer) IS 'a procedure';
COMMENT ON AGGREGATE a_sum(integer) IS 'an aggregate';
COMMENT ON AGGREGATE a_count(*) IS 'an aggregate of everything';
COMMENT ON AGGREGATE a_ordered(float8 ORDER BY anyelement) IS 'of an ordered set';
COMMENT ON OPERATOR <# (mood, mood) IS 'an operator';
COMMENT ON OPERATOR !!# (NONE, integer) IS 'a prefix operator';
COMMENT ON OPERATOR CLASS back_ops USING btree IS 'an operator class';
COMMENT ON OPERATOR FAMILY loose_family USING btree IS 'an operator family';
COMMENT ON CONVERSION latin IS 'a conversion';
COMMENT ON TEXT SEARCH CONFIGURATION ts_config IS 'a configuration';
COMMENT ON TEXT SEARCH DICTIONARY ts_dict IS 'a dictionary';
COMMENT ON TEXT SEARCH PARSER ts_parser IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE ts_template IS 'a template';
