-- What PostgreSQL keeps in its catalogue and SQLite has no place for: functions that are called
-- under /rpc/, and members that a row has beside its columns. mod_app serves a function to the roles
-- that app_grants gives the action "execute"; a computed member to those that may read its relation.

CREATE TABLE app_functions (
    name       TEXT NOT NULL,
    -- JSON array of {"name":…, "type":…}, with "default" where the caller may leave it out, and
    -- "variadic":true for the last, which takes any number. Two functions of one name differ here.
    -- One argument with an empty name takes the whole body; ?1 stands for it.
    args       TEXT NOT NULL DEFAULT '[]'
               CHECK (json_valid(args) AND json_type(args) = 'array'),
    -- void, TYPE, setof TYPE, setof RELATION or table(name type, …)
    returns    TEXT NOT NULL DEFAULT 'void',
    -- A stable or immutable function is always run read-only, a volatile one on POST alone not.
    volatility TEXT NOT NULL DEFAULT 'volatile'
               CHECK (volatility IN ('volatile', 'stable', 'immutable')),
    -- SQL statements; :name stands for an argument, the rows of the last one are the result.
    body       TEXT NOT NULL,
    comment    TEXT,
    PRIMARY KEY (name, args)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_computed (
    -- The table or view whose rows have it.
    relation TEXT NOT NULL,
    name     TEXT NOT NULL,
    -- TYPE for a field, setof RELATION for rows that can be embedded
    returns  TEXT NOT NULL,
    -- Whether there is at most one such row, so that it is embedded as an object.
    to_one   INTEGER NOT NULL DEFAULT 0 CHECK (to_one IN (0, 1)),
    -- An expression for a field, a SELECT for rows; :row.column is a column of the row it belongs to.
    sql      TEXT NOT NULL,
    PRIMARY KEY (relation, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER app_functions_inserted AFTER INSERT ON app_functions BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_functions_updated AFTER UPDATE ON app_functions BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_functions_deleted AFTER DELETE ON app_functions BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_computed_inserted AFTER INSERT ON app_computed BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_computed_updated AFTER UPDATE ON app_computed BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_computed_deleted AFTER DELETE ON app_computed BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;
