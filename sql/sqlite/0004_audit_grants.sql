-- Who may do what is written down with every change of it, by appctl or by a statement of yours.
-- Times are seconds since 1970; who ran the statement, SQLite does not know.

CREATE TRIGGER app_grants_insert_audited AFTER INSERT ON app_grants BEGIN
    INSERT INTO app_audit (at, event, actor, detail)
    VALUES (CAST(strftime('%s', 'now') AS INTEGER), 'grant_added', 'sql',
            json_object('role', new.role, 'resource', new.resource, 'action', new.action,
                        'columns', new.columns, 'row_filter', new.row_filter,
                        'check_expr', new.check_expr));
END;

CREATE TRIGGER app_grants_update_audited AFTER UPDATE ON app_grants BEGIN
    INSERT INTO app_audit (at, event, actor, detail)
    VALUES (CAST(strftime('%s', 'now') AS INTEGER), 'grant_changed', 'sql',
            json_object('role', new.role, 'resource', new.resource, 'action', new.action,
                        'columns', new.columns, 'row_filter', new.row_filter,
                        'check_expr', new.check_expr,
                        'was', json_object('role', old.role, 'resource', old.resource,
                                           'action', old.action, 'columns', old.columns,
                                           'row_filter', old.row_filter,
                                           'check_expr', old.check_expr)));
END;

CREATE TRIGGER app_grants_delete_audited AFTER DELETE ON app_grants BEGIN
    INSERT INTO app_audit (at, event, actor, detail)
    VALUES (CAST(strftime('%s', 'now') AS INTEGER), 'grant_removed', 'sql',
            json_object('role', old.role, 'resource', old.resource, 'action', old.action,
                        'columns', old.columns, 'row_filter', old.row_filter,
                        'check_expr', old.check_expr));
END;
