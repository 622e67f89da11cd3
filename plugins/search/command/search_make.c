/* SPDX-License-Identifier: Apache-2.0 */
/**
 * search create and search apply: collections as the words behind the command, or the lines
 * Collection of the settings, say what they shall be. One thread.
 */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "search_index.h"
#include "search_job.h"
#include "search_sql.h"

/* What is wanted, and can be */

/** Names that are no columns of the table are refused by the database, which says so. */
static apr_status_t look_at_columns(search_job_t *job, const search_collection_t *wanted)
{
    apr_pool_t *p = job->pool;
    const char *ignored;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_adds(&buf, "SELECT 1");
    for (i = 0; i < wanted->ncolumns; i++) {
        app_buf_addf(&buf, ", t.%s", search_quoted(wanted->columns[i].name, p));
    }
    for (i = 0; i < wanted->nfacets; i++) {
        app_buf_addf(&buf, ", t.%s", search_quoted(wanted->facets[i], p));
    }
    app_buf_addf(&buf, " FROM %s t LIMIT 0", search_index_relation(wanted, p));
    return search_job_ask(&ignored, job, buf.data, NULL);
}

/** VACUUM gives rows other numbers, unless a column holds them. */
static apr_status_t look_at_rowid(search_job_t *job, const search_collection_t *wanted)
{
    const char *found;

    if (search_job_ask(&found, job, "SELECT max(name) FROM pragma_table_info($1) WHERE pk > 0"
                                    " HAVING count(*) = 1 AND upper(max(type)) = 'INTEGER' AND"
                                    " (SELECT wr FROM pragma_table_list WHERE schema = 'main' AND"
                                    " name = $1 COLLATE NOCASE) = 0", wanted->relation) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (found) {
        return APR_SUCCESS;
    }
    app_fail(job->err, APP_E_BAD_REQUEST, "%s has no column that is INTEGER PRIMARY KEY",
             wanted->relation);
    return app_hint(job->err, "Without one SQLite may number its rows anew, and the index would be "
                              "that of other rows.");
}

/** The column that tells rows apart: the one that is named, or else the primary key. */
static apr_status_t find_key(const char **pkey, search_job_t *job, const search_spec_t *spec,
                             const char *relation)
{
    const char *text = apr_psprintf(job->pool,
                                    "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON"
                                    " a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE"
                                    " i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 1"
                                    " AND a.attnotnull AND %s AND i.indrelid = %s::regclass",
                                    spec->key ? "a.attname = $1" : "i.indisprimary",
                                    search_literal(relation, job->pool));

    if (search_job_ask(pkey, job, text, spec->key) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!*pkey && spec->key) {
        return app_fail(job->err, APP_E_BAD_REQUEST, "\"%s\" of %s is not UNIQUE and NOT NULL",
                        spec->key, relation);
    }
    if (!*pkey) {
        app_fail(job->err, APP_E_BAD_REQUEST, "%s has no primary key of one column", relation);
        return app_hint(job->err, "Name a column that is UNIQUE and NOT NULL as its key.");
    }
    return APR_SUCCESS;
}

static void take_texts(const char *fields[SEARCH_FIELDS], const search_spec_t *spec,
                       app_db_kind_e kind, apr_pool_t *p)
{
    fields[SEARCH_NAME] = spec->name;
    fields[SEARCH_RELATION] = kind == APP_DB_SQLITE || strchr(spec->table, '.')
                                  ? spec->table
                                  : apr_pstrcat(p, "public.", spec->table, NULL);
    fields[SEARCH_KEY] = "rowid";
    fields[SEARCH_LANGUAGE] = spec->language;
    fields[SEARCH_TITLE] = spec->title;
    fields[SEARCH_COLUMNS] = spec->columns;
    fields[SEARCH_FACETS] = spec->facets;
    fields[SEARCH_CORRECTS] = "1";
}

apr_status_t search_make_wanted(const search_collection_t **pwanted, search_job_t *job,
                                const search_spec_t *spec)
{
    const char *fields[SEARCH_FIELDS], *relation, *found;
    const search_collection_t *wanted;

    take_texts(fields, spec, job->search->kind, job->pool);
    wanted = search_collection_make(fields, job->pool); /* its columns have been looked at */
    if (look_at_columns(job, wanted) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pwanted = wanted;
    if (job->search->kind == APP_DB_SQLITE) {
        return look_at_rowid(job, wanted);
    }
    relation = search_index_relation(wanted, job->pool);
    if (find_key(&fields[SEARCH_KEY], job, spec, relation) != APR_SUCCESS ||
        search_job_ask(&found, job, "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'",
                       NULL) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    fields[SEARCH_CORRECTS] = found ? "1" : "0";
    *pwanted = search_collection_make(fields, job->pool);
    return APR_SUCCESS;
}

/* Making it */

static const char *insertion(const search_collection_t *collection, apr_pool_t *p)
{
    app_buf_t names, values;
    int i;

    app_buf_init(&names, p, APR_SIZE_MAX / 2);
    app_buf_init(&values, p, APR_SIZE_MAX / 2);
    for (i = 0; i < SEARCH_FIELDS; i++) {
        app_buf_addf(&names, "%s%s", i ? ", " : "", search_field_names[i]);
        app_buf_addf(&values, "%s%s", i ? ", " : "",
                     i == SEARCH_CORRECTS ? collection->fields[i]
                                          : search_literal(collection->fields[i], p));
    }
    return apr_psprintf(p, "INSERT INTO %sapp_search (%s) VALUES (%s)",
                        collection->schema ? "app." : "", names.data, values.data);
}

static const char *removal(const search_collection_t *collection, apr_pool_t *p)
{
    return apr_psprintf(p, "DELETE FROM %sapp_search WHERE name = %s",
                        collection->schema ? "app." : "", search_literal(collection->name, p));
}

/** @param before what is in the way; NULL: nothing */
static app_command_e make(search_job_t *job, const search_collection_t *wanted,
                          const search_collection_t *before, const char *said)
{
    apr_array_header_t *statements = apr_array_make(job->pool, 16, sizeof(const char *));
    const app_db_kind_e kind = job->search->kind;

    if (before) {
        APR_ARRAY_PUSH(statements, const char *) = removal(before, job->pool);
    }
    APR_ARRAY_PUSH(statements, const char *) = insertion(wanted, job->pool);
    if (before && search_make_difference(wanted, before) != SEARCH_FACETS) {
        search_index_drop(statements, before, kind, job->pool);
        before = NULL;
    }
    if (!before) {
        search_index_create(statements, wanted, kind, job->pool);
    }
    if (search_job_run(job, statements) != APR_SUCCESS ||
        (!job->print && search_advise(job, wanted) != APR_SUCCESS)) {
        return APP_COMMAND_WRONG;
    }
    return search_job_finish(job, wanted->name, said);
}

/* create */

/** A collection as the words behind create describe it. */
static apr_status_t read_spec(search_spec_t *spec, search_job_t *job, int argc,
                              const char *const *argv)
{
    const app_option_t options[] = { { .name = "--table", .value = &spec->table },
                                     { .name = "--columns", .value = &spec->columns },
                                     { .name = "--facets", .value = &spec->facets },
                                     { .name = "--language", .value = &spec->language },
                                     { .name = "--title", .value = &spec->title },
                                     { .name = "--key", .value = &spec->key },
                                     { .name = "--print", .flag = &job->print },
                                     { .name = NULL } };
    const char *const *words;
    int count;

    if (app_command_read(&words, &count, argc, argv, options, job->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (count != 1) {
        return app_fail(job->err, APP_E_BAD_REQUEST, "create takes the name of one collection");
    }
    spec->name = words[0];
    return search_spec_check(spec, job->err, job->pool) == APR_SUCCESS
               ? search_spec_suits(spec, job->search->kind, job->err)
               : APP_EFAIL;
}

app_command_e search_make_create(search_job_t *job, int argc, const char *const *argv)
{
    search_spec_t spec = { .name = NULL };
    const search_collection_t *wanted, *before;

    if (read_spec(&spec, job, argc, argv) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (search_job_begin(job, 0) != APR_SUCCESS ||
        search_make_wanted(&wanted, job, &spec) != APR_SUCCESS ||
        search_job_find(&before, job, spec.name) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (before) {
        app_fail(job->err, APP_E_BAD_REQUEST, "there is a collection \"%s\" already", spec.name);
        app_hint(job->err, "Drop it before, or declare what it shall be, and apply that.");
        return APP_COMMAND_WRONG;
    }
    return make(job, wanted, NULL, "can be searched");
}

/* apply */

/** Facets come last: what stands in front of them makes other indexes. */
search_field_e search_make_difference(const search_collection_t *one,
                                      const search_collection_t *other)
{
    static const search_field_e order[] = { SEARCH_RELATION, SEARCH_KEY, SEARCH_LANGUAGE,
                                            SEARCH_TITLE, SEARCH_COLUMNS, SEARCH_CORRECTS,
                                            SEARCH_FACETS };
    size_t i;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (strcmp(one->fields[order[i]], other->fields[order[i]]) != 0) {
            return order[i];
        }
    }
    return SEARCH_FIELDS;
}

static app_command_e apply(search_job_t *job, const search_spec_t *spec)
{
    const search_collection_t *wanted, *before;

    if (search_job_begin(job, 0) != APR_SUCCESS ||
        search_make_wanted(&wanted, job, spec) != APR_SUCCESS ||
        search_job_find(&before, job, spec->name) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (!before) {
        return make(job, wanted, NULL, "can be searched");
    }
    if (search_make_difference(wanted, before) == SEARCH_FIELDS) {
        return search_job_finish(job, wanted->name, "is as its line says");
    }
    return make(job, wanted, before, "altered as its line says");
}

app_command_e search_make_apply(search_job_t *job, int argc, const char *const *argv)
{
    const apr_array_header_t *specs = search_job_specs(job);
    app_command_e code = APP_COMMAND_GOOD;
    int i;

    job->print = argc == 1 && strcmp(argv[0], "--print") == 0;
    if (argc > job->print) {
        return search_job_misused(job, argv[0], " is nothing that apply knows");
    }
    if (!specs->nelts) {
        app_fail(job->err, APP_E_NOT_FOUND, "the configuration declares no collection");
        app_hint(job->err, "Write lines Collection into <AppPlugin search>, or use search create.");
        return APP_COMMAND_WRONG;
    }
    for (i = 0; i < specs->nelts && code == APP_COMMAND_GOOD; i++) {
        code = apply(job, APR_ARRAY_IDX(specs, i, const search_spec_t *));
    }
    return code;
}
