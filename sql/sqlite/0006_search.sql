-- What can be searched. `appctl search` writes it, and makes and drops the indexes that belong to it: for
-- each row a full-text table app_search_NAME over the relation, kept true by triggers.
CREATE TABLE app_search (
    name     TEXT PRIMARY KEY,            -- as in /api/search/NAME
    relation TEXT NOT NULL,               -- the table
    key      TEXT NOT NULL,               -- what tells its rows apart
    language TEXT NOT NULL,               -- english, or simple: words as they are
    title    TEXT NOT NULL,               -- the column that suggestions are made of
    columns  TEXT NOT NULL,               -- name:LABEL, divided by commas; A weighs most, D least
    facets   TEXT NOT NULL DEFAULT '',    -- names of columns, divided by commas
    corrects INTEGER NOT NULL DEFAULT 0   -- there is an index of trigrams over the title
) STRICT;
