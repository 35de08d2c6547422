-- What has to be there before the schema: extensions, a server, and types elsewhere. Both databases get it.
CREATE SCHEMA ext;
CREATE EXTENSION hstore WITH SCHEMA ext;
CREATE EXTENSION citext WITH SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;
CREATE EXTENSION ltree WITH SCHEMA ext;
CREATE EXTENSION btree_gist WITH SCHEMA ext;
CREATE EXTENSION file_fdw WITH SCHEMA ext;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
