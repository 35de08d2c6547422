-- Every type with values at its edges.
SET search_path = "My Shapes", ext;

CREATE TABLE v_numbers (a smallint, b integer, c bigint, d real, e double precision, f numeric, g numeric(30, 10), h money, i oid, j boolean);
INSERT INTO v_numbers VALUES
    (-32768, -2147483648, -9223372036854775808, '-Infinity', 'NaN', 'NaN', -0.0000000001, '-92233720368547758.08', 4294967295, true),
    (32767, 2147483647, 9223372036854775807, 'Infinity', '-0', 'Infinity', 12345678901234567890.1234567891, '$1,234.56', 0, false),
    (0, 0, 0, 1e-45, 5e-324, '-Infinity', 0, '0', 1, NULL),
    (1, 1, 1, 3.4028235e38, 1.7976931348623157e308, 0.1000, 1, '1', 2, true),
    (NULL, NULL, NULL, 0.1, 0.1, (repeat('9', 500) || '.' || repeat('1', 500))::numeric, NULL, NULL, NULL, NULL);
CREATE TABLE v_text (a text, b varchar, c char(6), d "char", e name, f bytea, g citext);
INSERT INTO v_text VALUES
    (E'tab\there', E'new\nline', 'a', 'x', 'name', '\x', 'CI'),
    (E'back\\slash \\n \\N \\.', E'\\N', '', '', '', (SELECT string_agg(set_byte('\x00', 0, i), '' ORDER BY i) FROM generate_series(0, 255) i), ''),
    ('\.', E'\\.', E'\n\\.\n', NULL, NULL, '\xdeadbeef', NULL),
    (E'\n\\.\n', E'cr\rlf\r\n', 'é😀', 'é', 'naïve', '\x00', 'ß'),
    ('', '', '      ', ' ', ' ', NULL, NULL),
    ('NULL', 'null', 'NULL', 'N', 'NULL', 'NULL', 'NULL'),
    (E'\b\f\v\u0001\u007f\u0080\u2028\ufeff😀', '👩‍👩‍👧', '表', '\', '\', E'\\\\', '\'),
    ('-- @5 TABLE 10', '-- dementiad: complete', '"', '"', '"', 'x', ','),
    (repeat('long ', 60000), repeat('表', 1000), NULL, NULL, repeat('n', 63), decode(repeat('00ff', 5000), 'hex'), NULL),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE v_times (a date, b time, c timetz, d timestamp, e timestamptz, f interval, g timestamptz(0), h interval year to month);
INSERT INTO v_times VALUES
    ('infinity', '00:00', '00:00+00', 'infinity', 'infinity', '0', 'infinity', '0'),
    ('-infinity', '24:00', '24:00-15:59', '-infinity', '-infinity', '-178000000 years', '-infinity', '-178000000 years'),
    ('4713-01-01 BC', '23:59:59.999999', '12:00:00.000001+15:59:59', '4713-01-01 00:00:00 BC', '4713-01-02 00:00:00+00 BC', '-1 mons +2 days -03:04:05.000006', now(), '1 year -3 months'),
    ('5874897-12-31', '12:34', '12:34+05:45', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '178000000 years 11 mons 30 days 23:59:59.999999', '2024-02-29 12:00+14', '0'),
    ('2024-02-29', '00:00:00.1', '00:00-08', '1900-01-01', '1883-11-18 12:03:58-04:56:02', '1.5 hours', NULL, NULL);
CREATE TABLE v_json (a json, b jsonb, c jsonpath, d xml, e tsvector, f tsquery, g uuid);
INSERT INTO v_json VALUES
    ('null', 'null', '$', '<a/>', '', '', '00000000-0000-0000-0000-000000000000'),
    ('{"a" :  1, "a": 2, "\u00e9": "\\\n"}', '{"a": 1e400, "b": [null, true, {}], "\\": "\"\t"}', '$.a[*] ? (@ > 1 && @.b like_regex "x\\.y")', '<?xml version="1.0"?><a b="c">&amp;</a>', '''it''''s'':1A,2 b:3', '''a'' & !(''b'':*A | ''c \\ d'')', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
    (E'[\n1\n]', '""', 'strict $.x', 'just text', 'a:1,16383', 'a <-> b', NULL),
    (NULL, NULL, NULL, '', NULL, NULL, NULL);
CREATE TABLE v_net (a inet, b cidr, c macaddr, d macaddr8, e bit(3), f bit varying, g pg_lsn, h xid, i xid8, j cid, k tid, l txid_snapshot, m pg_snapshot);
INSERT INTO v_net VALUES
    ('::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'101', B'', '0/0', '0', '0', '0', '(0,1)', '10:20:10,14,15', '10:20:10,14,15'),
    ('255.255.255.255', '::/0', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', B'000', B'1010101010101010101', 'FFFFFFFF/FFFFFFFF', '4294967295', '18446744073709551615', '1', '(4294967294,65535)', '1:1:', '1:1:'),
    ('0.0.0.0/0', '1.2.3.4/32', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE v_shapes (a point, b line, c lseg, d box, e path, f path, g polygon, h circle);
INSERT INTO v_shapes VALUES
    ('(0,-0)', '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '((0,0),(1,1))', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),1>'),
    ('(NaN,Infinity)', '{0.1,1e300,-5}', '[(1e-300,1e300),(0,0)]', '(Infinity,1),(-Infinity,0)', '((0,0))', '[(0,0)]', '((0,0))', '<(1,1),0>');
CREATE TABLE v_ranges (a int4range, b int8range, c numrange, d tsrange, e tstzrange, f daterange, g int4multirange, h nummultirange, i datemultirange, j tstzmultirange, k textrange, l int8multirange, m tsmultirange);
INSERT INTO v_ranges VALUES
    ('empty', 'empty', 'empty', 'empty', 'empty', 'empty', '{}', '{}', '{}', '{}', 'empty', '{}', '{}'),
    ('(,)', '[1,2]', '(1.50,2.0]', '[2020-01-01,)', '[-infinity,infinity]', '[2024-01-01,2024-12-31]', '{[1,3),[5,9)}', '{(,1),[2,3]}', '{[2020-01-01,2020-02-01)}', '{[2020-01-01 00:00+00,)}', '["a,b","c\\""d")', '{[1,2)}', '{(,)}'),
    (NULL, '[,5)', '[NaN,NaN]', '(infinity,infinity]', NULL, '(,infinity)', NULL, NULL, NULL, NULL, '["",]', NULL, NULL);
CREATE TABLE v_arrays (a integer[], b text[], c text[][], d numeric[], e jsonb[], f timestamptz[], g mood[], h bytea[], i boolean[], j int4range[], k pair[], l uuid[], m inet[]);
INSERT INTO v_arrays VALUES
    ('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    ('{1,NULL,-3}', ARRAY['NULL', NULL, '', 'a,b', '{}', '"', '\', E'\n', ' '], '{{a,NULL},{"c d","\"e\""}}', '{NaN,1.50,Infinity}', ARRAY['{"a": "\\"}'::jsonb, 'null'], '{infinity,2024-01-01 00:00:00.5+00}', '{sad,"it''s \"fine\""}', ARRAY['\x00'::bytea, '\x'], '{t,f,NULL}', '{empty,"[1,2)"}', ARRAY[(1, '"', NULL)::pair], '{00000000-0000-0000-0000-000000000000}', '{::1}'),
    ('[-2:0]={7,8,9}', '[0:1][2:2]={{a},{b}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE v_reg (a regclass, b regtype, c regproc, d regprocedure, e regoper, f regoperator, g regrole, h regnamespace, i regconfig, j regdictionary, k regcollation, l refcursor, m aclitem, n int2vector, o oidvector);
INSERT INTO v_reg VALUES
    ('pg_class', 'integer', 'now', 'sum(integer)', '||/', '+(integer,integer)', 'postgres', 'pg_catalog', 'english', 'simple', '"C"', 'cursor', 'postgres=r/postgres', '1 2 3', '4 5'),
    ('plain', 'mood', 'f_atomic', 'f_sql(text)', '"My Shapes".!!#', '<#(mood,mood)', 'dump_owner', '"My Shapes"', 'ts_config', 'ts_dict', 'c_icu', '', '=/postgres', '', ''),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
CREATE TABLE v_composite (a pair, b nested, c dropped, d hollow, e pair_domain, f hstore, g ltree, h lquery, i mood, j positive, k amounts);
INSERT INTO v_composite VALUES
    ((NULL, NULL, NULL), (NULL, NULL), (1, 2), ROW(), (1, '', '{}'), '', '', '*', 'sad', 1, '{}'),
    ((-1, E'(,)"\\\n', '{}'), (ROW(1, '"', NULL), ARRAY[ROW(2, '\', NULL)::pair]), NULL, NULL, NULL, 'a=>NULL', 'a.b_c.D', 'a.*{1,2}.b|c', E'back\\slash', 100, NULL);
