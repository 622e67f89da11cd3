-- SPDX-License-Identifier: Apache-2.0
-- The tables of the tests on SQLite; pgsql.sql holds the same rows. app_grants has been made by the migrations.
CREATE TABLE packages (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    version        TEXT NOT NULL,
    section        TEXT NOT NULL,
    priority       TEXT NOT NULL,
    installed_size INTEGER,
    summary        TEXT NOT NULL,
    homepage       TEXT,
    essential      BOOLEAN NOT NULL DEFAULT 0
);
CREATE TABLE tasks (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    code  TEXT CONSTRAINT tasks_code_key UNIQUE,
    title TEXT NOT NULL,
    done  BOOLEAN NOT NULL DEFAULT 0,
    rank  INTEGER CONSTRAINT tasks_rank_check CHECK (rank BETWEEN 1 AND 5),
    cost  NUMERIC,
    due   TIMESTAMP,
    data  JSON,
    CONSTRAINT tasks_title_check CHECK (title <> '')
);
CREATE TABLE notes (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    text  TEXT NOT NULL
);
CREATE TABLE people (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT NOT NULL
);
CREATE TABLE secrets (
    id    INTEGER PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE "odd name" (
    "key"      INTEGER PRIMARY KEY,
    "a.b"      TEXT,
    "say ""x""" TEXT,
    "größe"    INTEGER
);
CREATE TABLE ledger (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    batch TEXT NOT NULL,
    n     INTEGER NOT NULL,
    UNIQUE (batch, n)
);
CREATE TABLE inbox (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL
);
CREATE TABLE readings (
    id    INTEGER PRIMARY KEY,
    value DOUBLE PRECISION,
    raw   BYTEA
);
CREATE VIEW slow AS
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000000000)
    SELECT count(*) AS n FROM c;
CREATE VIEW many AS
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000)
    SELECT n, 'a line of text that makes the answer longer than any socket buffer ' || n AS text FROM c;

INSERT INTO packages VALUES
    (1, 'aria2', '1.36.0-1', 'net', 'optional', 6021, 'High speed download utility', 'https://aria2.github.io/', 0),
    (2, 'bash', '5.2.15-2+b7', 'shells', 'required', 7164, 'GNU Bourne Again SHell', 'http://tiswww.case.edu/php/chet/bash/bashtop.html', 1),
    (3, 'curl', '7.88.1-10+deb12u5', 'net', 'optional', 500, 'command line tool for transferring data with URL syntax', 'https://curl.se/', 0),
    (4, 'dash', '0.5.12-2', 'shells', 'required', 192, 'POSIX-compliant shell', 'http://gondor.apana.org.au/~herbert/dash/', 1),
    (5, 'emacs', '1:28.2+1-15', 'editors', 'optional', NULL, 'GNU Emacs editor (metapackage)', 'https://www.gnu.org/software/emacs/', 0),
    (6, 'fonts-noto', '20201225-1', 'fonts', 'optional', 29, 'metapackage to pull in all Noto fonts: 漢字, Ελληνικά, عربى', NULL, 0),
    (7, 'nmap', '7.93+dfsg1-1', 'net', 'optional', 4498, 'The Network Mapper', 'https://nmap.org/', 0),
    (8, 'vim', '2:9.0.1378-2', 'editors', 'optional', 3749, 'Vi IMproved - enhanced vi editor', 'https://www.vim.org/', 0),
    (9, 'wget', '1.21.3-1+b2', 'web', 'standard', 3690, 'retrieves files from the web', 'https://www.gnu.org/software/wget/', 0),
    (10, 'zsh', '5.9-4+b2', 'shells', 'optional', 2511, 'shell with lots of features', 'https://www.zsh.org/', 0);
INSERT INTO tasks VALUES
    (1, 'a', 'Buy milk', 0, 1, 1.50, '2026-01-02 03:04:05', '{"tags": ["food", "home"], "n": 1}'),
    (2, 'b', 'Grüße senden ✉ 😀', 1, 3, 0.1, NULL, '[1, 2.50, null, true]'),
    (3, 'c', 'say "hi", (twice)', 0, NULL, NULL, '2026-12-31 23:59:59.5', NULL),
    (4, NULL, '100% \ done_now*', 1, 5, 12345678901234567, NULL, '"text"'),
    (5, 'e', 'x,y.z:w', 0, 5, -7, NULL, '{}');
INSERT INTO notes VALUES (1, 'ada', 'her own'), (2, 'bob', 'his own'), (3, 'ada', 'another');
INSERT INTO people VALUES (1, 'Ada', 'ada@example.org'), (2, 'Bob', 'bob@example.org');
INSERT INTO secrets VALUES (1, 'nobody may read this');
INSERT INTO readings VALUES (1, 123456789.123456789, x'DEADBEEF'), (2, 1e308, x''), (3, NULL, NULL);
INSERT INTO "odd name" VALUES (1, 'dot', 'quote', 10), (2, NULL, NULL, 20);

INSERT INTO app_grants (role, resource, action, columns, row_filter, check_expr) VALUES
    ('web_anon', 'packages', 'select', NULL, NULL, NULL),
    ('web_anon', 'tasks', 'select', NULL, NULL, NULL),
    ('web_anon', 'people', 'select', 'id,name', NULL, NULL),
    ('web_anon', 'odd name', 'select', NULL, NULL, NULL),
    ('web_anon', 'ledger', 'select', NULL, NULL, NULL),
    ('web_anon', 'inbox', 'select', 'text', NULL, NULL),
    ('web_anon', 'inbox', 'insert', 'text', NULL, NULL),
    ('web_anon', 'readings', 'select', NULL, NULL, NULL),
    ('web_anon', 'slow', 'select', NULL, NULL, NULL),
    ('web_anon', 'many', 'select', NULL, NULL, NULL),
    ('web_user', 'packages', 'select', NULL, NULL, NULL),
    ('web_user', 'tasks', 'select', NULL, NULL, NULL),
    ('web_user', 'tasks', 'insert', NULL, NULL, NULL),
    ('web_user', 'tasks', 'update', NULL, NULL, NULL),
    ('web_user', 'tasks', 'delete', NULL, NULL, NULL),
    ('web_user', 'people', 'select', NULL, NULL, NULL),
    ('web_user', 'people', 'update', 'name', NULL, NULL),
    ('web_user', 'ledger', 'select', NULL, NULL, NULL),
    ('web_user', 'ledger', 'insert', NULL, NULL, NULL),
    ('web_user', 'notes', 'select', NULL, 'owner = auth_uid()', NULL),
    ('web_user', 'notes', 'insert', NULL, 'owner = auth_uid()', 'owner = auth_uid()'),
    ('web_user', 'notes', 'update', NULL, 'owner = auth_uid()', 'owner = auth_uid()'),
    ('web_user', 'notes', 'delete', NULL, 'owner = auth_uid()', NULL);
