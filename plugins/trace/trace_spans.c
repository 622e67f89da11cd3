/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The spans of a request (trace_spans.h), with the names that OpenTelemetry gives to what they tell.
 * No path, query or value of the client's is among them: who reads traces need not see these.
 */
#include "apr_strings.h"

#include "trace_otlp.h"
#include "trace_spans.h"

/** Names are for grouping: a method that a client made up is not one. */
static const char *method_of(const app_request_t *r)
{
    static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
                                         "OPTIONS" };
    const char *method = app_request_method(r);
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(known[i], method) == 0) {
            return method;
        }
    }
    return "_OTHER";
}

static void write_request(app_buf_t *buf, const trace_request_t *trace, const app_request_t *r)
{
    const app_figures_t *figures = app_request_figures(r);
    const app_identity_t *identity = app_request_identity(r);
    const char *method = method_of(r), *mount = app_request_mount(r);
    int ours = figures->route != NULL; /* for the API; its route may be "none" */
    const char *route = ours && *figures->route == '/'
                            ? apr_pstrcat(buf->pool, mount, figures->route, NULL) : NULL;
    const trace_span_t span = { .trace_id = trace->own.trace_id,
                                .id = trace->own.span_id,
                                .parent = trace->has_parent ? trace->parent : NULL,
                                .state = trace->told.state,
                                .name = apr_pstrcat(buf->pool, method, route ? " " : NULL,
                                                    route, NULL),
                                .kind = TRACE_SERVER,
                                .begun = figures->begun,
                                .duration = figures->duration };

    trace_otlp_span(buf, &span);
    trace_otlp_text(buf, "http.request.method", method);
    trace_otlp_text(buf, "http.route", route);
    trace_otlp_int(buf, "http.response.status_code", figures->status);
    trace_otlp_text(buf, "url.scheme", app_request_secure(r) ? "https" : "http");
    trace_otlp_int(buf, "http.response.body.size", figures->bytes_out);
    if (ours) {
        trace_otlp_int(buf, "http.request.body.size", figures->bytes_in);
        trace_otlp_text(buf, "app.request_id", app_request_id(r));
    }
    trace_otlp_text(buf, "app.role", identity->role);
    if (figures->rows >= 0) {
        trace_otlp_int(buf, "app.rows", figures->rows);
    }
    trace_otlp_end(buf, figures->status >= 500);
}

static void write_phase(app_buf_t *buf, const trace_request_t *trace, const app_span_t *phase,
                        const char *database)
{
    static const char *const names[APP_PHASES_] = { "wait for a connection", "database",
                                                    "send the answer" };
    int queries = phase->phase == APP_PHASE_DATABASE;
    unsigned char id[TRACE_SPAN_ID_SIZE];
    const trace_span_t span = { .trace_id = trace->own.trace_id,
                                .id = id,
                                .parent = trace->own.span_id,
                                .name = names[phase->phase],
                                .kind = queries ? TRACE_CLIENT : TRACE_INTERNAL,
                                .begun = phase->begun,
                                .duration = phase->duration };

    trace_id_make_span(id);
    trace_otlp_span(buf, &span);
    if (queries) {
        trace_otlp_text(buf, "db.system.name", database);
        trace_otlp_text(buf, "db.query.text", phase->statement);
    }
    trace_otlp_end(buf, 0);
}

void trace_spans_write(app_buf_t *buf, const trace_request_t *trace, const app_request_t *r,
                       const char *database)
{
    const app_figures_t *figures = app_request_figures(r);
    int i;

    write_request(buf, trace, r);
    for (i = 0; i < figures->nspans; i++) {
        app_buf_addc(buf, ',');
        write_phase(buf, trace, &figures->spans[i], database);
    }
}
