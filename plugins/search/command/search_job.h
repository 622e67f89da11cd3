/* SPDX-License-Identifier: Apache-2.0 */
/** What the words of `appctl search` have in common. One thread. */
#ifndef SEARCH_JOB_H
#define SEARCH_JOB_H

#include "search_int.h"

/** A command at work. */
typedef struct search_job_t {
    app_instance_t *self;
    search_t       *search;
    app_tx_t       *tx; /* from search_job_begin() on */
    int             print; /* the statements are wanted, not what they do */
    apr_pool_t     *pool;
    app_error_t    *err;
} search_job_t;

/** The collections that the settings declare, of const search_spec_t *. */
const apr_array_header_t *search_job_specs(const search_job_t *job);

/** Begins a transaction. */
apr_status_t search_job_begin(search_job_t *job, int readonly);

/** Runs an array of const char *, or prints them. */
apr_status_t search_job_run(search_job_t *job, const apr_array_header_t *statements);

/**
 * The first field of a query's first row.
 * @param param $1, or NULL: the query has none
 * @param pvalue NULL: there is no row, or nothing in it
 */
apr_status_t search_job_ask(const char **pvalue, search_job_t *job, const char *text,
                            const char *param);

/** Commits, and says what was done, unless statements were to be printed. */
app_command_e search_job_finish(search_job_t *job, const char *name, const char *said);

/** The collection of that name. @param pcollection NULL: there is none */
apr_status_t search_job_find(const search_collection_t **pcollection, search_job_t *job,
                             const char *name);

/** Refuses words that are no command. */
app_command_e search_job_misused(search_job_t *job, const char *word, const char *what);
/** Refuses a name that no collection has. */
app_command_e search_job_unknown(search_job_t *job, const char *name);

/* search_make.c: search create, search apply */
app_command_e search_make_create(search_job_t *job, int argc, const char *const *argv);
app_command_e search_make_apply(search_job_t *job, int argc, const char *const *argv);

/** The collection that a spec makes of the database as it is. */
apr_status_t search_make_wanted(const search_collection_t **pwanted, search_job_t *job,
                                const search_spec_t *spec);
/** The first field in which two collections differ, SEARCH_FIELDS if they are the same. */
search_field_e search_make_difference(const search_collection_t *one,
                                      const search_collection_t *other);

/* search_check.c: search check */
app_command_e search_check(search_job_t *job, int argc, const char *const *argv);

/**
 * search_advice.c: prints what an administrator should grant or declare, so that the roles that
 * may read the table can search it, too, and fast. PostgreSQL alone.
 */
apr_status_t search_advise(search_job_t *job, const search_collection_t *collection);

#endif
