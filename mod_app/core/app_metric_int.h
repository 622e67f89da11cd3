/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How the core keeps what is counted. All families of a server lie in one segment of shared memory:
 *
 *     +----------+----------+-----+-------------------------------------------+
 *     | family 0 | family 1 | …   | places of processes                       |
 *     +----------+----------+-----+-------------------------------------------+
 *
 *     family:  head | series 0 … series capacity-1 | the series of what did not fit
 *     series:  key | ready | cells | values of labels        found by open addressing
 *     place:   pid | a cell for each series of the APP_METRIC_PROCESS families
 *
 * A series is claimed by exchanging its key, the hash of its values, for 0, and never given up. Its
 * values are written by whoever comes first, or by the next one if that one was killed at it: they
 * are the same bytes. The segment's name holds a hash of all definitions, so other definitions begin
 * anew, in memory of their own.
 */
#ifndef APP_METRIC_INT_H
#define APP_METRIC_INT_H

#include "app_core_int.h"
#include "app_db_int.h"

#define APP_METRIC_VALUE_SIZE (APP_METRIC_VALUE_MAX + 1)
#define APP_METRIC_PROCESSES  256 /* that have gauges at the same time, an old generation's too */

typedef struct app_metric_head_t {
    apr_uint64_t overflows; /* what was counted in the series of the rest */
    apr_uint32_t used;      /* series */
} app_metric_head_t;

typedef struct app_metric_series_t {
    apr_uint64_t key; /* 0: free */
    apr_uint32_t ready;
    apr_uint32_t unused;
    apr_uint64_t cells[]; /* value; or a histogram's counts, then its sum. Then values of labels. */
} app_metric_series_t;

typedef struct app_metric_place_t {
    apr_int64_t pid; /* 0: free */
    apr_int64_t cells[];
} app_metric_place_t;

/* The core's own families. */
enum {
    APP_CORE_REQUESTS, APP_CORE_DURATION, APP_CORE_BYTES_IN, APP_CORE_BYTES_OUT, APP_CORE_ROWS,
    APP_CORE_TIMER_RUNS, APP_CORE_TIMER_TIME,
    APP_CORE_WORKERS, APP_CORE_PROCESSES, APP_CORE_GENERATION, APP_CORE_STARTED, APP_CORE_BUILD,
    APP_CORE_METRICS_ /* number of them */
};

typedef struct app_metric_family_t {
    const app_metric_def_t *def;
    app_metrics_t          *metrics;
    int                     nlabels; /* "site" included */
    const char             *names[APP_METRIC_LABELS_MAX];
    int                     ncells;
    apr_uint32_t            max, capacity; /* capacity is a power of two and at least twice max */
    apr_size_t              stride; /* bytes of a series */
    apr_size_t              offset; /* in the segment */
    apr_size_t              first;  /* APP_METRIC_PROCESS: of its cells in a place */
} app_metric_family_t;

struct app_metrics_t {
    apr_array_header_t *families; /* of app_metric_family_t * */
    int                 routes; /* to be told apart; 0: nobody collects */
    app_metric_t       *core[APP_CORE_METRICS_];
    app_db_metrics_t    databases;
    app_shm_t          *shm;    /* NULL: nobody collects */
    char               *base;   /* of the segment; NULL until it is shared */
    apr_size_t          places; /* offset of the places */
    apr_size_t          place_size;
    apr_size_t          ncells; /* of a place */
    app_metric_place_t *place;  /* of this process; NULL: none was free, or none is needed */
};

/** A family as one plugin uses it in one site; or the core, site NULL. */
struct app_metric_t {
    app_metric_family_t *family;
    const char          *site;
};

static inline app_metric_head_t *app_metric_head(const app_metric_family_t *family)
{
    return (app_metric_head_t *)(family->metrics->base + family->offset);
}

/** @param index capacity: the series of what did not fit */
static inline app_metric_series_t *app_metric_series(const app_metric_family_t *family,
                                                     apr_uint32_t index)
{
    return (app_metric_series_t *)(family->metrics->base + family->offset +
                                   APR_ALIGN(sizeof(app_metric_head_t), 64) +
                                   index * family->stride);
}

static inline char *app_metric_value(const app_metric_family_t *family,
                                     app_metric_series_t *series, int label)
{
    return (char *)(series->cells + family->ncells) + label * APP_METRIC_VALUE_SIZE;
}

static inline app_metric_place_t *app_metric_place(const app_metrics_t *metrics, int i)
{
    return (app_metric_place_t *)(metrics->base + metrics->places +
                                  (apr_size_t)i * metrics->place_size);
}

/* app_metric_place.c */
/** Takes a place for this process. It need not be given back. */
void app_metric_place_take(app_metrics_t *metrics);
/** The sum of a cell over all processes that live. */
apr_int64_t app_metric_place_sum(const app_metrics_t *metrics, apr_size_t cell);

/* app_metric_core.c */
/** @param routes how many are to be told apart */
apr_status_t app_metrics_declare_core(app_core_t *core, int routes, app_error_t *err);
/** Puts down what is not counted but looked at, just before it is read. */
void app_metrics_refresh(app_core_t *core);

#endif
