-- SPDX-License-Identifier: Apache-2.0
-- What plugin search searches in: books that everybody may read, letters of which each user sees their own,
-- and web_anon no body. The indexes are what `appctl search create --print` gives.
CREATE TABLE books (
    id       INTEGER PRIMARY KEY,
    title    TEXT NOT NULL,
    author   TEXT,
    body     TEXT,
    shelf    TEXT,
    language TEXT
);

CREATE TABLE letters (
    id      INTEGER PRIMARY KEY,
    owner   TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT
);

INSERT INTO books (id, title, author, body, shelf, language) VALUES
    (1, 'Moby Dick', 'Herman Melville', 'A captain hunts the white whale over all oceans, & the whale <b>wins</b>.', 'sea', 'en'),
    (2, 'The Whale', 'Philip Hoare', 'All that is known of whales: where they swim, what they sing.', 'nature', 'en'),
    (3, 'Treasure Island', 'Robert Louis Stevenson', 'Pirates, a map, and a boy who hides in an apple barrel.', 'sea', 'en'),
    (4, 'Das Boot', 'Lothar-Günther Buchheim', 'A submarine in the Atlantic.', 'sea', 'de'),
    (5, 'Café Europa', 'Slavenka Drakulić', 'Life after the wall, in cafés and in kitchens.', 'essays', 'en'),
    (6, 'Apple Growing', 'Anne Orchard', 'How apples are grown, grafted and stored.', 'nature', 'en'),
    (7, 'On Growth and Form', 'D''Arcy Thompson', 'Why shells, horns and whales grow as they do.', 'nature', 'en'),
    (8, 'Silence', NULL, NULL, NULL, NULL);

INSERT INTO letters (id, owner, subject, body) VALUES
    (1, 'ada', 'The engine', 'A secret whale was seen near the engine.'),
    (2, 'bob', 'The whale', 'Meet me where the whale was seen.'),
    (3, 'ada', 'Numbers', 'Bernoulli''s, and how the engine makes them.');

INSERT INTO app_grants (role, resource, action, columns, row_filter) VALUES
    ('web_anon', 'books', 'select', NULL, NULL),
    ('web_user', 'books', 'select', NULL, NULL),
    ('web_user', 'books', 'insert', NULL, NULL),
    ('web_user', 'books', 'update', NULL, NULL),
    ('web_user', 'books', 'delete', NULL, NULL),
    ('web_anon', 'letters', 'select', 'id,owner,subject', NULL),
    ('web_user', 'letters', 'select', NULL, 'owner = auth_uid()');

INSERT INTO app_search (name, relation, key, language, title, columns, facets, corrects) VALUES ('books', 'books', 'rowid', 'english', 'title', 'title:A,author:B,body:D', 'shelf,language', 1);
CREATE VIRTUAL TABLE "app_search_books" USING fts5("title", "author", "body", content = 'books', content_rowid = 'rowid', tokenize = 'porter unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE "app_search_books_like" USING fts5("title", content = 'books', content_rowid = 'rowid', tokenize = 'trigram', detail = none);
CREATE TRIGGER "app_search_books_INSERT" AFTER INSERT ON "books" BEGIN INSERT INTO "app_search_books" (rowid, "title", "author", "body") VALUES (new.rowid, new."title", new."author", new."body"); INSERT INTO "app_search_books_like" (rowid, "title") VALUES (new.rowid, new."title"); END;
CREATE TRIGGER "app_search_books_UPDATE" AFTER UPDATE ON "books" BEGIN INSERT INTO "app_search_books" ("app_search_books", rowid, "title", "author", "body") VALUES ('delete', old.rowid, old."title", old."author", old."body"); INSERT INTO "app_search_books_like" ("app_search_books_like", rowid, "title") VALUES ('delete', old.rowid, old."title"); INSERT INTO "app_search_books" (rowid, "title", "author", "body") VALUES (new.rowid, new."title", new."author", new."body"); INSERT INTO "app_search_books_like" (rowid, "title") VALUES (new.rowid, new."title"); END;
CREATE TRIGGER "app_search_books_DELETE" AFTER DELETE ON "books" BEGIN INSERT INTO "app_search_books" ("app_search_books", rowid, "title", "author", "body") VALUES ('delete', old.rowid, old."title", old."author", old."body"); INSERT INTO "app_search_books_like" ("app_search_books_like", rowid, "title") VALUES ('delete', old.rowid, old."title"); END;
CREATE INDEX "app_search_books_title" ON "books" (lower("title"));
INSERT INTO "app_search_books" ("app_search_books") VALUES ('rebuild');
INSERT INTO "app_search_books_like" ("app_search_books_like") VALUES ('rebuild');
INSERT INTO "app_search_books" ("app_search_books") VALUES ('optimize');
INSERT INTO "app_search_books_like" ("app_search_books_like") VALUES ('optimize');
INSERT INTO app_search (name, relation, key, language, title, columns, facets, corrects) VALUES ('letters', 'letters', 'rowid', 'english', 'subject', 'subject:A,body:D', '', 1);
CREATE VIRTUAL TABLE "app_search_letters" USING fts5("subject", "body", content = 'letters', content_rowid = 'rowid', tokenize = 'porter unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE "app_search_letters_like" USING fts5("subject", content = 'letters', content_rowid = 'rowid', tokenize = 'trigram', detail = none);
CREATE TRIGGER "app_search_letters_INSERT" AFTER INSERT ON "letters" BEGIN INSERT INTO "app_search_letters" (rowid, "subject", "body") VALUES (new.rowid, new."subject", new."body"); INSERT INTO "app_search_letters_like" (rowid, "subject") VALUES (new.rowid, new."subject"); END;
CREATE TRIGGER "app_search_letters_UPDATE" AFTER UPDATE ON "letters" BEGIN INSERT INTO "app_search_letters" ("app_search_letters", rowid, "subject", "body") VALUES ('delete', old.rowid, old."subject", old."body"); INSERT INTO "app_search_letters_like" ("app_search_letters_like", rowid, "subject") VALUES ('delete', old.rowid, old."subject"); INSERT INTO "app_search_letters" (rowid, "subject", "body") VALUES (new.rowid, new."subject", new."body"); INSERT INTO "app_search_letters_like" (rowid, "subject") VALUES (new.rowid, new."subject"); END;
CREATE TRIGGER "app_search_letters_DELETE" AFTER DELETE ON "letters" BEGIN INSERT INTO "app_search_letters" ("app_search_letters", rowid, "subject", "body") VALUES ('delete', old.rowid, old."subject", old."body"); INSERT INTO "app_search_letters_like" ("app_search_letters_like", rowid, "subject") VALUES ('delete', old.rowid, old."subject"); END;
CREATE INDEX "app_search_letters_title" ON "letters" (lower("subject"));
INSERT INTO "app_search_letters" ("app_search_letters") VALUES ('rebuild');
INSERT INTO "app_search_letters_like" ("app_search_letters_like") VALUES ('rebuild');
INSERT INTO "app_search_letters" ("app_search_letters") VALUES ('optimize');
INSERT INTO "app_search_letters_like" ("app_search_letters_like") VALUES ('optimize');
