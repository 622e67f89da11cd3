/* SPDX-License-Identifier: Apache-2.0 */
/** What the words of `appctl search` have in common (search_job.h). One thread. */
#include <stdio.h>

#include "apr_strings.h"

#include "search_job.h"
#include "search_sql.h"

const apr_array_header_t *search_job_specs(const search_job_t *job)
{
    const search_conf_t *conf = app_instance_settings(job->self);

    return conf->specs;
}

apr_status_t search_job_begin(search_job_t *job, int readonly)
{
    return search_begin(&job->tx, job->self, NULL, readonly, job->err, job->pool);
}

apr_status_t search_job_run(search_job_t *job, const apr_array_header_t *statements)
{
    int i;

    for (i = 0; i < statements->nelts; i++) {
        const app_sql_t sql = { APR_ARRAY_IDX(statements, i, const char *), NULL, 0 };

        if (job->print) {
            printf("%s;\n", sql.text);
        }
        else if (app_tx_execute(job->tx, &sql, NULL, job->err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t search_job_ask(const char **pvalue, search_job_t *job, const char *text,
                            const char *param)
{
    const app_value_t value = search_text(param ? param : "");
    const app_sql_t sql = { text, &value, param != NULL };
    app_rows_t *rows;
    apr_status_t status;

    *pvalue = NULL;
    if (app_tx_query(job->tx, &sql, 0, &rows, job->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if ((status = app_rows_next(rows, job->err)) == APR_SUCCESS) {
        const char *found = app_rows_text(rows, 0, NULL);

        *pvalue = found ? apr_pstrdup(job->pool, found) : NULL;
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

app_command_e search_job_finish(search_job_t *job, const char *name, const char *said)
{
    if (job->print) {
        app_tx_rollback(job->tx);
        return APP_COMMAND_GOOD;
    }
    if (app_tx_commit(job->tx, job->err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    printf("%s: %s\n", name, said);
    return APP_COMMAND_GOOD;
}

apr_status_t search_job_find(const search_collection_t **pcollection, search_job_t *job,
                             const char *name)
{
    apr_array_header_t *list;

    if (search_collections_read(&list, job->tx, name, job->err, job->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pcollection = list->nelts ? APR_ARRAY_IDX(list, 0, const search_collection_t *) : NULL;
    return APR_SUCCESS;
}

app_command_e search_job_unknown(search_job_t *job, const char *name)
{
    app_fail(job->err, APP_E_NOT_FOUND, "there is no collection \"%s\"", name);
    app_hint(job->err, "appctl search list shows those that there are.");
    return APP_COMMAND_WRONG;
}

app_command_e search_job_misused(search_job_t *job, const char *word, const char *what)
{
    app_fail(job->err, APP_E_BAD_REQUEST, "%s%s", word, what);
    return APP_COMMAND_USAGE;
}
