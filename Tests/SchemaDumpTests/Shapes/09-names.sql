-- Names that a careless writer trips over: 63 bytes, quotes, spaces, line breaks, keywords, other scripts.
SET search_path = "My Shapes", ext;

CREATE TABLE "select" ("table" integer PRIMARY KEY, "from" text CHECK ("from" <> 'where'), "order by" integer REFERENCES "select" ("table"));
INSERT INTO "select" VALUES (1, 'x', NULL), (2, 'y', 1);
CREATE TABLE "ta""ble's $x$ \ ; --" ("co""l" integer DEFAULT 1, "c'ol" integer DEFAULT 2, "back\slash" integer GENERATED ALWAYS AS ("co""l" + 1) STORED);
INSERT INTO "ta""ble's $x$ \ ; --" DEFAULT VALUES;
CREATE TABLE "two
lines" ("line
break" serial, "tab	tab" text DEFAULT 'x');
INSERT INTO "two
lines" DEFAULT VALUES;
CREATE INDEX "index
lines" ON "two
lines" ("tab	tab");
CREATE TABLE "\! echo" ("\." text, "$do$" text DEFAULT '$do$ $doo$');
INSERT INTO "\! echo" VALUES ('\.', '$do$');
CREATE TABLE "größe 表 😀" ("naïve 表" integer UNIQUE, "😀" text COLLATE "C" CHECK ("😀" <> '😀😀'));
INSERT INTO "größe 表 😀" VALUES (1, '😀');
CREATE TABLE "t23456789012345678901234567890123456789012345678901234567890abc" ("c23456789012345678901234567890123456789012345678901234567890abc" serial PRIMARY KEY);
INSERT INTO "t23456789012345678901234567890123456789012345678901234567890abc" DEFAULT VALUES;
CREATE TABLE "%s %I :var :'x' {1}" (":a" integer, "a.b" integer, " lead" integer, "$1" integer);
CREATE TABLE "UPPER" ("Mixed" integer, upper integer);
CREATE VIEW "v ""w""
x" AS SELECT "co""l", "c'ol" AS "as 'x'" FROM "ta""ble's $x$ \ ; --";
CREATE TYPE "ty""pe 's" AS ENUM ('a');
CREATE DOMAIN "do""main" AS text CHECK (VALUE <> 'x''y');
CREATE TABLE uses_odd (a "ty""pe 's", b "ty""pe 's"[] DEFAULT '{a}', c "do""main");
CREATE SEQUENCE "seq ""q"" \";
SELECT setval('"seq ""q"" \"', 99);
CREATE FUNCTION "f$do$"() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN /* $do$ $function$ */ RETURN NEW; END $x$;
CREATE TRIGGER "tr
igger" BEFORE INSERT ON "two
lines" FOR EACH ROW EXECUTE FUNCTION "f$do$"();
COMMENT ON TABLE "\! echo" IS E'comment\n\\! echo "pwned"\n\\.\n-- @1 X 3';
COMMENT ON COLUMN "two
lines"."line
break" IS '$do$';
