/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The body of a request: which reader its Content-Type asks for, and what all of them need. Called
 * by rest.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_body.h"

#define TEXT_MAX (64 << 20) /* rows as text: a CSV names its columns once, JSON in each row */

static apr_status_t read_bytes(rest_job_t *job)
{
    job->body->raw = job->source->data;
    job->body->raw_len = job->source->len;
    return APR_SUCCESS;
}

/** Text and XML become parameters, which end at a NUL. */
static apr_status_t read_text(rest_job_t *job)
{
    const rest_source_t *source = job->source;

    if (memchr(source->data, '\0', source->len) || !app_utf8_valid(source->data, source->len)) {
        return app_fail_code(job->err, "22021", 400,
                             "invalid byte sequence for encoding \"UTF8\"");
    }
    return read_bytes(job);
}

static const struct type_t {
    const char      *name;
    rest_body_kind_e kind;
    apr_status_t   (*read)(rest_job_t *job);
} types[] = {
    { "application/json", REST_BODY_JSON, rest_body_read_json },
    { "text/csv", REST_BODY_CSV, rest_body_read_csv },
    { "application/x-www-form-urlencoded", REST_BODY_FORM, rest_body_read_form },
    { "text/plain", REST_BODY_TEXT, read_text },
    { "text/xml", REST_BODY_XML, read_text },
    { "application/octet-stream", REST_BODY_BYTES, read_bytes },
};

static apr_status_t find_type(const struct type_t **ptype, const rest_job_t *job)
{
    const char *name = job->source->type;
    apr_size_t len = name ? strcspn(name, "; \t") : 0;
    size_t i;

    *ptype = &types[0];
    if (!len) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncasecmp(name, types[i].name, len) == 0 && types[i].name[len] == '\0' &&
            (job->call || types[i].kind < REST_BODY_TEXT)) {
            *ptype = &types[i];
            return APR_SUCCESS;
        }
    }
    return app_fail(job->err, APP_E_BODY, "Content-Type not acceptable: %.*s", (int)len, name);
}

static apr_status_t parse(rest_body_t **pbody, rest_job_t *job)
{
    rest_body_t *body = job->body = apr_pcalloc(job->pool, sizeof(*body));
    const struct type_t *type;

    job->columns = apr_array_make(job->pool, 16, sizeof(const char *));
    job->index = apr_hash_make(job->pool);
    if (find_type(&type, job) != APR_SUCCESS || type->read(job) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    body->kind = type->kind;
    body->columns = (const char **)job->columns->elts;
    body->ncolumns = job->columns->nelts;
    *pbody = body;
    return APR_SUCCESS;
}

apr_status_t rest_body_parse(rest_body_t **pbody, const rest_source_t *source, int first,
                             app_error_t *err, apr_pool_t *p)
{
    rest_job_t job = { .source = source, .first = first != 0, .err = err, .pool = p };

    return parse(pbody, &job);
}

apr_status_t rest_body_parse_call(rest_body_t **pbody, const rest_source_t *source,
                                  app_error_t *err, apr_pool_t *p)
{
    rest_job_t job = { .source = source, .first = 1, .call = 1, .err = err, .pool = p };

    return parse(pbody, &job);
}

/* Columns and values */

int rest_job_column(rest_job_t *job, const char *name)
{
    int known = (int)(apr_uintptr_t)apr_hash_get(job->index, name, APR_HASH_KEY_STRING);

    if (known) {
        return known - 1;
    }
    APR_ARRAY_PUSH(job->columns, const char *) = name;
    apr_hash_set(job->index, name, APR_HASH_KEY_STRING,
                 (void *)(apr_uintptr_t)job->columns->nelts);
    return job->columns->nelts - 1;
}

apr_status_t rest_job_check_values(const rest_job_t *job, int rows)
{
    if (job->source->kind == APP_DB_SQLITE && job->columns->nelts &&
        rows > REST_BODY_VALUES_MAX / job->columns->nelts) {
        return app_fail(job->err, APP_E_BODY_TOO_LARGE, "The body has more than %d values",
                        REST_BODY_VALUES_MAX);
    }
    return APR_SUCCESS;
}

/* Rows of strings */

apr_size_t rest_rows_size(const char *text, apr_size_t len)
{
    apr_size_t size = len + strlen("\"\""), i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        size += c < 0x20 ? strlen("u0000") : c == '"' || c == '\\';
    }
    return size;
}

/** The members' names as JSON, with the colon. @return size of them all */
static apr_size_t make_keys(rest_rows_t *rows, const apr_array_header_t *names)
{
    apr_pool_t *p = rows->job->pool;
    apr_size_t size = 0;
    int i;

    rows->keys = apr_palloc(p, sizeof(*rows->keys) * (apr_size_t)(names->nelts + 1));
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        app_buf_t key;

        app_buf_init(&key, p, TEXT_MAX);
        app_buf_add_json(&key, name, strlen(name));
        app_buf_addc(&key, ':');
        rows->keys[i] = key.data;
        size += key.len;
    }
    return size;
}

apr_status_t rest_rows_open(rest_rows_t *rows, rest_job_t *job, const apr_array_header_t *names,
                            int nrows, apr_size_t size)
{
    int i, pgsql = job->source->kind == APP_DB_PGSQL;

    memset(rows, 0, sizeof(*rows));
    rows->job = job;
    rows->nfields = names->nelts;
    rows->nrows = nrows;
    rows->columns = apr_palloc(job->pool, sizeof(int) * (apr_size_t)(names->nelts + 1));
    for (i = 0; i < names->nelts; i++) {
        rows->columns[i] = rest_job_column(job, APR_ARRAY_IDX(names, i, const char *));
    }
    if (rest_job_check_values(job, nrows) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (pgsql) { /* brackets and commas, too */
        size += (apr_size_t)nrows * (make_keys(rows, names) + (apr_size_t)names->nelts + 3) + 2;
    }
    if (size >= TEXT_MAX) {
        return app_fail(job->err, APP_E_BODY_TOO_LARGE, "The body is too large as rows");
    }
    app_buf_init(&rows->text, job->pool, size);
    rows->text.data = apr_palloc(job->pool, size + 1); /* never moved: values point into it */
    rows->text.data[0] = '\0';
    rows->text.size = size + 1;
    if (!pgsql) {
        job->body->values = apr_pcalloc(job->pool, sizeof(rest_json_t) *
                                        ((apr_size_t)nrows * (apr_size_t)job->columns->nelts + 1));
    }
    else if (!job->call) {
        app_buf_addc(&rows->text, '[');
    }
    return APR_SUCCESS;
}

/** Brackets and commas are written in front of what they open or divide. */
static void add_key(rest_rows_t *rows)
{
    if (rows->field == 0) {
        app_buf_adds(&rows->text, rows->row ? "},{" : "{");
    }
    else {
        app_buf_addc(&rows->text, ',');
    }
    app_buf_adds(&rows->text, rows->keys[rows->field]);
}

void rest_rows_add(rest_rows_t *rows, const char *text, apr_size_t len)
{
    rest_json_t value = { text ? REST_JSON_STRING : REST_JSON_NULL, NULL, 0 };
    apr_size_t from;

    if (rows->keys) {
        add_key(rows);
    }
    from = rows->text.len;
    if (text) {
        app_buf_add_json(&rows->text, text, len);
    }
    else {
        app_buf_adds(&rows->text, "null");
    }
    if (!rows->keys) {
        value.text = rows->text.data + from;
        value.len = rows->text.len - from;
        rows->job->body->values[rows->row * rows->job->columns->nelts +
                                rows->columns[rows->field]] = value;
    }
    if (++rows->field == rows->nfields) {
        rows->field = 0;
        rows->row++;
    }
}

void rest_rows_close(rest_rows_t *rows)
{
    rest_body_t *body = rows->job->body;

    body->nrows = rows->job->call ? 1 : rows->nrows;
    if (!rows->keys) {
        return;
    }
    if (rows->nrows || rows->job->call) {
        app_buf_adds(&rows->text, rows->row ? "}" : "{}");
    }
    if (!rows->job->call) {
        app_buf_addc(&rows->text, ']');
    }
    body->text = rows->text.data;
    body->len = rows->text.len;
}
