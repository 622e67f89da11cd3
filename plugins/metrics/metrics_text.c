/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The series as text: Prometheus' format 0.0.4 and OpenMetrics 1.0.0, which differ in the names of
 * counters' families, in how whole numbers are written as bounds, and in the line at the end.
 * Thread of the request.
 */
#include <string.h>

#include "metrics_int.h"

#define TEXT_MAX (256 * 1024) /* all lines of one series */

typedef struct writer_t {
    app_response_t         *res;
    metrics_form_e          form;
    apr_status_t            status;
    const app_metric_def_t *family; /* of the series before */
    app_buf_t               labels; /* of this series, without braces */
    app_buf_t               lines;
} writer_t;

void metrics_add_number(app_buf_t *buf, apr_int64_t value, int decimals, int point)
{
    apr_uint64_t rest = value < 0 ? 0 - (apr_uint64_t)value : (apr_uint64_t)value, unit = 1;
    int i;

    for (i = 0; i < decimals; i++) {
        unit *= 10;
    }
    app_buf_addf(buf, "%s%" APR_UINT64_T_FMT, value < 0 ? "-" : "", rest / unit);
    rest %= unit;
    if (rest || point) {
        app_buf_addc(buf, '.');
    }
    if (!rest && point) {
        app_buf_addc(buf, '0');
    }
    for (unit /= 10; rest; rest %= unit, unit /= 10) {
        app_buf_addc(buf, (char)('0' + rest / unit));
    }
}

/* The head of a family */

static const char *type_of(const app_metric_def_t *def)
{
    static const char *const types[] = { [APP_METRIC_COUNTER] = "counter",
                                         [APP_METRIC_GAUGE] = "gauge",
                                         [APP_METRIC_PROCESS] = "gauge",
                                         [APP_METRIC_HISTOGRAM] = "histogram" };

    return types[def->kind];
}

static void add_escaped(app_buf_t *buf, const char *text, int quotes)
{
    for (; *text; text++) {
        if (*text == '\n') {
            app_buf_adds(buf, "\\n");
            continue;
        }
        if (*text == '\\' || (quotes && *text == '"')) {
            app_buf_addc(buf, '\\');
        }
        app_buf_addc(buf, *text);
    }
}

static void add_head(writer_t *writer, const app_metric_def_t *def)
{
    const char *suffix = def->kind == APP_METRIC_COUNTER && writer->form == METRICS_PROMETHEUS
                             ? "_total"
                             : "";

    app_buf_addf(&writer->lines, "# HELP %s%s ", def->name, suffix);
    add_escaped(&writer->lines, def->help, writer->form == METRICS_OPENMETRICS);
    app_buf_addf(&writer->lines, "\n# TYPE %s%s %s\n", def->name, suffix, type_of(def));
}

/* Series */

static void read_labels(writer_t *writer, const app_metric_view_t *view)
{
    int i;

    writer->labels.len = 0;
    app_buf_adds(&writer->labels, "");
    for (i = 0; i < view->nlabels; i++) {
        app_buf_addf(&writer->labels, "%s%s=\"", i ? "," : "", view->names[i]);
        add_escaped(&writer->labels, view->values[i], 1);
        app_buf_addc(&writer->labels, '"');
    }
}

/** "name_suffix{labels} ", to be followed by the value. */
static void add_name(writer_t *writer, const app_metric_def_t *def, const char *suffix)
{
    app_buf_addf(&writer->lines, "%s%s", def->name, suffix);
    if (writer->labels.len) {
        app_buf_addf(&writer->lines, "{%s}", writer->labels.data);
    }
    app_buf_addc(&writer->lines, ' ');
}

static void add_bucket(writer_t *writer, const app_metric_def_t *def, int i, apr_uint64_t count)
{
    app_buf_t *lines = &writer->lines;

    app_buf_addf(lines, "%s_bucket{%s%sle=\"", def->name,
                 writer->labels.len ? writer->labels.data : "", writer->labels.len ? "," : "");
    if (i < def->nbuckets) {
        metrics_add_number(lines, def->buckets[i], def->decimals,
                           writer->form == METRICS_OPENMETRICS);
    }
    else {
        app_buf_adds(lines, "+Inf");
    }
    app_buf_addf(lines, "\"} %" APR_UINT64_T_FMT "\n", count);
}

/** Each bucket is shown with all that are smaller. */
static void add_histogram(writer_t *writer, const app_metric_view_t *view)
{
    const app_metric_def_t *def = view->def;
    apr_uint64_t count = 0;
    int i;

    for (i = 0; i <= def->nbuckets; i++) {
        count += view->counts[i];
        add_bucket(writer, def, i, count);
    }
    add_name(writer, def, "_sum");
    metrics_add_number(&writer->lines, view->value, def->decimals, 0);
    app_buf_addc(&writer->lines, '\n');
    add_name(writer, def, "_count");
    app_buf_addf(&writer->lines, "%" APR_UINT64_T_FMT "\n", count);
}

static void write_series(void *ctx, const app_metric_view_t *view)
{
    writer_t *writer = ctx;
    const app_metric_def_t *def = view->def;

    if (writer->status != APR_SUCCESS) {
        return;
    }
    writer->lines.len = 0;
    if (def != writer->family) {
        writer->family = def;
        add_head(writer, def);
    }
    read_labels(writer, view);
    if (def->kind == APP_METRIC_HISTOGRAM) {
        add_histogram(writer, view);
    }
    else {
        add_name(writer, def, def->kind == APP_METRIC_COUNTER ? "_total" : "");
        metrics_add_number(&writer->lines, view->value, def->decimals, 0);
        app_buf_addc(&writer->lines, '\n');
    }
    writer->status = app_response_write(writer->res, writer->lines.data, writer->lines.len);
}

apr_status_t metrics_write(app_instance_t *self, app_response_t *res, metrics_form_e form,
                           apr_pool_t *p)
{
    writer_t writer = { .res = res, .form = form };

    app_buf_init(&writer.labels, p, TEXT_MAX);
    app_buf_init(&writer.lines, p, TEXT_MAX);
    app_metrics_read(self, write_series, &writer);
    if (writer.status == APR_SUCCESS && form == METRICS_OPENMETRICS) {
        writer.status = app_response_write(res, "# EOF\n", 6);
    }
    return writer.status;
}
