/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Empties the queue. A timer in one process looks whether there is something to do, and starts a
 * thread that sends, since a mail server may take its time. Where no process lives on (plain CGI,
 * appctl), the process that has queued a mail sends it when it ends: its answer has left by then.
 *
 * A row is claimed by moving its due_at on, in a transaction of its own, so that two who send never
 * take the same; a claim that nobody fulfils (a process that was killed) runs out. So a mail may in
 * rare cases be sent twice, and never is one lost.
 *
 * What processes share:
 *
 *     timer_at    when the timer last ran anywhere: somebody sends
 *     busy_until  a mail was queued: look every second until then, else twice a minute
 *     resume_at   the mail server is away: leave it alone until then
 *     failures    how often it has been, in a row
 */
#include <string.h>

#include "apr_strings.h"
#include "apr_thread_mutex.h"
#include "apr_thread_proc.h"

#include "auth_mail_queue.h"
#include "auth_redirect.h"

#define LOOK         30    /* seconds between looks while nothing was queued */
#define BUSY         60    /* seconds of looking every second after something was */
#define CLAIM        180   /* longer than a mail can take to be sent */
#define EXPIRY       86400 /* a mail that could not be sent for a day is given up */
#define KEEP         3600  /* rows that limits are counted by */
#define SWEEP        600   /* seconds between looks for what is old */
#define PAUSE_MIN    5
#define PAUSE_MAX    600
#define TIMER_LATE   90    /* nobody has a timer any more */
#define ROUND        100   /* rows in one go */

typedef struct shared_t {
    apr_int64_t timer_at, busy_until, resume_at, failures;
} shared_t;

struct auth_mailer_t {
    auth_t       *auth;
    app_shm_t    *shm;
    apr_pool_t   *life;      /* of the process */
    apr_thread_mutex_t *guard; /* between the timer and stop */
    apr_thread_t *thread;
    apr_pool_t   *pool;      /* the thread's */
    apr_int64_t   looked_at, swept_at;
    volatile int  running;   /* the thread is not done yet */
    volatile int  stop;
    volatile int  queued;    /* by this process */
};

static shared_t *shared(const auth_mailer_t *mailer)
{
    return app_shm_base(mailer->shm);
}

/** Times are read and written whole; who is late by one is late by a second. */
static apr_int64_t get(const apr_int64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static void put(apr_int64_t *at, apr_int64_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

void auth_mail_queue_wake(auth_t *auth)
{
    put(&shared(auth->mailer)->busy_until, auth_now() + BUSY);
    auth->mailer->queued = 1;
}

/** @return APR_SUCCESS: a row that is due; APR_NOTFOUND: none; APP_EFAIL */
static apr_status_t find_due(auth_mail_row_t *row, auth_t *auth, app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_int(auth_now()), auth_int(auth_now() - 60),
                                   auth_int(auth->conf->mail.a_minute) };
    app_rows_t *rows;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, auth, NULL, 1, err, p) != APR_SUCCESS ||
        auth_query(&rows, tx, "SELECT id, recipient, purpose, user_id, redirect, created_at,"
                              " due_at, tries FROM app_mails"
                              " WHERE state = 'waiting' AND due_at <= $1"
                              " AND (SELECT count(*) FROM app_mails"
                              "      WHERE state = 'sent' AND done_at > $2) < $3"
                              " ORDER BY due_at LIMIT 1", params, 3, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_SUCCESS) {
        row->id = apr_pstrdup(p, app_rows_text(rows, 0, NULL));
        row->recipient = apr_pstrdup(p, app_rows_text(rows, 1, NULL));
        row->purpose = apr_pstrdup(p, app_rows_text(rows, 2, NULL));
        row->user_id = apr_pstrdup(p, app_rows_text(rows, 3, NULL));
        row->redirect = apr_pstrdup(p, app_rows_text(rows, 4, NULL));
        row->created_at = app_rows_int(rows, 5);
        row->due_at = app_rows_int(rows, 6);
        row->tries = app_rows_int(rows, 7);
    }
    app_tx_rollback(tx);
    return rv == APR_EOF ? APR_NOTFOUND : rv;
}

/** One statement in a transaction of its own. */
static apr_status_t change(apr_int64_t *paffected, auth_t *auth, const char *sql,
                           const app_value_t *params, int nparams, app_error_t *err, apr_pool_t *p)
{
    app_tx_t *tx;

    if (auth_begin(&tx, auth, NULL, 0, err, p) != APR_SUCCESS ||
        auth_execute(paffected, tx, sql, params, nparams, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

static apr_status_t claim(apr_int64_t *pclaimed, auth_t *auth, const auth_mail_row_t *row,
                          app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(row->id), auth_int(row->due_at),
                                   auth_int(auth_now() + CLAIM) };

    return change(pclaimed, auth, "UPDATE app_mails SET due_at = $3, tries = tries + 1"
                                  " WHERE id = $1 AND due_at = $2 AND state = 'waiting'",
                  params, 3, err, p);
}

/** 5 s after the first failure, then twice as long each time, ten minutes at most. */
static apr_int64_t pause_after(apr_int64_t failures)
{
    apr_int64_t pause = failures < 8 ? (apr_int64_t)PAUSE_MIN << failures : PAUSE_MAX;

    return pause < PAUSE_MAX ? pause : PAUSE_MAX;
}

static apr_status_t settle(auth_t *auth, const auth_mail_row_t *row, auth_mail_fate_e fate,
                           app_error_t *err, apr_pool_t *p)
{
    static const char *const states[] = {
        [AUTH_MAIL_FATE_SENT] = "sent",       [AUTH_MAIL_FATE_LATER] = "waiting",
        [AUTH_MAIL_FATE_NOBODY] = "none",     [AUTH_MAIL_FATE_REFUSED] = "refused",
        [AUTH_MAIL_FATE_EXPIRED] = "expired",
    };
    const apr_int64_t now = auth_now();
    const app_value_t params[] = { auth_text(row->id), auth_text(states[fate]), auth_int(now),
                                   auth_int(now + pause_after(row->tries)) };

    return change(NULL, auth, "UPDATE app_mails SET state = $2, done_at = $3, due_at = $4"
                              " WHERE id = $1", params, 4, err, p);
}

/** The address is left out: whoever has asked for it may have mistyped somebody else's. */
static void tell(auth_mailer_t *mailer, const auth_mail_row_t *row, auth_mail_fate_e fate,
                 const char *why)
{
    shared_t *all = shared(mailer);
    apr_int64_t failures = get(&all->failures);

    switch (fate) {
    case AUTH_MAIL_FATE_SENT:
        app_log(APP_LOG_INFO, NULL, "APP2200", "mail %s (%s) sent", row->id, row->purpose);
        put(&all->failures, 0);
        break;
    case AUTH_MAIL_FATE_LATER:
        put(&all->failures, failures + 1);
        put(&all->resume_at, auth_now() + pause_after(failures));
        put(&all->busy_until, auth_now() + pause_after(failures) + BUSY);
        app_log(APP_LOG_WARNING, NULL, "APP2201", "mail %s (%s) not sent: %s; tried again in %d s",
                row->id, row->purpose, why, (int)pause_after(failures));
        break;
    case AUTH_MAIL_FATE_REFUSED:
        app_log(APP_LOG_WARNING, NULL, "APP2202", "mail %s (%s) refused: %s", row->id,
                row->purpose, why);
        break;
    case AUTH_MAIL_FATE_EXPIRED:
        app_log(APP_LOG_ERROR, NULL, "APP2203", "mail %s (%s) could not be sent for a day and is "
                "given up", row->id, row->purpose);
        break;
    case AUTH_MAIL_FATE_NOBODY:
        break;
    }
}

/** @return APR_SUCCESS; APR_NOTFOUND: nothing is due; APP_EFAIL: the database */
static apr_status_t send_next(auth_mailer_t *mailer, auth_mail_way_t *way, app_error_t *err,
                              apr_pool_t *p)
{
    auth_mail_row_t row;
    auth_mail_fate_e fate = AUTH_MAIL_FATE_EXPIRED;
    const char *why = "";
    apr_int64_t claimed;
    apr_status_t rv = find_due(&row, mailer->auth, err, p);

    if (rv != APR_SUCCESS || (rv = claim(&claimed, mailer->auth, &row, err, p)) != APR_SUCCESS ||
        !claimed) {
        return rv;
    }
    if (row.created_at > auth_now() - EXPIRY &&
        auth_mail_deliver(&fate, &why, mailer->auth, way, &row, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (mailer->stop && fate == AUTH_MAIL_FATE_LATER) {
        return settle(mailer->auth, &row, fate, err, p); /* cut off by us: nobody's failure */
    }
    tell(mailer, &row, fate, why);
    return settle(mailer->auth, &row, fate, err, p);
}

static int may_send(const auth_mailer_t *mailer)
{
    return !mailer->stop && get(&shared(mailer)->resume_at) <= auth_now();
}

/** What limits no longer need, and tokens that are no longer good. */
static void sweep(auth_t *auth, apr_pool_t *p)
{
    const app_value_t old[] = { auth_int(auth_now() - KEEP) };
    const app_value_t now[] = { auth_int(auth_now()) };
    app_error_t err = { .pool = p };

    if (change(NULL, auth, "DELETE FROM app_mails WHERE state <> 'waiting' AND done_at < $1", old,
               1, &err, p) == APR_SUCCESS) {
        change(NULL, auth, "DELETE FROM app_one_time_tokens WHERE expires_at < $1", now, 1, &err,
               p);
    }
}

static void drain(auth_mailer_t *mailer, apr_pool_t *p)
{
    auth_mail_way_t *way = auth_mail_way_open(&mailer->auth->conf->mail, &mailer->stop, p);
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *each;
    int i;

    if (apr_pool_create(&each, p) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < ROUND && rv == APR_SUCCESS && may_send(mailer); i++) {
        app_error_t err = { .pool = each };

        rv = send_next(mailer, way, &err, each);
        if (rv == APP_EFAIL) {
            app_log(APP_LOG_WARNING, NULL, "APP2204", "mails cannot be looked at: %s%s%s",
                    err.message, err.log ? ": " : "", err.log ? err.log : "");
            put(&shared(mailer)->resume_at, auth_now() + PAUSE_MIN);
        }
        apr_pool_clear(each);
    }
    if (may_send(mailer) && auth_now() - mailer->swept_at >= SWEEP) {
        mailer->swept_at = auth_now();
        sweep(mailer->auth, each);
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    auth_mailer_t *mailer = data;

    (void)thread;
    drain(mailer, mailer->pool);
    __atomic_store_n(&mailer->running, 0, __ATOMIC_RELEASE);
    return NULL;
}

static void join(auth_mailer_t *mailer)
{
    apr_status_t ignored;

    apr_thread_join(&ignored, mailer->thread);
    apr_pool_destroy(mailer->pool);
    mailer->thread = NULL;
}

static void start_thread(auth_mailer_t *mailer)
{
    if (apr_pool_create(&mailer->pool, app_instance_pool(mailer->auth->self)) != APR_SUCCESS) {
        return;
    }
    mailer->running = 1;
    if (apr_thread_create(&mailer->thread, NULL, run, mailer, mailer->pool) != APR_SUCCESS) {
        apr_pool_destroy(mailer->pool);
        mailer->thread = NULL;
    }
}

static int is_wanted_locked(const auth_mailer_t *mailer, apr_int64_t now)
{
    return !mailer->thread && may_send(mailer) &&
           (get(&shared(mailer)->busy_until) >= now || now - mailer->looked_at >= LOOK);
}

/** An app_timer_fn, every second. */
static void look(app_instance_t *self, apr_pool_t *scratch)
{
    auth_mailer_t *mailer = ((auth_t *)app_instance_context(self))->mailer;
    apr_int64_t now = auth_now();

    (void)scratch;
    put(&shared(mailer)->timer_at, now);
    apr_thread_mutex_lock(mailer->guard);
    if (mailer->thread && !__atomic_load_n(&mailer->running, __ATOMIC_ACQUIRE)) {
        join(mailer);
    }
    if (is_wanted_locked(mailer, now)) {
        mailer->looked_at = now;
        start_thread(mailer);
    }
    apr_thread_mutex_unlock(mailer->guard);
}

static apr_status_t check(const auth_mail_conf_t *conf, app_error_t *err, apr_pool_t *p)
{
    const char *name, *address;

    if (conf->from && auth_mail_from_parse(&name, &address, conf->from, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_SETTING, "MailFrom must be an address, or \"Name <address>\"");
    }
    if (conf->server && strncasecmp(conf->server, "smtp://", 7) != 0 &&
        strncasecmp(conf->server, "smtps://", 8) != 0) {
        return app_fail(err, APP_E_SETTING, "MailServer must begin with smtp:// or smtps://");
    }
    if (conf->server && strchr(conf->server, '@')) {
        return app_fail(err, APP_E_SETTING, "MailServer must not hold a user: there are MailUser "
                        "and MailPassword");
    }
    return auth_redirect_check(conf, err);
}

apr_status_t auth_mail_configure(auth_t *auth, app_error_t *err)
{
    apr_pool_t *p = app_instance_pool(auth->self);

    if (check(&auth->conf->mail, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!auth_mail_configured(auth)) {
        return APR_SUCCESS;
    }
    auth->mailer = apr_pcalloc(p, sizeof(*auth->mailer));
    auth->mailer->auth = auth;
    auth->mailer->shm = app_shm_declare(auth->self, "mail", sizeof(shared_t));
    app_timer_add(auth->self, "mail", APR_USEC_PER_SEC, 1, look);
    return APR_SUCCESS;
}

apr_status_t auth_mail_start(auth_t *auth, app_error_t *err)
{
    auth_mailer_t *mailer = auth->mailer;

    if (!mailer) {
        return APR_SUCCESS;
    }
    auth_mail_send_start();
    if (apr_pool_create(&mailer->life, app_instance_pool(auth->self)) != APR_SUCCESS ||
        apr_thread_mutex_create(&mailer->guard, APR_THREAD_MUTEX_DEFAULT, mailer->life) !=
            APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "A lock cannot be made");
    }
    return APR_SUCCESS;
}

void auth_mail_stop(auth_t *auth)
{
    auth_mailer_t *mailer = auth->mailer;

    if (!mailer || !mailer->guard) {
        return;
    }
    if (mailer->queued && get(&shared(mailer)->timer_at) < auth_now() - TIMER_LATE) {
        drain(mailer, mailer->life);
    }
    apr_thread_mutex_lock(mailer->guard);
    mailer->stop = 1;
    apr_thread_mutex_unlock(mailer->guard);
    if (mailer->thread) {
        join(mailer);
    }
}
