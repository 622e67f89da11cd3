/* SPDX-License-Identifier: Apache-2.0 */
/** appctl user list and user sessions. One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_command_user.h"
#include "auth_http.h"
#include "auth_session.h"

#define USERS                                                                                   \
    "SELECT id, COALESCE(email, name), role, verified_at, disabled_at, signed_in_at, created_at,"  \
    " name FROM app_users ORDER BY 2"

/** Prints the row that rows is at. */
typedef void print_fn(const app_rows_t *rows, int json, apr_pool_t *p);

static const char *text_of(const app_rows_t *rows, int column)
{
    const char *text = app_rows_text(rows, column, NULL);

    return text ? text : "-";
}

static void print_json(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    printf("%s\n", text ? text : "");
    free(text);
    json_decref(json);
}

static json_t *user_json(const app_rows_t *rows)
{
    json_t *json = json_object();

    json_object_set_new(json, "id", auth_json_column(rows, 0));
    json_object_set_new(json, "account", auth_json_column(rows, 1));
    json_object_set_new(json, "name", auth_json_column(rows, 7));
    json_object_set_new(json, "role", auth_json_column(rows, 2));
    json_object_set_new(json, "verified_at", auth_json_time(app_rows_int(rows, 3)));
    json_object_set_new(json, "disabled_at", auth_json_time(app_rows_int(rows, 4)));
    json_object_set_new(json, "signed_in_at", auth_json_time(app_rows_int(rows, 5)));
    json_object_set_new(json, "created_at", auth_json_time(app_rows_int(rows, 6)));
    return json;
}

static void print_user(const app_rows_t *rows, int json, apr_pool_t *p)
{
    const char *account = text_of(rows, 1);
    const char *state = app_rows_int(rows, 4) ? "disabled"
                        : app_rows_int(rows, 3) || !strchr(account, '@') ? "good" : "unproved";

    if (json) {
        print_json(user_json(rows));
        return;
    }
    printf("%s  %-8s  %-14s  signed in %-19s  %s\n", text_of(rows, 0), state, text_of(rows, 2),
           auth_command_time(app_rows_int(rows, 5), p), account);
}

static void print_session(const app_rows_t *rows, int json, apr_pool_t *p)
{
    if (json) {
        print_json(auth_session_json(rows));
        return;
    }
    printf("%s  %-9s  %s  %-15s  since %s  used %s\n", text_of(rows, 0), text_of(rows, 1),
           text_of(rows, 2), text_of(rows, 3), auth_command_time(app_rows_int(rows, 5), p),
           auth_command_time(app_rows_int(rows, 6), p));
}

static apr_status_t print_all(app_rows_t *rows, print_fn *print, int json, app_error_t *err)
{
    apr_pool_t *scratch;
    apr_status_t rv;

    apr_pool_create(&scratch, err->pool);
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        print(rows, json, scratch);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

app_command_e auth_command_user_list(const auth_user_asked_t *asked, app_error_t *err)
{
    app_rows_t *rows;
    app_tx_t *tx;

    if (auth_begin(&tx, asked->auth, NULL, 1, err, err->pool) != APR_SUCCESS ||
        auth_query(&rows, tx, USERS, NULL, 0, err, err->pool) != APR_SUCCESS ||
        print_all(rows, print_user, asked->json, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    app_tx_rollback(tx);
    return APP_COMMAND_GOOD;
}

app_command_e auth_command_user_sessions(const auth_user_asked_t *asked, app_error_t *err)
{
    apr_int64_t now = auth_now();
    const char *id = NULL;
    app_rows_t *rows;
    app_tx_t *tx;

    if (auth_begin(&tx, asked->auth, NULL, 1, err, err->pool) != APR_SUCCESS ||
        auth_command_find_user(&id, tx, asked->words[1], err) != APR_SUCCESS ||
        auth_query(&rows, tx, AUTH_SESSIONS_SELECT " ORDER BY refreshed_at",
                   (app_value_t[]){ auth_text(id), auth_int(now),
                                    auth_int(now - apr_time_sec(asked->auth->conf->session_idle)) },
                   3, err, err->pool) != APR_SUCCESS ||
        print_all(rows, print_session, asked->json, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    app_tx_rollback(tx);
    return APP_COMMAND_GOOD;
}
