/* SPDX-License-Identifier: Apache-2.0 */
/** appctl search: the table of its words, and the short ones. One thread. */
#include <stdio.h>
#include <string.h>

#include "search_index.h"
#include "search_job.h"
#include "search_sql.h"

typedef void make_fn(apr_array_header_t *statements, const search_collection_t *collection,
                     app_db_kind_e kind, apr_pool_t *p);

/** Runs what make gives for the one collection that is named. */
static app_command_e run_made(const search_collection_t **pcollection, search_job_t *job,
                              int argc, const char *const *argv, make_fn *make)
{
    apr_array_header_t *statements = apr_array_make(job->pool, 8, sizeof(const char *));
    const search_collection_t *collection;

    if (argc != 1) {
        return search_job_misused(job, "the name", " of one collection is needed");
    }
    if (search_job_begin(job, 0) != APR_SUCCESS ||
        search_job_find(&collection, job, argv[0]) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (!collection) {
        return search_job_unknown(job, argv[0]);
    }
    *pcollection = collection;
    make(statements, collection, job->search->kind, job->pool);
    return search_job_run(job, statements) == APR_SUCCESS ? APP_COMMAND_GOOD : APP_COMMAND_WRONG;
}

/**
 * PostgreSQL: a column that somebody has defined otherwise differs still, and is made anew. That
 * comes last, as the column's grants go with it.
 */
static apr_status_t replace_column(search_job_t *job, const search_collection_t *collection)
{
    apr_array_header_t *statements = apr_array_make(job->pool, 8, sizeof(const char *));
    const char *count;

    if (search_job_ask(&count, job, search_index_count_wrong(collection, job->pool), NULL) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (strcmp(count, "0") == 0) {
        return APR_SUCCESS;
    }
    search_index_drop(statements, collection, APP_DB_PGSQL, job->pool);
    search_index_create(statements, collection, APP_DB_PGSQL, job->pool);
    return search_job_run(job, statements) == APR_SUCCESS ? search_advise(job, collection)
                                                          : APP_EFAIL;
}

static app_command_e rebuild(search_job_t *job, int argc, const char *const *argv)
{
    const search_collection_t *collection;
    app_command_e code = run_made(&collection, job, argc, argv, search_index_rebuild);

    if (code != APP_COMMAND_GOOD) {
        return code;
    }
    return job->search->kind == APP_DB_SQLITE || replace_column(job, collection) == APR_SUCCESS
               ? search_job_finish(job, argv[0], "rebuilt")
               : APP_COMMAND_WRONG;
}

static app_command_e drop(search_job_t *job, int argc, const char *const *argv)
{
    const search_collection_t *collection;
    app_command_e code = run_made(&collection, job, argc, argv, search_index_drop);
    const app_value_t name = search_text(argc ? argv[0] : "");
    const app_sql_t sql = { "DELETE FROM app_search WHERE name = $1", &name, 1 };

    if (code != APP_COMMAND_GOOD) {
        return code;
    }
    return app_tx_execute(job->tx, &sql, NULL, job->err) == APR_SUCCESS
               ? search_job_finish(job, argv[0], "dropped; the table is as it was before")
               : APP_COMMAND_WRONG;
}

static app_command_e list(search_job_t *job, int argc, const char *const *argv)
{
    apr_array_header_t *all;
    int i;

    if (argc) {
        return search_job_misused(job, argv[0], " is nothing that list knows");
    }
    if (search_job_begin(job, 1) != APR_SUCCESS ||
        search_collections_read(&all, job->tx, NULL, job->err, job->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    for (i = 0; i < all->nelts; i++) {
        const search_collection_t *each = APR_ARRAY_IDX(all, i, const search_collection_t *);

        printf("%-20s %s, %d columns, %d facets, %s\n", each->name, each->fields[SEARCH_RELATION],
               each->ncolumns, each->nfacets, each->language);
    }
    return APP_COMMAND_GOOD;
}

static app_command_e run(app_instance_t *self, int argc, const char *const *argv, app_error_t *err)
{
    static const struct {
        const char *word;
        app_command_e (*run)(search_job_t *job, int argc, const char *const *argv);
    } words[] = { { "create", search_make_create }, { "apply", search_make_apply },
                  { "check", search_check },        { "rebuild", rebuild },
                  { "drop", drop },                 { "list", list } };
    search_job_t job = { .self = self, .search = app_instance_context(self), .pool = err->pool,
                         .err = err };
    size_t i;

    if (!argc) {
        return search_job_misused(&job, "a word", " is missing");
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(argv[0], words[i].word) == 0) {
            return words[i].run(&job, argc - 1, argv + 1);
        }
    }
    return search_job_misused(&job, argv[0], " is no such word");
}

const app_command_t search_commands[] = {
    { "search",
      "    search create NAME --table TABLE --columns title:A,summary:B,body:D\n"
      "           [--facets section,priority] [--language english] [--title COLUMN] [--key COLUMN]\n"
      "           [--print]           prints the SQL, for a migration of your own\n"
      "    search apply [--print] makes and alters collections as lines Collection declare them\n"
      "    search check [NAME]    compares indexes, tables and lines\n"
      "    search rebuild NAME    makes the index anew\n"
      "    search drop NAME       takes the collection and its index away\n"
      "    search list\n",
      run },
    { NULL, NULL, NULL }
};
