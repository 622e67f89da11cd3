/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Families of metrics: declared while the configuration is read, laid out when its memory is
 * shared (app_metric_int.h draws it). One thread, in the parent.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_hash.h"
#include "app_metric_int.h"

#define LINE 64 /* bytes that processors share: no two series in one */

void app_metrics_create(app_core_t *core)
{
    core->metrics = apr_pcalloc(core->pool, sizeof(*core->metrics));
    core->metrics->families = apr_array_make(core->pool, 16, sizeof(app_metric_family_t *));
}

void app_metrics_collect(app_instance_t *self, int routes)
{
    app_metrics_t *metrics = self->site->core->metrics;

    metrics->routes = routes > metrics->routes ? routes : metrics->routes;
}

/* Declaring */

static int is_name(const char *name)
{
    const char *c = name;

    while (apr_isalnum(*c) || *c == '_') {
        c++;
    }
    return c > name && !*c && !apr_isdigit(*name);
}

static int are_buckets(const app_metric_def_t *def)
{
    int i;

    if (def->kind != APP_METRIC_HISTOGRAM) {
        return def->nbuckets == 0;
    }
    for (i = 1; i < def->nbuckets; i++) {
        if (def->buckets[i - 1] >= def->buckets[i]) {
            return 0;
        }
    }
    return def->nbuckets > 0 && def->nbuckets <= APP_METRIC_BUCKETS_MAX;
}

/** "le" is a histogram's own. */
static int is_free(const app_metric_family_t *family, const char *name)
{
    int i = 0;

    while (i < family->nlabels && strcmp(family->names[i], name) != 0) {
        i++;
    }
    return i == family->nlabels && strcmp(name, "le") != 0;
}

static apr_status_t split_labels(app_metric_family_t *family, const char *labels, app_error_t *err,
                                 apr_pool_t *p)
{
    char *rest, *name;

    for (name = apr_strtok(apr_pstrdup(p, labels ? labels : ""), " ", &rest); name;
         name = apr_strtok(NULL, " ", &rest)) {
        if (!is_name(name) || !is_free(family, name) || family->nlabels == APP_METRIC_LABELS_MAX) {
            return app_fail(err, APP_E_SETTING, "the labels \"%s\" of the metric %s are too many, "
                            "taken, or no names", labels, family->def->name);
        }
        family->names[family->nlabels++] = name;
    }
    return APR_SUCCESS;
}

/** Each site has room of its own. */
static void measure(app_metric_family_t *family, int max)
{
    const app_metric_def_t *def = family->def;

    family->max += max ? (apr_uint32_t)max : 1;
    for (family->capacity = 2; family->capacity < 2 * family->max;) {
        family->capacity *= 2;
    }
    family->ncells = def->kind == APP_METRIC_HISTOGRAM ? def->nbuckets + 2 : 1;
    family->stride = APR_ALIGN(sizeof(app_metric_series_t) +
                                   (apr_size_t)family->ncells * sizeof(apr_uint64_t) +
                                   (apr_size_t)family->nlabels * APP_METRIC_VALUE_SIZE,
                               LINE);
}

static apr_status_t make_family(app_metric_family_t **pfamily, app_core_t *core, const char *site,
                                const app_metric_def_t *def, app_error_t *err)
{
    app_metric_family_t *family = apr_pcalloc(core->pool, sizeof(*family));

    if (!is_name(def->name) || !are_buckets(def) || def->max_series < 0 ||
        def->max_series > APP_METRIC_SERIES_MAX) {
        return app_fail(err, APP_E_SETTING, "the metric \"%s\" is not well defined", def->name);
    }
    family->def = def;
    family->metrics = core->metrics;
    if (site) {
        family->names[family->nlabels++] = "site";
    }
    if (split_labels(family, def->labels, err, core->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pfamily = family;
    return APR_SUCCESS;
}

static app_metric_family_t *find_family(const app_core_t *core, const char *name)
{
    const apr_array_header_t *families = core->metrics->families;
    int i;

    for (i = 0; i < families->nelts; i++) {
        app_metric_family_t *family = APR_ARRAY_IDX(families, i, app_metric_family_t *);

        if (strcmp(family->def->name, name) == 0) {
            return family;
        }
    }
    return NULL;
}

apr_status_t app_metric_add_family(app_metric_t **pmetric, app_core_t *core, const char *site,
                                   const app_metric_def_t *def, int max, app_error_t *err)
{
    app_metric_family_t *family = find_family(core, def->name);
    app_metric_t *metric;

    if (family && family->def != def) {
        return app_fail(err, APP_E_SETTING, "another metric is called %s, too", def->name);
    }
    if (!family) {
        if (make_family(&family, core, site, def, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        APR_ARRAY_PUSH(core->metrics->families, app_metric_family_t *) = family;
    }
    measure(family, max);
    metric = apr_palloc(core->pool, sizeof(*metric));
    metric->family = family;
    metric->site = site;
    *pmetric = metric;
    return APR_SUCCESS;
}

apr_status_t app_metric_declare(app_metric_t **pmetric, app_instance_t *self,
                                const app_metric_def_t *def, app_error_t *err)
{
    return app_metric_add_family(pmetric, self->site->core, self->site->name, def,
                                 def->max_series, err);
}

/* Laying out */

/** Of all that decides where things are and what they mean. */
static apr_uint64_t digest(const app_metrics_t *metrics)
{
    apr_uint64_t hash = 0;
    int i;

    for (i = 0; i < metrics->families->nelts; i++) {
        const app_metric_family_t *family =
            APR_ARRAY_IDX(metrics->families, i, app_metric_family_t *);
        const app_metric_def_t *def = family->def;
        const char *labels = def->labels ? def->labels : "";
        const int numbers[] = { (int)def->kind, family->nlabels, (int)family->max, def->decimals };

        hash = app_hash(hash, def->name, strlen(def->name) + 1);
        hash = app_hash(hash, labels, strlen(labels) + 1);
        hash = app_hash(hash, numbers, sizeof(numbers));
        hash = app_hash(hash, def->buckets, (apr_size_t)def->nbuckets * sizeof(*def->buckets));
    }
    return hash;
}

apr_status_t app_metrics_layout(app_core_t *core, app_error_t *err)
{
    app_metrics_t *metrics = core->metrics;
    apr_size_t size = 0;
    int i;

    if (app_metrics_declare_core(core, metrics->routes, err) != APR_SUCCESS ||
        app_db_metrics_declare(&metrics->databases, core, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!metrics->routes) {
        return APR_SUCCESS;
    }
    for (i = 0; i < metrics->families->nelts; i++) {
        app_metric_family_t *family = APR_ARRAY_IDX(metrics->families, i, app_metric_family_t *);

        family->offset = size;
        size += APR_ALIGN(sizeof(app_metric_head_t), LINE) +
                (family->capacity + 1) * family->stride;
        if (family->def->kind == APP_METRIC_PROCESS) {
            family->first = metrics->ncells;
            metrics->ncells += family->capacity + 1;
        }
    }
    metrics->places = size;
    metrics->place_size = APR_ALIGN(sizeof(app_metric_place_t) +
                                        metrics->ncells * sizeof(apr_int64_t), LINE);
    size += APP_METRIC_PROCESSES * metrics->place_size;
    metrics->shm = app_shm_add(core, apr_psprintf(core->pool, "core/metrics/%" APR_UINT64_T_HEX_FMT,
                                                  digest(metrics)), size);
    return APR_SUCCESS;
}

void app_metrics_shared(app_core_t *core)
{
    app_metrics_t *metrics = core->metrics;

    metrics->base = metrics->shm ? app_shm_base(metrics->shm) : NULL;
}
