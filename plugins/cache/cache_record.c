/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An answer as the store keeps it: texts with a NUL behind each, and the body.
 *
 *     +----------+-----------+-------+------+------+------+-------+-----+----+------+
 *     | packed_t | relations | route | type | etag | name | value | ... | "" | body |
 *     +----------+-----------+-------+------+------+------+-------+-----+----+------+
 *
 * The sum that the store compares vouches for it: only this process's like has written it. Thread
 * of the request.
 */
#include "apr_strings.h"

#include "cache_int.h"

#define HEAD_MAX (16 * 1024) /* of all but the body */

/** Places are counted from the start; 0: there is none. */
typedef struct packed_t {
    apr_uint32_t status, relations, route, type, etag, headers, body;
    apr_int64_t  rows; /* as app_figures_t has it */
} packed_t;

void cache_record_begin(cache_record_t *record, const cache_conf_t *conf, apr_pool_t *p)
{
    app_buf_init(&record->body, p, (apr_size_t)conf->max_answer);
    record->overflow = 0;
}

void cache_record_add(cache_record_t *record, const char *data, apr_size_t len)
{
    if (!record->overflow && record->body.len + len <= record->body.max) {
        app_buf_add(&record->body, data, len);
    }
    else {
        record->overflow = 1;
    }
}

/* What may be kept */

static int allows(const app_answer_t *answer)
{
    cache_control_t said;

    cache_control_read(&said, apr_table_get(answer->headers, "Cache-Control"));
    return !said.no_store && !said.no_cache && !said.is_private && said.max_age != 0;
}

static int check_vary(void *conf, const char *name, const char *value)
{
    (void)name;
    return cache_key_covers(value, conf);
}

int cache_record_may(const app_answer_t *answer, const cache_conf_t *conf)
{
    return answer->whole && answer->source && (answer->status == 200 || answer->status == 206) &&
           (conf->mode != CACHE_FRESH || answer->source->lasting) &&
           !apr_table_get(answer->headers, "Set-Cookie") && allows(answer) &&
           apr_table_do(check_vary, (void *)conf, answer->headers, "Vary", NULL);
}

/* Packing */

/** What belongs to the request that made it, or is said anew each time. */
static int is_passing(const char *name)
{
    static const char *const names[] = { "Server-Timing", "Date", "Age", "Cache-Status", "ETag",
                                         NULL };
    int i;

    for (i = 0; names[i]; i++) {
        if (strcasecmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int pack_header(void *bytes, const char *name, const char *value)
{
    if (!is_passing(name)) {
        app_buf_add(bytes, name, strlen(name) + 1);
        app_buf_add(bytes, value, strlen(value) + 1);
    }
    return 1;
}

static apr_uint32_t pack_text(app_buf_t *bytes, const char *text)
{
    apr_uint32_t place = (apr_uint32_t)bytes->len;

    if (!text) {
        return 0;
    }
    app_buf_add(bytes, text, strlen(text) + 1);
    return place;
}

static apr_uint32_t pack_relations(app_buf_t *bytes, const char *relations)
{
    apr_uint32_t place = (apr_uint32_t)bytes->len;

    if (!relations) {
        return 0;
    }
    for (; *relations; relations += strlen(relations) + 1) {
        app_buf_add(bytes, relations, strlen(relations) + 1);
    }
    app_buf_addc(bytes, '\0');
    return place;
}

int cache_record_pack(app_buf_t *bytes, const cache_record_t *record, const app_answer_t *answer,
                      const cache_conf_t *conf, app_request_t *r)
{
    const app_figures_t *figures = app_request_figures(r);
    packed_t packed = { .status = (apr_uint32_t)answer->status, .rows = figures->rows };
    apr_pool_t *p = app_request_pool(r);

    app_buf_init(bytes, p, (apr_size_t)conf->max_answer + HEAD_MAX);
    app_buf_add(bytes, (const char *)&packed, sizeof(packed));
    packed.relations = pack_relations(bytes, answer->source->relations);
    packed.route = pack_text(bytes, figures->route);
    packed.type = pack_text(bytes, answer->type);
    packed.etag = pack_text(bytes, answer->etag);
    packed.headers = (apr_uint32_t)bytes->len;
    apr_table_do(pack_header, bytes, answer->headers, NULL);
    app_buf_addc(bytes, '\0');
    packed.body = (apr_uint32_t)bytes->len;
    app_buf_add(bytes, record->body.data, record->body.len);
    if (record->overflow || app_buf_full(bytes)) {
        return 0;
    }
    memcpy(bytes->data, &packed, sizeof(packed));
    return 1;
}

/* Answering */

static const char *text_at(const cache_found_t *found, apr_uint32_t place)
{
    return place ? found->data + place : NULL;
}

static void unpack(packed_t *packed, const cache_found_t *found)
{
    memcpy(packed, found->data, sizeof(*packed));
}

const char *cache_record_relations(const cache_found_t *found)
{
    packed_t packed;

    unpack(&packed, found);
    return text_at(found, packed.relations);
}

/** A filter may have set a Vary of its own, and what a handler says twice stands twice. */
static void answer_headers(const char *text, app_response_t *res)
{
    const char *last = "";

    while (*text) {
        const char *name = text, *value = name + strlen(name) + 1;

        if (strcasecmp(name, "Vary") == 0 || strcasecmp(name, last) == 0) {
            app_response_header_add(res, name, value);
        }
        else {
            app_response_header(res, name, value);
        }
        last = name;
        text = value + strlen(value) + 1;
    }
}

apr_status_t cache_record_answer(const cache_found_t *found, app_request_t *r,
                                 app_response_t *res)
{
    packed_t packed;

    unpack(&packed, found);
    app_request_route_set(r, text_at(found, packed.route));
    app_request_rows_set(r, packed.rows);
    app_response_status(res, (int)packed.status);
    if (packed.type) {
        app_response_type(res, text_at(found, packed.type));
    }
    if (packed.etag) {
        app_response_etag(res, text_at(found, packed.etag));
    }
    answer_headers(text_at(found, packed.headers), res);
    app_response_write(res, found->data + packed.body, found->len - packed.body);
    return APP_DONE;
}
