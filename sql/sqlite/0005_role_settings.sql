-- What PostgreSQL keeps by ALTER ROLE … SET: settings that hold for the requests of a role.
-- statement_timeout ends their statements; any other is there for SQL that asks for it by
-- current_setting().

CREATE TABLE app_role_settings (
    role  TEXT NOT NULL,
    name  TEXT NOT NULL,
    -- Of statement_timeout: '250ms', '2s', '1min'; a number alone is milliseconds, 0 none.
    value TEXT NOT NULL,
    PRIMARY KEY (role, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER app_role_settings_inserted AFTER INSERT ON app_role_settings BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_role_settings_updated AFTER UPDATE ON app_role_settings BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;

CREATE TRIGGER app_role_settings_deleted AFTER DELETE ON app_role_settings BEGIN
    UPDATE app_state SET grants_version = grants_version + 1 WHERE id = 1;
END;
