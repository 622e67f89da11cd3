-- Who may do what on an SQLite database, which has no roles, grants or row-level security of its
-- own. mod_app reads these tables before it answers a request, and nothing is served that no row
-- here allows. `appctl grant` writes them; a migration of yours may too.

CREATE TABLE app_grants (
    -- The role of the token, or the site's anonymous role.
    role       TEXT NOT NULL,
    -- Name of a table, view or function.
    resource   TEXT NOT NULL,
    action     TEXT NOT NULL
               CHECK (action IN ('select', 'insert', 'update', 'delete', 'execute')),
    -- Columns that may be read or written, divided by commas; NULL: all.
    columns    TEXT,
    -- SQL condition that a row must meet to be seen, changed or deleted; NULL: every row.
    -- It may call auth_uid(), auth_role() and auth_claim('name'): owner = auth_uid()
    row_filter TEXT,
    -- SQL condition that a row must meet after an insert or update; NULL: as row_filter.
    check_expr TEXT,
    PRIMARY KEY (role, resource, action)
) STRICT, WITHOUT ROWID;

-- One row whose number grows with every change of the grants, so that each process sees from one
-- small read whether what it has in memory still holds.
CREATE TABLE app_state (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    grants_version INTEGER NOT NULL
) STRICT;

INSERT INTO app_state (id, grants_version) VALUES (1, 1);

CREATE TRIGGER app_grants_inserted AFTER INSERT ON app_grants BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_grants_updated AFTER UPDATE ON app_grants BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_grants_deleted AFTER DELETE ON app_grants BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;
