/* SPDX-License-Identifier: Apache-2.0 */
/** appctl cache: makes and drops what tells of changes (PostgreSQL). One thread. */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "cache_command.h"
#include "cache_listen.h"

#define SQL_MAX (64 * 1024)

typedef struct work_t {
    app_instance_t    *self;
    int                remove, print;
    const char *const *tables; /* as typed */
    int                ntables;
    apr_pool_t        *pool;
    app_error_t       *err;
} work_t;

static app_command_e misused(app_error_t *err, const char *what)
{
    app_fail(err, APP_E_BAD_REQUEST, "%s", what);
    return APP_COMMAND_USAGE;
}

/** "schema"."table" of schema.table; without a schema the search path finds it. */
static const char *quoted(const char *name, apr_pool_t *p)
{
    const char *dot = strchr(name, '.');
    app_buf_t buf;

    app_buf_init(&buf, p, SQL_MAX);
    if (dot) {
        app_buf_add_ident(&buf, apr_pstrndup(p, name, (apr_size_t)(dot - name)));
        app_buf_addc(&buf, '.');
    }
    app_buf_add_ident(&buf, dot ? dot + 1 : name);
    return buf.data;
}

static const char *literal(const char *text, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, SQL_MAX);
    for (app_buf_addc(&buf, '\''); *text; text++) {
        app_buf_addc(&buf, *text);
        if (*text == '\'') {
            app_buf_addc(&buf, '\'');
        }
    }
    app_buf_addc(&buf, '\'');
    return buf.data;
}

/**
 * The one function of all triggers. It runs as its owner, but does nothing that anybody could not
 * do; the channel is its argument, so that sites may have their own.
 */
static const char function_sql[] =
    "CREATE OR REPLACE FUNCTION app_cache_tell() RETURNS trigger LANGUAGE plpgsql AS $$\n"
    "BEGIN\n"
    "    PERFORM pg_catalog.pg_notify(TG_ARGV[0], TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME);\n"
    "    RETURN NULL;\n"
    "END $$";

/*
 * For a table and all that inherit from it: a statement on one is none on the table. The old
 * trigger goes in any case.
 */
#define EACH_BEGIN                                                                           \
    "DO $do$ DECLARE t regclass; BEGIN\n"                                                    \
    "    FOR t IN WITH RECURSIVE all_of AS (SELECT %s::regclass::oid AS oid UNION\n"         \
    "             SELECT inhrelid FROM pg_inherits JOIN all_of ON inhparent = all_of.oid)\n" \
    "             SELECT oid FROM all_of LOOP\n"                                             \
    "        EXECUTE format('DROP TRIGGER IF EXISTS app_cache ON %%s', t);\n"
#define EACH_END                                                                             \
    "    END LOOP;\n"                                                                        \
    "END $do$"

static const char *install_sql(const char *table, const char *channel, apr_pool_t *p)
{
    return apr_psprintf(
        p,
        EACH_BEGIN
        "        EXECUTE format('CREATE TRIGGER app_cache AFTER INSERT OR UPDATE OR DELETE OR '\n"
        "                       'TRUNCATE ON %%s FOR EACH STATEMENT '\n"
        "                       'EXECUTE FUNCTION app_cache_tell(%%L)', t, %s);\n"
        "        EXECUTE format('ALTER TABLE %%s ENABLE ALWAYS TRIGGER app_cache', t);\n"
        EACH_END,
        literal(quoted(table, p), p), literal(channel, p));
}

static const char *remove_sql(const char *table, apr_pool_t *p)
{
    return apr_psprintf(p, EACH_BEGIN EACH_END, literal(quoted(table, p), p));
}

static apr_array_header_t *statements_of(const work_t *work)
{
    const cache_conf_t *conf = app_instance_settings(work->self);
    apr_array_header_t *list = apr_array_make(work->pool, 4, sizeof(const char *));
    int i;

    if (!work->remove) {
        APR_ARRAY_PUSH(list, const char *) = function_sql;
    }
    for (i = 0; i < work->ntables; i++) {
        APR_ARRAY_PUSH(list, const char *) =
            work->remove ? remove_sql(work->tables[i], work->pool)
                         : install_sql(work->tables[i], conf->channel, work->pool);
    }
    APR_ARRAY_PUSH(list, const char *) =
        apr_psprintf(work->pool, "SELECT pg_notify(%s, 'reload')",
                     literal(conf->channel, work->pool));
    return list;
}

static app_command_e print(const apr_array_header_t *statements)
{
    int i;

    for (i = 0; i < statements->nelts; i++) {
        printf("%s;\n", APR_ARRAY_IDX(statements, i, const char *));
    }
    return APP_COMMAND_GOOD;
}

static app_command_e change(work_t *work)
{
    const app_tx_options_t options = { .readonly = 0 };
    const apr_array_header_t *statements = statements_of(work);
    app_tx_t *tx;
    int i;

    if (work->print) {
        return print(statements);
    }
    if (app_tx_begin(&tx, app_instance_db(work->self), &options, work->err, work->pool) !=
        APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    for (i = 0; i < statements->nelts; i++) {
        const app_sql_t sql = { APR_ARRAY_IDX(statements, i, const char *), NULL, 0 };
        app_rows_t *rows;

        if (app_tx_query(tx, &sql, 0, &rows, work->err) != APR_SUCCESS) {
            return APP_COMMAND_WRONG;
        }
    }
    if (app_tx_commit(tx, work->err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    for (i = 0; i < work->ntables; i++) {
        printf("%s: %s\n", work->tables[i],
               work->remove ? "changes are not told of any more" : "changes are told of");
    }
    return APP_COMMAND_GOOD;
}

static app_command_e list(const work_t *work)
{
    cache_catalog_t catalog;
    const char *last = "";
    int i;

    if (cache_catalog_read(&catalog, work->self, work->err, work->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    for (i = 0; i < catalog.pairs->nelts; i++) {
        const cache_pair_t *pair = &APR_ARRAY_IDX(catalog.pairs, i, cache_pair_t);

        if (strcmp(pair->relation, last) != 0) {
            printf("%s\n", pair->relation);
        }
        last = pair->relation;
    }
    return APP_COMMAND_GOOD;
}

static apr_status_t read_words(work_t *work, int argc, const char *const *argv)
{
    const app_option_t options[] = { { .name = "--print", .flag = &work->print },
                                     { .name = NULL } };

    if (app_command_read(&work->tables, &work->ntables, argc, argv, options, work->err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    return work->ntables ? APR_SUCCESS : app_fail(work->err, APP_E_BAD_REQUEST, "name a table");
}

app_command_e cache_command(app_instance_t *self, int argc, const char *const *argv,
                            app_error_t *err)
{
    work_t work = { .self = self, .pool = err->pool, .err = err };
    app_db_kind_e kind;

    if (!argc || (strcmp(argv[0], "install") != 0 && strcmp(argv[0], "remove") != 0 &&
                  strcmp(argv[0], "list") != 0)) {
        return misused(err, "cache: say install, remove or list");
    }
    if (app_instance_db_kind(self, &kind) != APR_SUCCESS || kind != APP_DB_PGSQL) {
        app_fail(err, APP_E_BAD_REQUEST, "only PostgreSQL needs triggers: SQLite tells of changes");
        return APP_COMMAND_WRONG;
    }
    if (strcmp(argv[0], "list") == 0) {
        return list(&work);
    }
    work.remove = strcmp(argv[0], "remove") == 0;
    return read_words(&work, argc - 1, argv + 1) == APR_SUCCESS ? change(&work) : APP_COMMAND_USAGE;
}
