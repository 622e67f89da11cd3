/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a plugin counts for its operator. A family is one name with some labels ("app_jobs" by
 * queue and outcome); each combination of values is a series. They stand in memory that all
 * processes of the server share and that survives a graceful restart, and are counted there by
 * single atomic instructions: no lock, and a fraction of a microsecond each. Where nobody collects
 * them (no site has plugin metrics) each call costs one branch.
 *
 *     static const app_metric_def_t jobs = { .name = "app_jobs", .help = "Jobs done.",
 *                                            .labels = "queue outcome", .max_series = 100 };
 *     configure:  app_metric_declare(&mine->jobs, self, &jobs, err)
 *     anywhere:   app_metric_add(mine->jobs, 1, APP_METRIC_LABELS("mail", "sent"));
 *
 * Who is counted must not be able to make up series: label values are names that the site has
 * (routes, queues, outcomes), never text of a client. Past max_series everything more is counted
 * in one series whose values are all "other".
 */
#ifndef APP_METRIC_H
#define APP_METRIC_H

#include "app_error.h"
#include "app_log.h"
#include "app_request.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APP_METRIC_LABELS_MAX  6    /* of a family */
#define APP_METRIC_VALUE_MAX   79   /* bytes of a label's value; what is longer is cut */
#define APP_METRIC_BUCKETS_MAX 24   /* of a histogram */
#define APP_METRIC_SERIES_MAX  8192 /* of a family, for each site */

typedef struct app_metric_t app_metric_t;

typedef enum app_metric_kind_e {
    APP_METRIC_COUNTER,   /* only ever grows */
    APP_METRIC_GAUGE,     /* one value for the whole server */
    APP_METRIC_PROCESS,   /* a gauge of which each process has its own value; what is shown is the
                             sum over those that live, so nothing stays of one that was killed */
    APP_METRIC_HISTOGRAM  /* values by size */
} app_metric_kind_e;

/** A family. It and all that it points to live as long as the plugin. */
typedef struct app_metric_def_t {
    /**
     * Letters, digits and "_"; begins with the product or plugin ("app_") and ends with the unit if
     * there is one ("_seconds", "_bytes"). A counter's is shown with "_total" behind it.
     */
    const char        *name;
    const char        *help;       /* one sentence */
    app_metric_kind_e  kind;
    const char        *labels;     /* names, divided by blanks; NULL: none. "site" is added. */
    int                max_series; /* of each site; 0: 1 */
    int                decimals;   /* 6: what is counted in microseconds is shown as seconds */
    int                nbuckets;   /* of a histogram */
    const apr_int64_t *buckets;    /* upper bounds, growing; what is larger is counted, too */
} app_metric_def_t;

/**
 * In configure() only. The same definition may be declared for several sites: the family then has
 * series of each, told apart by the label "site".
 * @return APR_SUCCESS; APP_EFAIL: the definition is wrong, or another one has that name
 */
apr_status_t app_metric_declare(app_metric_t **pmetric, app_instance_t *self,
                                const app_metric_def_t *def, app_error_t *err);

/** Values of labels, in the order of their names. */
#define APP_METRIC_LABELS(...) ((const char *const[]){ __VA_ARGS__ })

/*
 * Counting: from start() on, in any thread. values has as many texts as the definition has labels;
 * without labels it may be NULL. They are copied.
 */

/** Adds to a counter (amount is not negative) or a gauge. */
void app_metric_add(const app_metric_t *metric, apr_int64_t amount, const char *const *values);
/** Sets a gauge. */
void app_metric_set(const app_metric_t *metric, apr_int64_t value, const char *const *values);
/** Counts one value in a histogram. */
void app_metric_observe(const app_metric_t *metric, apr_int64_t value, const char *const *values);

/* Reading, for a plugin that shows them */

/**
 * In configure() only: somebody is going to read; without, nothing is collected.
 * @param routes how many of the server the core's own families tell apart; of several calls the
 *        largest holds
 */
void app_metrics_collect(app_instance_t *self, int routes);

/** One series at the moment when it is read. Valid during the call. */
typedef struct app_metric_view_t {
    const app_metric_def_t *def;
    int                     nlabels; /* "site" included */
    const char *const      *names;
    const char *const      *values;
    apr_int64_t             value;   /* of a histogram the sum of what it has counted */
    const apr_uint64_t     *counts;  /* of a histogram: nbuckets + 1, each for itself */
} app_metric_view_t;

/**
 * Calls each for every series of the server, those of one family one after the other. Counters go
 * on meanwhile; a histogram's counts are always consistent with each other.
 */
void app_metrics_read(app_instance_t *self, void (*each)(void *ctx, const app_metric_view_t *view),
                      void *ctx);

/**
 * The service that answers SetHandler app-metrics, and /metrics of CGI programs. The core has seen
 * to it then that who asks may see details (AppDetailsFor), and by GET or HEAD.
 */
#define APP_METRICS_PAGE "metrics-page"

typedef struct app_metrics_page_t {
    apr_status_t (*answer)(app_instance_t *owner, app_request_t *r, app_response_t *res,
                           app_error_t *err);
} app_metrics_page_t;

#ifdef __cplusplus
}
#endif
#endif
