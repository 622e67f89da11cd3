/* SPDX-License-Identifier: Apache-2.0 */
/** PostgreSQL: LISTEN on a connection that is used for nothing else. The thread that listens. */
#include "app_db_pgsql.h"

/** Commands go one by one here: there is nothing that could ride along. */
apr_status_t app_pg_listen(app_db_conn_t *conn, const char *channel, app_error_t *err)
{
    PGconn *link = conn->native;
    apr_status_t rv = APR_SUCCESS;
    PGresult *res;
    app_buf_t sql;

    if (!PQexitPipelineMode(link) || PQsetnonblocking(link, 0) != 0) {
        return app_db_fail_connect(err, conn->db, PQerrorMessage(link));
    }
    app_buf_init(&sql, err->pool, APR_SIZE_MAX / 2);
    app_buf_adds(&sql, "LISTEN ");
    app_buf_add_ident(&sql, channel);
    res = PQexec(link, sql.data);
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        rv = app_pg_fail(res, err);
    }
    PQclear(res);
    return rv;
}

int app_pg_listen_fd(const app_db_conn_t *conn)
{
    return PQsocket(((const app_pg_t *)conn->state)->link);
}

apr_status_t app_pg_listen_next(app_db_conn_t *conn, const char **ppayload, app_error_t *err)
{
    app_pg_t *pg = conn->state;

    PQfreemem(pg->heard);
    pg->heard = NULL;
    if (!PQconsumeInput(pg->link) || PQstatus(pg->link) != CONNECTION_OK) {
        return app_db_fail_connect(err, conn->db, PQerrorMessage(pg->link));
    }
    pg->heard = PQnotifies(pg->link);
    if (!pg->heard) {
        return APR_EAGAIN;
    }
    *ppayload = pg->heard->extra;
    return APR_SUCCESS;
}
