/* SPDX-License-Identifier: Apache-2.0 */
/** appctl audit: what app_audit has, oldest first. */
#include <stdio.h>
#include <string.h>

#include "auth_command.h"

#define DEFAULT_LIMIT 1000
#define MAX_LIMIT     1000000

typedef struct wanted_t {
    const char *user, *event;
    apr_int64_t since, limit;
    int         json;
} wanted_t;

/** The newest that fit, turned round. */
#define SELECT                                                                                  \
    "SELECT at, event, user_id, actor, session_id, address, request_id, detail FROM ("          \
    "SELECT * FROM app_audit WHERE at >= $1 AND ($2 = '' OR event = $2) AND ($3 = '' OR"        \
    " user_id = $3 OR user_id IN"                                                               \
    " (SELECT id FROM app_users WHERE email = lower($3) OR name = lower($3)))"                  \
    " ORDER BY at DESC, id DESC LIMIT $4) AS newest ORDER BY at, id"

static const char *const columns[] = { "at",      "event",   "user_id",    "actor", "session_id",
                                       "address", "request_id", "detail" };

#define AT     0
#define DETAIL 7

/** Control characters in what clients brought could drive the terminal. */
static void print_word(const char *text)
{
    for (; text && *text; text++) {
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text);
    }
}

static void print_row(app_rows_t *rows, apr_pool_t *p)
{
    int i;

    fputs(auth_command_time(app_rows_int(rows, AT), p), stdout);
    for (i = AT + 1; i <= DETAIL; i++) {
        const char *text = app_rows_text(rows, i, NULL);

        if (i == 1) {
            printf("  %-20s", text);
        }
        else if (i == DETAIL) {
            putchar(' ');
            print_word(text);
        }
        else if (text) {
            printf(" %s=", columns[i]);
            print_word(text);
        }
    }
    putchar('\n');
}

/** One object a line; a detail that is no JSON (somebody else wrote it) is a text. */
static void print_json(app_rows_t *rows, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    app_buf_t buf;
    json_t *json;
    int i;

    app_buf_init(&buf, p, 1024 * 1024);
    app_buf_addf(&buf, "{\"at\":%" APR_INT64_T_FMT, app_rows_int(rows, AT));
    for (i = AT + 1; i <= DETAIL; i++) {
        apr_size_t len;
        const char *text = app_rows_text(rows, i, &len);

        app_buf_addf(&buf, ",\"%s\":", columns[i]);
        if (!text) {
            app_buf_adds(&buf, "null");
        }
        else if (i == DETAIL && app_json_parse(text, len, &json, &ignored, p) == APR_SUCCESS) {
            app_buf_add(&buf, text, len);
        }
        else {
            app_buf_add_json(&buf, text, len);
        }
    }
    printf("%s}\n", buf.data);
}

static apr_status_t print_all(app_rows_t *rows, const wanted_t *wanted, app_error_t *err)
{
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, err->pool);
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        if (wanted->json) {
            print_json(rows, p);
        }
        else {
            print_row(rows, p);
        }
        apr_pool_clear(p);
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

static app_command_e run(auth_t *auth, const wanted_t *wanted, app_error_t *err)
{
    const app_value_t values[] = { auth_int(wanted->since),
                                   auth_text(wanted->event ? wanted->event : ""),
                                   auth_text(wanted->user ? wanted->user : ""),
                                   auth_int(wanted->limit) };
    const app_sql_t sql = { SELECT, values, 4 };
    app_rows_t *rows;
    app_tx_t *tx;

    if (auth_begin(&tx, auth, NULL, 1, err, err->pool) != APR_SUCCESS ||
        app_tx_query(tx, &sql, APP_QUERY_LAST | APP_QUERY_STREAM, &rows, err) != APR_SUCCESS ||
        print_all(rows, wanted, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    return APP_COMMAND_GOOD;
}

static apr_status_t read_limit(wanted_t *wanted, const char *text, app_error_t *err)
{
    wanted->limit = DEFAULT_LIMIT;
    if (text && (app_int64_parse(text, strlen(text), &wanted->limit) != APR_SUCCESS ||
                 wanted->limit < 1 || wanted->limit > MAX_LIMIT)) {
        return app_fail(err, APP_E_BAD_REQUEST, "--limit takes a number from 1 to %d, not \"%s\"",
                        MAX_LIMIT, text);
    }
    return APR_SUCCESS;
}

app_command_e auth_command_audit(app_instance_t *self, int argc, const char *const *argv,
                                 app_error_t *err)
{
    const char *since = NULL, *limit = NULL, *const *words;
    wanted_t wanted = { .user = NULL };
    const app_option_t options[] = { { .name = "--user", .value = &wanted.user },
                                     { .name = "--event", .value = &wanted.event },
                                     { .name = "--since", .value = &since },
                                     { .name = "--limit", .value = &limit },
                                     { .name = "--json", .flag = &wanted.json },
                                     { .name = NULL } };
    apr_int64_t seconds = auth_now();
    int count;

    if (app_command_read(&words, &count, argc, argv, options, err) != APR_SUCCESS ||
        (since && auth_command_duration(&seconds, since, "--since", err) != APR_SUCCESS) ||
        read_limit(&wanted, limit, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (count) {
        app_fail(err, APP_E_BAD_REQUEST, "there is a word too many: %s", words[0]);
        return APP_COMMAND_USAGE;
    }
    wanted.since = auth_now() - seconds;
    return run(app_instance_context(self), &wanted, err);
}
