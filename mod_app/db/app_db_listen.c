/* SPDX-License-Identifier: Apache-2.0 */
/** Notifications: a connection beside the pool. The thread that listens. */
#include "app_db_driver.h"

struct app_db_listener_t {
    app_db_conn_t conn;
};

static apr_status_t stop(void *data)
{
    app_db_listener_t *listener = data;

    app_db_conn_close(&listener->conn);
    return APR_SUCCESS;
}

apr_status_t app_db_listen(app_db_listener_t **plistener, app_db_t *db, const char *channel,
                           app_error_t *err, apr_pool_t *p)
{
    app_db_listener_t *listener = apr_pcalloc(p, sizeof(*listener));

    if (!db->driver->listen) {
        return APR_ENOTIMPL;
    }
    listener->conn.db = db;
    apr_pool_create(&listener->conn.pool, p);
    if (app_db_conn_open(&listener->conn, db->url.params, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    apr_pool_pre_cleanup_register(p, listener, stop);
    if (db->driver->listen(&listener->conn, channel, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *plistener = listener;
    return APR_SUCCESS;
}

int app_db_listener_fd(const app_db_listener_t *listener)
{
    return listener->conn.db->driver->listen_fd(&listener->conn);
}

apr_status_t app_db_listener_next(app_db_listener_t *listener, const char **ppayload,
                                  app_error_t *err)
{
    return listener->conn.db->driver->listen_next(&listener->conn, ppayload, err);
}
