-- Collations, enumerations, composite types, ranges, domains.
CREATE SCHEMA "My Shapes";
SET search_path = "My Shapes", ext;

CREATE COLLATION c_libc (provider = libc, locale = 'C');
CREATE COLLATION c_icu (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION c_blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"', E'back\\slash', 'zwei wörter');
ALTER TYPE mood ADD VALUE 'between' AFTER 'sad';
CREATE TYPE no_labels AS ENUM ();
CREATE TYPE pair AS (a integer, "b c" text COLLATE "C", d mood[]);
CREATE TYPE nested AS (p pair, ps pair[]);
CREATE TYPE hollow AS ();
CREATE TYPE dropped AS (a integer, gone text, b integer);
ALTER TYPE dropped DROP ATTRIBUTE gone;
CREATE FUNCTION time_diff(a time, b time) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT AS 'SELECT extract(epoch FROM a - b)::float8';
CREATE TYPE timerange AS RANGE (subtype = time, subtype_diff = time_diff, multirange_type_name = times);
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);

CREATE DOMAIN positive AS integer DEFAULT 7 NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN small AS positive CONSTRAINT small_check CHECK (VALUE < 100) CONSTRAINT even CHECK (VALUE % 2 = 0);
CREATE DOMAIN german AS text COLLATE c_icu DEFAULT 'a''b\c';
CREATE DOMAIN amounts AS numeric(12, 4)[] CHECK (array_length(VALUE, 1) < 5);
CREATE DOMAIN pair_domain AS pair CHECK ((VALUE).a IS NOT NULL OR VALUE IS NULL);
CREATE FUNCTION is_good(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 <> 'bad' $$;
CREATE DOMAIN good AS text CONSTRAINT is_good CHECK ("My Shapes".is_good(VALUE));
ALTER DOMAIN good ADD CONSTRAINT later CHECK (VALUE <> 'worse') NOT VALID;

COMMENT ON TYPE mood IS 'an enumeration';
COMMENT ON TYPE pair IS E'a\npair';
COMMENT ON COLUMN pair."b c" IS 'an attribute';
COMMENT ON TYPE timerange IS 'a range';
COMMENT ON DOMAIN positive IS 'a domain';
COMMENT ON CONSTRAINT even ON DOMAIN small IS 'of a domain';
COMMENT ON COLLATION c_icu IS 'telephone book';
