/* SPDX-License-Identifier: Apache-2.0 */
/** Reads what has been counted, series by series. Any thread; counting goes on. */
#include "app_metric_int.h"

static void read_cells(app_metric_view_t *view, apr_uint64_t *counts,
                       const app_metric_family_t *family, app_metric_series_t *series,
                       apr_uint32_t index)
{
    const app_metric_def_t *def = family->def;
    int i;

    if (def->kind == APP_METRIC_PROCESS) {
        view->value = app_metric_place_sum(family->metrics, family->first + index);
        return;
    }
    if (def->kind == APP_METRIC_HISTOGRAM) {
        for (i = 0; i <= def->nbuckets; i++) {
            counts[i] = __atomic_load_n(&series->cells[i], __ATOMIC_RELAXED);
        }
        view->counts = counts;
    }
    view->value = (apr_int64_t)__atomic_load_n(&series->cells[family->ncells - 1],
                                               __ATOMIC_RELAXED);
}

static void read_family(app_metric_family_t *family,
                        void (*each)(void *ctx, const app_metric_view_t *view), void *ctx)
{
    const char *values[APP_METRIC_LABELS_MAX];
    apr_uint64_t counts[APP_METRIC_BUCKETS_MAX + 1];
    app_metric_view_t view = { .def = family->def,
                               .nlabels = family->nlabels,
                               .names = family->names,
                               .values = values };
    apr_uint32_t i;
    int label;

    for (i = 0; i <= family->capacity; i++) {
        app_metric_series_t *series = app_metric_series(family, i);

        if (!__atomic_load_n(&series->ready, __ATOMIC_ACQUIRE)) {
            continue;
        }
        for (label = 0; label < family->nlabels; label++) {
            values[label] = app_metric_value(family, series, label);
        }
        read_cells(&view, counts, family, series, i);
        each(ctx, &view);
    }
}

/** What did not fit, of the families that have a bound which was reached. */
static void read_overflows(app_metrics_t *metrics,
                           void (*each)(void *ctx, const app_metric_view_t *view), void *ctx)
{
    static const app_metric_def_t def = {
        .name = "app_metrics_overflow",
        .help = "Times that something was counted as \"other\" because its family was full.",
        .kind = APP_METRIC_COUNTER
    };
    static const char *const names[] = { "family" };
    int i;

    for (i = 0; i < metrics->families->nelts; i++) {
        const app_metric_family_t *family =
            APR_ARRAY_IDX(metrics->families, i, app_metric_family_t *);
        apr_uint64_t overflows =
            __atomic_load_n(&app_metric_head(family)->overflows, __ATOMIC_RELAXED);
        const app_metric_view_t view = { .def = &def, .nlabels = 1, .names = names,
                                         .values = &family->def->name,
                                         .value = (apr_int64_t)overflows };

        if (overflows) {
            each(ctx, &view);
        }
    }
}

void app_metrics_read(app_instance_t *self, void (*each)(void *ctx, const app_metric_view_t *view),
                      void *ctx)
{
    app_metrics_t *metrics = self->site->core->metrics;
    int i;

    if (!metrics->base) {
        return;
    }
    app_metrics_refresh(self->site->core);
    for (i = 0; i < metrics->families->nelts; i++) {
        read_family(APR_ARRAY_IDX(metrics->families, i, app_metric_family_t *), each, ctx);
    }
    read_overflows(metrics, each, ctx);
}
