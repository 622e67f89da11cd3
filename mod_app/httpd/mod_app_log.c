/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What httpd's own access logs can say of a request: %{NAME}^ap as text, %{NAME}^aj as JSON. httpd
 * escapes what it logs by \xhh, which JSON does not know, so a JSON log takes all that a client has
 * a hand in from here. Asked by mod_log_config when a request has been answered; in its thread.
 */
#include "mod_app.h"

#include "apr_strings.h"
#include "mod_log_config.h"
#include "util_time.h"

#define MARKS 2 /* quotes around a text */

/** A value: a text, or where there is none, a number. */
typedef struct value_t {
    const char *text;
    apr_size_t  max;    /* bytes of the text as JSON */
    apr_int64_t number; /* -1: none */
} value_t;

/** All texts together leave a line below the 4096 bytes that a pipe takes as one. */
typedef struct item_t {
    const char *name;
    apr_size_t  max; /* bytes of it as JSON */
    void (*get)(value_t *value, request_rec *r, const app_exchange_state_t *state);
} item_t;

/* Of any request */

/** RFC 3339, in UTC. */
static void get_time(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    apr_time_exp_t when;

    (void)state;
    ap_explode_recent_gmt(&when, r->request_time);
    value->text = apr_psprintf(r->pool, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", when.tm_year + 1900,
                               when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min,
                               when.tm_sec, (int)when.tm_usec / 1000);
}

static void get_method(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = r->method;
}

static void get_path(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = r->uri;
}

static void get_query(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = r->args;
}

static void get_protocol(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = r->protocol;
}

static void get_status(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->number = r->status;
}

static void get_user(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = r->user;
}

static void get_agent(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = apr_table_get(r->headers_in, "User-Agent");
}

static void get_referer(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = apr_table_get(r->headers_in, "Referer");
}

static void get_id(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    value->text = apr_table_get(r->headers_out, "X-Request-Id");
    if (!value->text) {
        value->text = apr_table_get(r->subprocess_env, "UNIQUE_ID");
    }
}

static void get_role(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    const app_auth_t *auth = state ? NULL : app_httpd_auth_of(r);

    value->text = state ? state->role : auth ? auth->who.identity.role : NULL;
}

/* Of the API's requests alone */

static void get_trace(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)state;
    while (r->prev) { /* after an internal redirect the first one has the notes */
        r = r->prev;
    }
    value->text = apr_table_get(r->notes, APP_HTTPD_TRACE_NOTE);
}

static void get_route(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)r;
    value->text = state ? state->figures.route : NULL;
}

static void get_duration(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)r;
    value->number = state ? state->figures.duration : -1;
}

static void get_database(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)r;
    value->number = state ? state->figures.spent[APP_PHASE_DATABASE] : -1;
}

static void get_wait(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)r;
    value->number = state ? state->figures.spent[APP_PHASE_WAIT] : -1;
}

static void get_rows(value_t *value, request_rec *r, const app_exchange_state_t *state)
{
    (void)r;
    value->number = state ? state->figures.rows : -1;
}

static const item_t items[] = {
    { "time", 32, get_time },         { "method", 32, get_method },
    { "path", 512, get_path },        { "query", 1024, get_query },
    { "protocol", 32, get_protocol }, { "status", 32, get_status },
    { "user", 256, get_user },        { "user_agent", 384, get_agent },
    { "referer", 512, get_referer },  { "request_id", 64, get_id },
    { "role", 128, get_role },        { "trace_id", 64, get_trace },
    { "route", 256, get_route },      { "duration", 32, get_duration },
    { "database", 32, get_database }, { "wait", 32, get_wait },
    { "rows", 32, get_rows },
};

static value_t value_of(request_rec *r, const char *name)
{
    const app_exchange_state_t *state = ap_get_module_config(r->request_config, &app_module);
    value_t value = { .number = -1 };
    size_t i;

    for (i = 0; i < sizeof(items) / sizeof(*items); i++) {
        if (strcmp(items[i].name, name) == 0) {
            items[i].get(&value, r, state && state->figures.route ? state : NULL);
            value.max = items[i].max;
        }
    }
    return value;
}

/* As httpd's log formats have it */

/** How many bytes of a text have room in max, whatever is to be escaped; whole characters. */
static apr_size_t length_that_fits(const char *text, apr_size_t max)
{
    apr_size_t len, size = MARKS;

    for (len = 0; text[len]; len++) {
        unsigned char c = (unsigned char)text[len];

        size += c < 0x20 || c == 0x7F ? 6 : c == '"' || c == '\\' ? 2 : c < 0x80 ? 1 : 3;
        if (size > max) {
            while (len && ((unsigned char)text[len] & 0xC0) == 0x80) {
                len--;
            }
            break;
        }
    }
    return len;
}

static const char *log_json(request_rec *r, char *name)
{
    value_t value = value_of(r, name);
    app_buf_t buf;

    if (value.text) {
        app_buf_init(&buf, r->pool, value.max);
        app_buf_add_json(&buf, value.text, length_that_fits(value.text, value.max));
        return buf.data;
    }
    return value.number < 0 ? "null" : apr_psprintf(r->pool, "%" APR_INT64_T_FMT, value.number);
}

static const char *log_text(request_rec *r, char *name)
{
    value_t value = value_of(r, name);

    if (value.text) {
        return ap_escape_logitem(r->pool, value.text);
    }
    return value.number < 0 ? NULL : apr_psprintf(r->pool, "%" APR_INT64_T_FMT, value.number);
}

void app_httpd_log_register(apr_pool_t *pconf)
{
    static char json[] = "^aj", text[] = "^ap";
    APR_OPTIONAL_FN_TYPE(ap_register_log_handler) *add;

    add = APR_RETRIEVE_OPTIONAL_FN(ap_register_log_handler);
    if (add) {
        add(pconf, json, log_json, 0);
        add(pconf, text, log_text, 0);
    }
}
