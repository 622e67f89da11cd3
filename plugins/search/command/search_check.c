/* SPDX-License-Identifier: Apache-2.0 */
/**
 * search check: whether all that a collection is searched by is there, is true of the table, and is
 * what the settings declare. One thread.
 */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "search_index.h"
#include "search_job.h"

#define DAMAGED "XX001" /* SQLSTATE: what FTS5 says of an index that is not its table's */

/** Says what is wrong with it, and goes on to the next one. */
static app_command_e wrong(search_job_t *job, const char *name, const char *what, const char *mend)
{
    printf("%s: %s; %s\n", name, what, mend);
    app_tx_rollback(job->tx);
    *job->err = (app_error_t){ .pool = job->pool };
    return APP_COMMAND_WRONG;
}

static const char *rebuilding(const search_job_t *job, const char *name)
{
    return apr_psprintf(job->pool, "appctl search rebuild %s makes its index anew", name);
}

/* What is there */

static app_command_e check_parts(search_job_t *job, const search_collection_t *collection)
{
    const char *missing;

    if (search_job_ask(&missing, job,
                       search_index_missing(collection, job->search->kind, job->pool), NULL) !=
        APR_SUCCESS) {
        return wrong(job, collection->name, job->err->message, "its table cannot be looked at");
    }
    return missing ? wrong(job, collection->name,
                           apr_psprintf(job->pool, "%s is missing", missing),
                           rebuilding(job, collection->name))
                   : APP_COMMAND_GOOD;
}

static apr_status_t count_wrong(const char **pcount, search_job_t *job,
                                const search_collection_t *collection)
{
    apr_array_header_t *statements = apr_array_make(job->pool, 2, sizeof(const char *));

    if (job->search->kind == APP_DB_PGSQL) {
        return search_job_ask(pcount, job, search_index_count_wrong(collection, job->pool), NULL);
    }
    search_index_compare(statements, collection, job->pool);
    *pcount = "0";
    if (search_job_run(job, statements) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    *pcount = "some"; /* FTS5 does not say how many */
    return strcmp(job->err->code, DAMAGED) == 0 ? APR_SUCCESS : APP_EFAIL;
}

static app_command_e check_rows(search_job_t *job, const search_collection_t *collection)
{
    const char *count;

    if (count_wrong(&count, job, collection) != APR_SUCCESS) {
        return wrong(job, collection->name, job->err->message, "its rows cannot be compared");
    }
    return strcmp(count, "0") == 0
               ? APP_COMMAND_GOOD
               : wrong(job, collection->name,
                       apr_psprintf(job->pool, "%s rows differ from their index", count),
                       rebuilding(job, collection->name));
}

/* What is declared */

static const search_spec_t *spec_of(const search_job_t *job, const char *name)
{
    const apr_array_header_t *specs = search_job_specs(job);
    int i;

    for (i = 0; i < specs->nelts; i++) {
        const search_spec_t *spec = APR_ARRAY_IDX(specs, i, const search_spec_t *);

        if (strcmp(spec->name, name) == 0) {
            return spec;
        }
    }
    return NULL;
}

static app_command_e check_spec(search_job_t *job, const search_collection_t *collection)
{
    const search_spec_t *spec = spec_of(job, collection->name);
    const search_collection_t *wanted;
    search_field_e field;

    if (!spec) {
        return APP_COMMAND_GOOD;
    }
    if (search_make_wanted(&wanted, job, spec) != APR_SUCCESS) {
        return wrong(job, collection->name, job->err->message, "its line cannot be followed");
    }
    field = search_make_difference(wanted, collection);
    return field == SEARCH_FIELDS
               ? APP_COMMAND_GOOD
               : wrong(job, collection->name,
                       apr_psprintf(job->pool, "the database has %s \"%s\", its line \"%s\"",
                                    search_field_names[field], collection->fields[field],
                                    wanted->fields[field]),
                       "appctl search apply does as its line says");
}

/* All of it */

static app_command_e check_one(search_job_t *job, const search_collection_t *collection)
{
    if (search_job_begin(job, 0) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (check_parts(job, collection) != APP_COMMAND_GOOD ||
        check_rows(job, collection) != APP_COMMAND_GOOD ||
        check_spec(job, collection) != APP_COMMAND_GOOD ||
        search_advise(job, collection) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    return search_job_finish(job, collection->name, "index and table are one");
}

/** @param made NULL: it is declared alone */
static app_command_e check_named(search_job_t *job, const search_collection_t *made,
                                 const char *name)
{
    if (made) {
        return check_one(job, made);
    }
    printf("%s: declared, and not made; appctl search apply makes it\n", name);
    return APP_COMMAND_WRONG;
}

/** The names of what is made or declared, each once. */
static apr_array_header_t *names_of(const search_job_t *job, const apr_array_header_t *made)
{
    const apr_array_header_t *specs = search_job_specs(job);
    apr_array_header_t *names = apr_array_make(job->pool, 8, sizeof(const char *));
    int i, k;

    for (i = 0; i < made->nelts; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(made, i, const search_collection_t *)->name;
    }
    for (i = 0; i < specs->nelts; i++) {
        const char *name = APR_ARRAY_IDX(specs, i, const search_spec_t *)->name;

        for (k = 0; k < made->nelts && strcmp(APR_ARRAY_IDX(names, k, const char *), name) != 0;
             k++) {
        }
        if (k == made->nelts) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    return names;
}

app_command_e search_check(search_job_t *job, int argc, const char *const *argv)
{
    const char *wanted = argc ? argv[0] : NULL;
    apr_array_header_t *made, *names;
    int i, count = 0, bad = 0;

    if (search_job_begin(job, 1) != APR_SUCCESS ||
        search_collections_read(&made, job->tx, NULL, job->err, job->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    app_tx_rollback(job->tx);
    names = names_of(job, made);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!wanted || strcmp(wanted, name) == 0) {
            count++;
            bad += check_named(job, i < made->nelts
                                        ? APR_ARRAY_IDX(made, i, const search_collection_t *)
                                        : NULL, name) != APP_COMMAND_GOOD;
        }
    }
    if (!count && wanted) {
        return search_job_unknown(job, wanted);
    }
    return bad ? APP_COMMAND_WRONG : APP_COMMAND_GOOD;
}
