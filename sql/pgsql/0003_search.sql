-- What can be searched. `appctl search` writes it, and makes and drops what belongs to it: for each row a
-- column app_search_NAME of the relation, made of its other columns, with an index.
--
-- The server's role must be able to read it; see 0002_accounts.sql.
CREATE TABLE app.app_search (
    name     TEXT PRIMARY KEY,            -- as in /api/search/NAME
    relation TEXT NOT NULL,               -- schema.table
    key      TEXT NOT NULL,               -- the column that tells its rows apart
    language TEXT NOT NULL,               -- a text search configuration
    title    TEXT NOT NULL,               -- the column that suggestions are made of
    columns  TEXT NOT NULL,               -- name:LABEL, divided by commas; A weighs most, D least
    facets   TEXT NOT NULL DEFAULT '',    -- names of columns, divided by commas
    corrects INTEGER NOT NULL DEFAULT 0   -- there is an index of trigrams over the title
);
