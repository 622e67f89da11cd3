/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The connections of one process. Any thread draws one, uses it alone and gives it back.
 *
 * The apr_reslist keeps idle connections and closes them past their time; it holds places, which
 * cost nothing to make, since it makes them under its lock and a connect under that lock would stop
 * everybody. Who may have a place is counted before it: its own wait starts anew whenever another
 * thread is quicker, and is the same for all callers.
 *
 * The breaker: after a connect that failed, threads that would have to connect fail at once, until
 * a back-off has passed and one of them tries again. So a database that is down holds no thread.
 */
#include "apr_strings.h"

#include "app_db_driver.h"

#define BACKOFF_MIN        (100 * 1000)
#define BACKOFF_MAX        (1000 * 1000)
#define MAINTAIN_INTERVAL  (900 * 1000)

/* Connections */

static void count_open(const app_db_conn_t *conn, int change)
{
    app_db_t *db = conn->db;

    if (conn->pooled) {
        apr_thread_mutex_lock(db->mutex);
        db->open += change;
        if (change > 0) {
            db->connects++;
            app_metric_cell_add(db->cells.connects, 1);
        }
        app_db_count_pool_locked(db);
        apr_thread_mutex_unlock(db->mutex);
    }
}

/** A library's message on one line. */
static const char *one_line(const char *text, apr_pool_t *p)
{
    char *line = apr_pstrdup(p, text), *c = line + strlen(line);

    while (c > line && (c[-1] == '\n' || c[-1] == ' ')) {
        *--c = '\0';
    }
    for (c = line; *c; c++) {
        if (*c == '\n' || *c == '\t') {
            *c = ' ';
        }
    }
    return line;
}

apr_status_t app_db_conn_open(app_db_conn_t *conn, const char *params, app_error_t *err)
{
    app_db_t *db = conn->db;
    const char *problem = NULL;
    apr_status_t rv = apr_dbd_open_ex(db->dbd, conn->pool, params, &conn->handle, &problem);

    if (rv != APR_SUCCESS) {
        conn->handle = NULL;
        problem = problem ? one_line(problem, err->pool) : "no reason given";
        rv = app_db_fail_connect(err, db, problem);
        apr_pool_clear(conn->pool);
        return rv;
    }
    conn->native = apr_dbd_native_handle(db->dbd, conn->handle);
    conn->opened = apr_time_now();
    conn->broken = 0;
    count_open(conn, 1);
    if (db->driver->setup(conn, err) != APR_SUCCESS) {
        app_db_conn_close(conn);
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

void app_db_conn_close(app_db_conn_t *conn)
{
    if (!conn->handle) {
        return;
    }
    conn->db->driver->teardown(conn);
    apr_dbd_close(conn->db->dbd, conn->handle);
    conn->handle = NULL;
    conn->native = conn->state = NULL;
    conn->broken = 0;
    apr_pool_clear(conn->pool);
    count_open(conn, -1);
}

/* The breaker */

static int breaker_open_locked(const app_db_t *db)
{
    return db->backoff && (db->probing || apr_time_now() < db->retry_at);
}

/** Whether this thread may connect now; after a failure it is then the only one. */
static int may_connect(app_db_t *db)
{
    int may;

    apr_thread_mutex_lock(db->mutex);
    may = !breaker_open_locked(db);
    if (may && db->backoff) {
        db->probing = 1;
    }
    apr_thread_mutex_unlock(db->mutex);
    return may;
}

/** @return 1 if that has opened or closed the breaker */
static int note_connect(app_db_t *db, int connected)
{
    int changed;

    apr_thread_mutex_lock(db->mutex);
    changed = connected ? db->backoff != 0 : db->backoff == 0;
    if (connected) {
        db->backoff = 0;
        db->probing = 0;
    }
    else {
        db->failures++;
        app_metric_cell_add(db->cells.failures, 1);
        db->backoff = db->backoff ? db->backoff * 2 : BACKOFF_MIN;
        db->backoff = db->backoff > BACKOFF_MAX ? BACKOFF_MAX : db->backoff;
        db->retry_at = apr_time_now() + db->backoff;
        db->probing = 0;
    }
    apr_thread_mutex_unlock(db->mutex);
    return changed;
}

static apr_status_t connect_place(app_db_conn_t *conn, app_error_t *err)
{
    app_db_t *db = conn->db;
    apr_status_t rv;

    if (!may_connect(db)) {
        return app_db_fail_connect(err, db, "it could not be reached a moment ago");
    }
    rv = app_db_conn_open(conn, db->url.params, err);
    if (!note_connect(db, rv == APR_SUCCESS)) {
        return rv;
    }
    if (rv == APR_SUCCESS) {
        app_log(APP_LOG_NOTICE, NULL, "APP0200", "%s: reached again", db->url.label);
    }
    else {
        app_log(APP_LOG_ERROR, NULL, "APP0201", "The database cannot be reached: %s",
                err->log ? err->log : err->message);
    }
    return rv;
}

apr_status_t app_db_reopen(app_db_conn_t *conn, app_error_t *err)
{
    app_db_conn_close(conn);
    return connect_place(conn, err);
}

/* Places */

static apr_status_t make_place(void **presource, void *data, apr_pool_t *p)
{
    apr_allocator_t *allocator;
    app_db_conn_t *conn;
    apr_pool_t *place;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((rv = apr_pool_create_ex(&place, p, NULL, allocator)) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, place);
    conn = apr_pcalloc(place, sizeof(*conn));
    conn->db = data;
    conn->pooled = 1;
    apr_pool_create(&conn->pool, place);
    *presource = conn;
    return APR_SUCCESS;
}

static apr_status_t drop_place(void *resource, void *data, apr_pool_t *p)
{
    app_db_conn_t *conn = resource;

    (void)data;
    (void)p;
    app_db_conn_close(conn);
    apr_pool_destroy(apr_pool_parent_get(conn->pool));
    return APR_SUCCESS;
}

/** Waits for one of those that are granted; a thread that comes later cannot get ahead. */
static apr_status_t wait_locked(app_db_t *db, apr_interval_time_t wait)
{
    apr_time_t until = apr_time_now() + wait;
    apr_interval_time_t left = wait;

    db->waits++;
    db->waiting++;
    app_metric_cell_add(db->cells.waits, 1);
    app_db_count_pool_locked(db);
    while (!db->granted && left > 0) {
        apr_thread_cond_timedwait(db->granted_cond, db->mutex, left);
        left = until - apr_time_now();
    }
    db->waiting--;
    if (!db->granted) {
        db->timeouts++;
        app_metric_cell_add(db->cells.timeouts, 1);
        return APR_TIMEUP;
    }
    db->granted--;
    return APR_SUCCESS;
}

/**
 * @return APR_SUCCESS; APR_TIMEUP; APP_EFAIL if the database is down and nothing is left but to
 * connect
 */
static apr_status_t enter(app_db_t *db, apr_interval_time_t wait)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(db->mutex);
    if (db->backoff && db->open <= db->in_use && breaker_open_locked(db)) {
        rv = APP_EFAIL;
    }
    else if (db->in_use < db->conf->db_max) {
        db->in_use++;
    }
    else {
        rv = wait > 0 ? wait_locked(db, wait) : APR_TIMEUP;
    }
    app_db_count_pool_locked(db);
    apr_thread_mutex_unlock(db->mutex);
    return rv;
}

static void leave(app_db_t *db)
{
    apr_thread_mutex_lock(db->mutex);
    if (db->waiting > db->granted) {
        db->granted++;
        apr_thread_cond_signal(db->granted_cond);
    }
    else {
        db->in_use--;
        app_db_count_pool_locked(db);
    }
    apr_thread_mutex_unlock(db->mutex);
}

static int usable(app_db_conn_t *conn)
{
    apr_interval_time_t lifetime = conn->db->conf->db_lifetime;

    if (lifetime && apr_time_now() - conn->opened > lifetime) {
        return 0;
    }
    return conn->db->driver->alive(conn);
}

static apr_status_t draw_place(app_db_conn_t **pconn, app_db_t *db, apr_interval_time_t wait,
                               app_error_t *err)
{
    apr_status_t rv = enter(db, wait);
    void *resource;

    if (rv == APP_EFAIL) {
        return app_db_fail_connect(err, db, "it could not be reached a moment ago");
    }
    if (rv != APR_SUCCESS) {
        app_fail(err, APP_E_DB_POOL, NULL);
        err->retry_after = APP_DB_RETRY_AFTER;
        return APP_EFAIL;
    }
    rv = apr_reslist_acquire(db->conns, &resource);
    if (rv != APR_SUCCESS) {
        leave(db);
        app_fail(err, APP_E_INTERNAL, NULL);
        return app_log_only(err, "apr_reslist_acquire: status %d", rv);
    }
    *pconn = resource;
    return APR_SUCCESS;
}

apr_status_t app_db_draw(app_db_conn_t **pconn, app_db_t *db, apr_interval_time_t wait,
                         app_error_t *err)
{
    app_db_conn_t *conn = NULL;

    if (!db->conns) {
        return app_db_fail_connect(err, db, "app_db_start() has not been called");
    }
    if (draw_place(&conn, db, wait, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (conn->handle && !usable(conn)) {
        app_db_conn_close(conn);
    }
    if (!conn->handle && connect_place(conn, err) != APR_SUCCESS) {
        app_db_give_back(conn);
        return APP_EFAIL;
    }
    *pconn = conn;
    return APR_SUCCESS;
}

void app_db_give_back(app_db_conn_t *conn)
{
    app_db_t *db = conn->db;

    if (conn->broken || !conn->handle) {
        apr_reslist_invalidate(db->conns, conn);
    }
    else {
        apr_reslist_release(db->conns, conn);
    }
    leave(db);
}

/* The process */

/**
 * A thread that the host could not stop may still hold a connection: then the exit of the process
 * closes it.
 */
static apr_status_t stop(void *data)
{
    app_db_t *db = data;
    apr_pool_t *pool = db->pool;

    if (db->in_use) {
        return APR_SUCCESS;
    }
    db->conns = NULL;
    db->lock_file = NULL;
    apr_pool_destroy(pool);
    db->pool = NULL;
    db->mutex = NULL;
    return APR_SUCCESS;
}

static apr_status_t make_pool(app_db_t *db)
{
    apr_thread_mutex_t *guard;
    apr_allocator_t *allocator;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((rv = apr_pool_create_unmanaged_ex(&db->pool, NULL, allocator)) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, db->pool);
    if ((rv = apr_thread_mutex_create(&guard, APR_THREAD_MUTEX_DEFAULT, db->pool)) != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_mutex_set(allocator, guard);
    rv = apr_thread_mutex_create(&db->mutex, APR_THREAD_MUTEX_DEFAULT, db->pool);
    return rv == APR_SUCCESS ? apr_thread_cond_create(&db->granted_cond, db->pool) : rv;
}

apr_status_t app_db_pool_start(app_db_t *db, apr_pool_t *pchild, app_error_t *err)
{
    const app_core_conf_t *conf = db->conf;
    int keep = (int)(conf->db_keep < conf->db_max ? conf->db_keep : conf->db_max);
    apr_status_t rv = make_pool(db);
    apr_pool_t *list_pool;

    if (rv == APR_SUCCESS) {
        apr_pool_create(&list_pool, db->pool);
        rv = apr_reslist_create(&db->conns, 0, keep, (int)conf->db_max, conf->db_idle, make_place,
                                drop_place, db, list_pool);
    }
    if (rv != APR_SUCCESS) {
        app_fail(err, APP_E_INTERNAL, NULL);
        return app_log_only(err, "the pool of connections cannot be made: status %d", rv);
    }
    /* The places lie in pools below the list's, which would otherwise go before it. */
    apr_reslist_cleanup_order_set(db->conns, APR_RESLIST_CLEANUP_FIRST);
    apr_pool_cleanup_register(pchild, db, stop, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/** How many connections are to be in good order without being asked for. */
static int wanted(app_db_t *db)
{
    const app_core_conf_t *conf = db->conf;
    apr_int64_t idle;

    apr_thread_mutex_lock(db->mutex);
    idle = db->open - db->in_use;
    apr_thread_mutex_unlock(db->mutex);
    idle = idle < conf->db_keep ? idle : conf->db_keep;
    idle = idle > conf->db_min ? idle : conf->db_min;
    idle = idle < conf->db_max ? idle : conf->db_max;
    return idle > 0 ? (int)idle : 0;
}

void app_db_maintain(app_db_t *db, apr_pool_t *scratch)
{
    app_error_t err = { .pool = scratch };
    apr_time_t now = apr_time_now();
    app_db_conn_t **conns;
    int n = 0, i, want;

    if (!db->conns || (now >= db->maintained && now - db->maintained < MAINTAIN_INTERVAL)) {
        return;
    }
    db->maintained = now;
    want = wanted(db);
    conns = apr_palloc(scratch, sizeof(*conns) * (apr_size_t)(want + 1));
    while (n < want && app_db_draw(&conns[n], db, 0, &err) == APR_SUCCESS) {
        n++;
    }
    if (n && db->driver->maintain) {
        db->driver->maintain(conns[0]);
    }
    for (i = n; i > 0; i--) {
        app_db_give_back(conns[i - 1]);
    }
    apr_reslist_maintain(db->conns);
}

static const char *breaker_state(const app_db_t *db)
{
    return !db->backoff ? "closed" : db->probing ? "probing" : "open";
}

void app_db_describe(app_db_t *db, json_t *part)
{
    int idle;

    json_object_set_new(part, "driver", json_string(db->driver->name));
    if (!db->conns) {
        return;
    }
    apr_thread_mutex_lock(db->mutex);
    idle = db->open - db->in_use;
    json_object_set_new(part, "max", json_integer(db->conf->db_max));
    json_object_set_new(part, "open", json_integer(db->open));
    json_object_set_new(part, "in_use", json_integer(db->in_use));
    json_object_set_new(part, "idle", json_integer(idle > 0 ? idle : 0));
    json_object_set_new(part, "waiting", json_integer(db->waiting));
    json_object_set_new(part, "waits", json_integer((json_int_t)db->waits));
    json_object_set_new(part, "timeouts", json_integer((json_int_t)db->timeouts));
    json_object_set_new(part, "connects", json_integer((json_int_t)db->connects));
    json_object_set_new(part, "failures", json_integer((json_int_t)db->failures));
    json_object_set_new(part, "breaker", json_string(breaker_state(db)));
    apr_thread_mutex_unlock(db->mutex);
    db->driver->describe(db, part);
}
