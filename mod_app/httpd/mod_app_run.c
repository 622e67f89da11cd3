/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The core's life inside httpd. httpd reads its configuration twice at the start and once more
 * at each restart; every pass has a core of its own, in that pass's pool. Configuration runs in the
 * main thread of the parent (also for configtest), child_init in the main thread of each child;
 * each child has one more thread of ours, for the timers.
 */
#include "mod_app.h"

#include "ap_mpm.h"
#include "apr_strings.h"
#include "apr_thread_cond.h"
#include "apr_thread_mutex.h"
#include "apr_thread_proc.h"
#include "http_main.h"

static app_core_t *core; /* of this pass; the pass's pool takes it back */

/* The host, as the core sees it */

static int level_of(app_log_level_e level)
{
    static const int levels[] = { APLOG_ERR, APLOG_WARNING, APLOG_NOTICE, APLOG_INFO, APLOG_DEBUG };

    return levels[level];
}

static void log_line(app_log_level_e level, void *request, const char *line)
{
    const app_exchange_state_t *state = request;

    if (state) {
        ap_log_rerror(APLOG_MARK, level_of(level), 0, state->r, "%s", line);
    }
    else {
        ap_log_error(APLOG_MARK, level_of(level), 0, ap_server_conf, "%s", line);
    }
}

static int logs(app_log_level_e level, void *request)
{
    const app_exchange_state_t *state = request;

    if (state) {
        return APLOG_R_IS_LEVEL(state->r, level_of(level));
    }
    return !ap_server_conf || APLOG_IS_LEVEL(ap_server_conf, level_of(level));
}

static void add_status(json_t *status)
{
    json_object_set_new(status, "server", json_string(ap_get_server_banner()));
    json_object_set_new(status, "server_built", json_string(ap_get_server_built()));
    json_object_set_new(status, "mpm", json_string(ap_show_mpm()));
}

static const char *root(void)
{
    return ap_server_root;
}

static const app_host_t host = { .name = "httpd",
                                 .log = log_line,
                                 .logs = logs,
                                 .share = app_httpd_shm_share,
                                 .status = add_status,
                                 .workers = app_httpd_workers,
                                 .root = root,
                                 .state_dir = app_httpd_state_dir };

/* Configuration */

static apr_status_t forget_core(void *unused)
{
    (void)unused;
    core = NULL;
    return APR_SUCCESS;
}

app_core_t *app_httpd_run_core(void)
{
    return core;
}

int app_httpd_run_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    app_httpd_pass_reset();
    app_httpd_log_register(pconf);
    core = app_core_create(&host, pconf);
    apr_pool_cleanup_register(pconf, NULL, forget_core, apr_pool_cleanup_null);
    return OK;
}

/**
 * Shared memory is kept under the site's name, so it must be the same after a restart: no number,
 * no address.
 */
static const char *site_name(const server_rec *s, const server_rec *main_server, apr_pool_t *p)
{
    const char *host_name = s->server_hostname ? s->server_hostname : "default";
    unsigned port = s->addrs ? s->addrs->host_port : s->port;
    const char *name = apr_psprintf(p, "%s:%u", host_name, port);
    const server_rec *other;
    int same = 1;

    if (s == main_server) {
        return "main";
    }
    for (other = main_server->next; other != s; other = other->next) {
        if (other->addrs && other->addrs->host_port == port && other->server_hostname &&
            strcasecmp(other->server_hostname, host_name) == 0) {
            same++;
        }
    }
    return same == 1 ? name : apr_psprintf(p, "%s#%d", name, same);
}

static int refuse_site(const server_rec *s, const app_server_t *server, const char *name,
                       const app_error_t *err, apr_pool_t *p)
{
    const ap_directive_t *line = app_httpd_conf_line(server, err);
    const char *where = "";

    if (line) {
        where = apr_psprintf(p, "%s:%d: ", line->filename, line->line_num);
    }
    else if (s->defn_name) {
        where = apr_psprintf(p, "%s:%u: ", s->defn_name, s->defn_line_number);
    }
    app_log(APP_LOG_ERROR, NULL, "APP0301", "%sserver %s: %s", where, name,
            app_httpd_conf_sentence(err, p));
    return HTTP_INTERNAL_SERVER_ERROR;
}

/** The site of an earlier server with the very same settings. */
static app_site_t *find_site(const server_rec *main_server, const server_rec *s,
                             const app_site_conf_t *conf)
{
    for (; main_server != s; main_server = main_server->next) {
        const app_server_t *other = ap_get_module_config(main_server->module_config, &app_module);

        if (other->site && other->conf == conf) {
            return other->site;
        }
    }
    return NULL;
}

/**
 * A site costs a pool of connections and timers, so a server that mounts nothing gets none, unless
 * its settings may be needed to guard other paths.
 */
static int set_up(server_rec *s, const server_rec *main_server, const apr_array_header_t *lines,
                  int guards, apr_pool_t *pconf)
{
    app_server_t *server = apr_pmemdup(
        pconf, ap_get_module_config(s->module_config, &app_module), sizeof(*server));
    const char *name = site_name(s, main_server, pconf);
    app_error_t err = { .pool = pconf };
    app_site_conf_t *conf = server->conf;

    ap_set_module_config(s->module_config, &app_module, server);
    server->mounts = app_httpd_mount_collect(s, lines, pconf);
    if (apr_is_empty_array(server->mounts) && !(guards && conf)) {
        return OK;
    }
    if ((server->site = find_site(main_server, s, conf))) {
        return OK;
    }
    if (!conf) {
        conf = app_conf_create(core, APP_IN_SERVER, pconf);
    }
    if (app_site_make(core, name, conf, &server->site, &err) != APR_SUCCESS) {
        return refuse_site(s, server, name, &err, pconf);
    }
    return OK;
}

static int check_locations(const server_rec *s, apr_pool_t *ptemp)
{
    const app_server_t *server = ap_get_module_config(s->module_config, &app_module);
    const core_server_config *sections = ap_get_core_module_config(s->module_config);
    app_error_t err = { .pool = ptemp };
    int i;

    for (i = 0; server->site && i < sections->sec_url->nelts; i++) {
        const app_location_t *location = ap_get_module_config(
            APR_ARRAY_IDX(sections->sec_url, i, ap_conf_vector_t *), &app_module);

        if (location && location->line &&
            app_site_check(server->site, location->conf, &err, ptemp) != APR_SUCCESS) {
            app_log(APP_LOG_ERROR, NULL, "APP0308", "%s:%d: %s", location->line->filename,
                    location->line->line_num, app_httpd_conf_sentence(&err, ptemp));
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

static void warn_if_unused(const server_rec *s)
{
    int settings = 0;

    for (; s; s = s->next) {
        const app_server_t *server = ap_get_module_config(s->module_config, &app_module);

        if (server->site) {
            return;
        }
        settings |= server->conf != NULL;
    }
    if (settings) {
        app_log(APP_LOG_WARNING, NULL, "APP0302",
                "there are settings but nothing is served: add <Location /api> with SetHandler "
                "app-api");
    }
}

/** Part of configtest, which post_config is not. */
int app_httpd_run_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                               server_rec *main_server)
{
    int guards = app_httpd_auth_used(ptemp);
    apr_array_header_t *lines;
    server_rec *s;

    (void)plog;
    if (app_httpd_mount_check(&lines, ptemp) != OK) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (s = main_server; s; s = s->next) {
        if (set_up(s, main_server, lines, guards, pconf) != OK ||
            check_locations(s, ptemp) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    warn_if_unused(main_server);
    return OK;
}

static int has_sites(const server_rec *s)
{
    for (; s; s = s->next) {
        const app_server_t *server = ap_get_module_config(s->module_config, &app_module);

        if (server->site) {
            return 1;
        }
    }
    return 0;
}

int app_httpd_run_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                              server_rec *main_server)
{
    app_error_t err = { .pool = ptemp };
    apr_status_t rv;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK; /* the first of two passes: its core will never serve */
    }
    app_httpd_shm_begin();
    rv = app_core_share(core, &err);
    app_httpd_shm_end();
    if (rv != APR_SUCCESS) {
        app_log(APP_LOG_ERROR, NULL, "APP0303", "%s", app_httpd_conf_sentence(&err, ptemp));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (has_sites(main_server)) {
        app_httpd_state_make(pconf);
    }
    ap_add_version_component(pconf, APP_NAME "/" APP_VERSION);
    return OK;
}

/* Child */

typedef struct child_t {
    int                 ready;
    int                 threaded; /* requests have threads of their own: all MPMs but prefork */
    apr_thread_t       *timers;
    apr_thread_mutex_t *lock; /* over stopping */
    apr_thread_cond_t  *wake;
    int                 stopping;
} child_t;

static child_t child;

int app_httpd_run_ready(void)
{
    return child.ready;
}

/**
 * prefork ends a child from inside the handler of SIGTERM or SIGHUP, and destroys its pools there:
 * amid a malloc or a write of SQLite that is a deadlock or worse. The threaded MPMs join their
 * workers first and need none of this.
 */
void app_httpd_run_hold(sigset_t *before)
{
    sigset_t ending;

    if (!child.threaded) {
        sigemptyset(&ending);
        sigaddset(&ending, SIGTERM);
        sigaddset(&ending, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &ending, before);
    }
}

void app_httpd_run_release(const sigset_t *before)
{
    if (!child.threaded) {
        pthread_sigmask(SIG_SETMASK, before, NULL);
    }
}

static void *APR_THREAD_FUNC run_timers(apr_thread_t *thread, void *scratch)
{
    (void)thread;
    apr_thread_mutex_lock(child.lock);
    while (!child.stopping) {
        apr_interval_time_t wait = app_core_timer_wait(core);

        if (wait > 0) {
            apr_thread_cond_timedwait(child.wake, child.lock, wait);
        }
        if (!child.stopping) {
            apr_thread_mutex_unlock(child.lock);
            app_core_timer_run(core, scratch);
            apr_pool_clear(scratch);
            apr_thread_mutex_lock(child.lock);
        }
    }
    apr_thread_mutex_unlock(child.lock);
    return NULL;
}

/**
 * Signals are for httpd's own threads: prefork ends a child from inside a signal handler, which
 * waits for this thread, and so must not run in it.
 */
static apr_status_t start_timers(apr_pool_t *p)
{
    apr_pool_t *scratch;
    sigset_t all, before;
    apr_status_t rv;

    apr_pool_create(&scratch, p);
    if ((rv = apr_thread_mutex_create(&child.lock, APR_THREAD_MUTEX_DEFAULT, p)) != APR_SUCCESS ||
        (rv = apr_thread_cond_create(&child.wake, p)) != APR_SUCCESS) {
        return rv;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&child.timers, NULL, run_timers, scratch, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

/**
 * Runs when the requests of this child are done, before any pool of ours goes. Told earlier, the
 * core would refuse the requests that a graceful restart still lets in. The wait has no end of its
 * own: to free memory under a running thread is worse, and httpd kills a child that takes too long.
 */
static apr_status_t stop_child(void *unused)
{
    apr_status_t rv;

    (void)unused;
    child.ready = 0;
    app_core_stop(core);
    if (child.timers) {
        apr_thread_mutex_lock(child.lock);
        child.stopping = 1;
        apr_thread_cond_signal(child.wake);
        apr_thread_mutex_unlock(child.lock);
        apr_thread_join(&rv, child.timers);
    }
    return APR_SUCCESS;
}

static apr_status_t destroy_pool(void *p)
{
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

/**
 * A pool of our own, with a lock: pchild's allocator has none under some MPMs. It goes behind the
 * pools in pchild, so that what requests have left in theirs to be cleaned up still finds us:
 * prefork ends a child with the last request's pool in place.
 */
static apr_status_t make_pool(apr_pool_t **pp, apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *lock;
    apr_status_t rv;

    if ((rv = apr_allocator_create(&allocator)) != APR_SUCCESS) {
        return rv;
    }
    if ((rv = apr_pool_create_ex(pp, NULL, NULL, allocator)) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, *pp);
    if ((rv = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, *pp)) == APR_SUCCESS) {
        apr_allocator_mutex_set(allocator, lock);
    }
    apr_pool_tag(*pp, "mod_app child");
    apr_pool_cleanup_register(pchild, *pp, destroy_pool, apr_pool_cleanup_null);
    return rv;
}

void app_httpd_run_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    app_error_t err = { 0 };
    apr_pool_t *p;
    apr_status_t rv;

    memset(&child, 0, sizeof(child));
    ap_mpm_query(AP_MPMQ_IS_THREADED, &child.threaded);
    if (!has_sites(main_server)) {
        return;
    }
    if ((rv = make_pool(&p, pchild)) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, main_server, "APP0304: no pool for this child");
        return;
    }
    err.pool = p;
    if (app_core_start(core, p, &err) != APR_SUCCESS) {
        app_log(APP_LOG_ERROR, NULL, "APP0305", "this child answers 503 to everything: %s",
                app_httpd_conf_sentence(&err, p));
        return;
    }
    apr_pool_pre_cleanup_register(p, NULL, stop_child);
    child.ready = 1;
    if ((rv = start_timers(p)) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, main_server,
                     "APP0306: no thread for periodic work; requests are served");
    }
}
