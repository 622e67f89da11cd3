/* SPDX-License-Identifier: Apache-2.0 */
/**
 * All that a plugin is and may do. A plugin is one shared object, NAME.so in the plugin folder,
 * built with -fvisibility=hidden and -z nodelete; its one exported symbol is made by
 * APP_PLUGIN(). The same file runs under httpd, CGI, FastCGI and appctl.
 * docs/writing-a-plugin.md walks through one.
 *
 * History of the ABI (major.minor: what changed; members are only ever appended):
 *   1.0  first
 */
#ifndef APP_PLUGIN_H
#define APP_PLUGIN_H

#include <jansson.h>

#include "apr_version.h"

#include "app_buf.h"
#include "app_command.h"
#include "app_db.h"
#include "app_error.h"
#include "app_log.h"
#include "app_metric.h"
#include "app_parse.h"
#include "app_request.h"
#include "app_settings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APP_PLUGIN_MAGIC     0x31505041u /* "APP1", little endian */
#define APP_PLUGIN_ABI_MAJOR 1
#define APP_PLUGIN_ABI_MINOR 0

/** Pointer size and APR version that a plugin was built for. */
#define APP_PLUGIN_SIGNATURE \
    ((apr_uint32_t)(sizeof(void *) << 16 | APR_MAJOR_VERSION << 8 | APR_MINOR_VERSION))

/** What a filter may answer besides an error. */
#define APP_NEXT (APR_OS_START_USERERR + 4502) /* go on down the line */
#define APP_DONE APR_SUCCESS                   /* the answer is made; the line ends here */

/** The named places of filters, in the order in which a request of /api passes them. */
typedef enum app_place_e {
    APP_PLACE_FIRST,    /* cors, tracing: before anything is known */
    APP_PLACE_LIMIT,    /* rate limits */
    APP_PLACE_IDENTITY, /* who is asking */
    APP_PLACE_ADMIT,    /* may they */
    APP_PLACE_LOOKUP,   /* an answer that is already there */
    APP_PLACE_AFTER,    /* told when the answer has been made; cannot change it */
    APP_PLACE_HOST_ERROR, /* the host answers with an error of its own, which passes no other place:
                             filters may set headers, and nothing else of theirs is heard;
                             the path may be unknown ("/") */
    APP_PLACE_OTHER,       /* of the same server, but not for the API, and somebody else answers it:
                              filters may set its trace, and nothing else of theirs is heard */
    APP_PLACE_OTHER_AFTER, /* told when such a request is over; its figures have no route */
    APP_PLACES_         /* number of places */
} app_place_e;

/**
 * Answers a request, or as a filter lets it pass. Thread of the request.
 * @return APP_DONE; APP_NEXT (filters only); APP_EFAIL, and the core writes err as the answer
 */
typedef apr_status_t app_handler_fn(app_instance_t *self, app_request_t *r, app_response_t *res,
                                    app_error_t *err);

/**
 * A row of the table of routes. The longest path that fits wins: "/hello" is that path alone,
 * "/hello/" with a slash at the end is everything below it, "/" everything that nobody else wants.
 * A path may stand in several rows, each with methods of its own.
 */
typedef struct app_route_t {
    const char     *methods; /* "GET POST"; GET includes HEAD; NULL: all. Others get 405 */
    const char     *path;    /* below /api, begins with "/"; NULL ends the table */
    app_handler_fn *handler;
} app_route_t;

typedef struct app_plugin_t {
    /* Frozen: what the loader reads before it trusts the rest. Filled by APP_PLUGIN. */
    apr_uint32_t magic;
    apr_uint32_t size; /* sizeof(app_plugin_t) at its build */
    apr_uint16_t abi_major;
    apr_uint16_t abi_minor;
    apr_uint32_t signature;

    const char *name;    /* = file name without .so: letters, digits, "_", at most 32 */
    const char *version;
    const char *summary; /* one line, no full stop */
    const char *after;   /* plugins that come before this one, divided by blanks; or NULL */

    const app_setting_t *settings;      /* or NULL */
    apr_size_t           settings_size; /* sizeof the struct that they fill */
    const app_route_t   *routes;        /* or NULL */

    /**
     * Sets one instance up for one site: checks the settings as a whole, registers filters,
     * timers and shared memory, keeps what it prepares with app_instance_context_set(). Runs in
     * the parent, possibly twice, and at configtest: no thread, socket, file written or query.
     */
    apr_status_t (*configure)(app_instance_t *self, app_error_t *err);
    /** Once per process that serves requests, before the first one. */
    apr_status_t (*start)(app_instance_t *self, app_error_t *err);
    /** Take no new work; the process ends soon. */
    void (*stop)(app_instance_t *self);
    /**
     * Its part of /health: adds members to part, and returns whether it can work. Thread of the
     * request. Must return within a second.
     */
    int (*health)(app_instance_t *self, app_request_t *r, json_t *part);
    /** Its part of /status: adds members to part. Thread of the request. */
    void (*status)(app_instance_t *self, app_request_t *r, json_t *part);

    const app_command_t *commands; /* or NULL */

    /**
     * Checks what holds in a <Location> that has settings of the plugin, those of the site included;
     * what holds in the site configure() has checked before. May do as little as that. Under httpd.
     */
    apr_status_t (*check)(app_instance_t *self, const void *settings, app_error_t *err);
} app_plugin_t;

/* One plugin in one site: what every callback is handed first. */

/**
 * Its settings as the server or virtual host has them; for one request use
 * app_request_settings().
 */
const void *app_instance_settings(const app_instance_t *self);
/**
 * The site's database; NULL if it has none, and then app_tx_begin() refuses. Usable from
 * start() on; app_db_identity() already in configure().
 */
app_db_t *app_instance_db(const app_instance_t *self);
/**
 * Kind of the site's database, known already in configure(). @return APR_SUCCESS, or APR_NOTFOUND
 * if it has none
 */
apr_status_t app_instance_db_kind(const app_instance_t *self, app_db_kind_e *pkind);
/**
 * Folder for files that the processes of a site share, from start() on. It may hold those of other
 * sites, too. NULL: there is none.
 */
const char *app_instance_state_dir(const app_instance_t *self);
/** In configure(): lives as long as the configuration. From start() on: a pool of the process; its
 *  sub-pools may be made from any thread, but only one thread may allocate from it: use
 *  sub-pools. */
apr_pool_t *app_instance_pool(const app_instance_t *self);
void       *app_instance_context(const app_instance_t *self);
void        app_instance_context_set(app_instance_t *self, void *context);

/** In configure() only: puts a filter at a place, behind those already there. */
void app_filter_add(app_instance_t *self, app_place_e place, app_handler_fn *filter);

/**
 * In configure() only: offers a service to the site's other plugins, a table of functions that a
 * public header describes. Name and table live as long as the plugin.
 */
void app_service_offer(app_instance_t *self, const char *name, const void *service);
/**
 * A service of the site's, from start() on.
 * @param powner whose it is: what its functions are handed first
 * @return NULL: no plugin of the site offers it
 */
const void *app_service_find(const app_instance_t *self, const char *name,
                             app_instance_t **powner);

/**
 * In configure() only: has fn called every interval, in a thread of the host that is no
 * request's; first at once. Under plain CGI, where no process lives on, never.
 * @param one_process nonzero: only in one process at a time of those that serve the site
 * @param scratch cleared after each call
 */
typedef void app_timer_fn(app_instance_t *self, apr_pool_t *scratch);
void app_timer_add(app_instance_t *self, const char *name, apr_interval_time_t interval,
                   int one_process, app_timer_fn *fn);

/**
 * In configure() only: asks for size bytes that all processes of the site share, zero at first.
 * They survive a graceful restart as long as name and size stay the same.
 */
typedef struct app_shm_t app_shm_t;
app_shm_t *app_shm_declare(app_instance_t *self, const char *name, apr_size_t size);
/** The bytes; from start() on. */
void *app_shm_base(const app_shm_t *shm);
/**
 * The segment's lock, over all processes. A holder that died has left it free.
 * @return APR_SUCCESS; APR_EGENERAL if it cannot be had
 */
apr_status_t app_shm_lock(app_shm_t *shm);
void         app_shm_unlock(app_shm_t *shm);

#include "app_api.h"

/**
 * The entry point. Stands once in a plugin, at file scope:
 *
 *     APP_PLUGIN(.name = "hello", .version = "1.0", .summary = "says hello", .routes = routes)
 */
#define APP_PLUGIN(...)                                                                     \
    const app_api_t *app_api;                                                               \
    __attribute__((visibility("default"))) const app_plugin_t *app_plugin_entry(           \
        const app_api_t *api);                                                              \
    const app_plugin_t *app_plugin_entry(const app_api_t *api)                              \
    {                                                                                       \
        static const app_plugin_t plugin = { .magic = APP_PLUGIN_MAGIC,                     \
                                             .size = sizeof(app_plugin_t),                  \
                                             .abi_major = APP_PLUGIN_ABI_MAJOR,             \
                                             .abi_minor = APP_PLUGIN_ABI_MINOR,             \
                                             .signature = APP_PLUGIN_SIGNATURE,             \
                                             __VA_ARGS__ };                                 \
        app_api = api;                                                                      \
        return &plugin;                                                                     \
    }

#ifdef __cplusplus
}
#endif
#endif
