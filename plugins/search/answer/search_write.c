/* SPDX-License-Identifier: Apache-2.0 */
/** The answer of a collection as JSON. What a snippet says is HTML. Thread of the request. */
#include <string.h>

#include "search_answer.h"

static void add_text(app_buf_t *buf, const char *text)
{
    if (text) {
        app_buf_add_json(buf, text, strlen(text));
    }
    else {
        app_buf_adds(buf, "null");
    }
}

static void add_member(app_buf_t *buf, const char *lead, const char *name)
{
    app_buf_adds(buf, lead);
    add_text(buf, name);
    app_buf_addc(buf, ':');
}

/* Snippets */

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/** Marks are closed whatever the text holds. */
static const char *to_html(const char *text, apr_pool_t *p)
{
    const char *found;
    app_buf_t buf;
    int open = 0;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (; *text; text++) {
        if (*text == SEARCH_HIT_BEGIN || *text == SEARCH_HIT_END) {
            if (open != (*text == SEARCH_HIT_BEGIN)) {
                app_buf_adds(&buf, open ? "</mark>" : "<mark>");
                open = !open;
            }
        }
        else if ((found = entity(*text))) {
            app_buf_adds(&buf, found);
        }
        else if (*text != SEARCH_DIVIDER) {
            app_buf_addc(&buf, *text);
        }
    }
    app_buf_adds(&buf, open ? "</mark>" : "");
    return buf.data;
}

static void add_snippets(const search_work_t *work, const search_hit_t *hit, app_buf_t *buf)
{
    const search_collection_t *collection = work->ask->collection;
    const char *lead = "";
    int i;

    app_buf_adds(buf, ",\"snippets\":{");
    for (i = 0; hit->snippets && i < work->nshown; i++) {
        if (hit->snippets[i] && strchr(hit->snippets[i], SEARCH_HIT_BEGIN)) {
            add_member(buf, lead, collection->columns[work->shown[i]].name);
            add_text(buf, to_html(hit->snippets[i], work->ask->pool));
            lead = ",";
        }
    }
    app_buf_addc(buf, '}');
}

/* Hits and facets */

static void add_hits(const search_work_t *work, app_buf_t *buf)
{
    const char *lead = "";
    int i;

    app_buf_adds(buf, ",\"hits\":[");
    for (i = 0; i < work->hits->nelts; i++) {
        const search_hit_t *hit = &APR_ARRAY_IDX(work->hits, i, search_hit_t);

        if (hit->row) {
            app_buf_addf(buf, "%s{\"rank\":%.6g,\"row\":", lead, hit->rank);
            app_buf_adds(buf, hit->row);
            add_snippets(work, hit, buf);
            app_buf_addc(buf, '}');
            lead = ",";
        }
    }
    app_buf_addc(buf, ']');
}

static void add_values(const search_work_t *work, int facet, app_buf_t *buf)
{
    const char *lead = "";
    int i;

    app_buf_addc(buf, '[');
    for (i = 0; i < work->values->nelts; i++) {
        const search_value_t *value = &APR_ARRAY_IDX(work->values, i, search_value_t);

        if (value->facet == facet) {
            app_buf_addf(buf, "%s{\"value\":", lead);
            add_text(buf, value->text);
            app_buf_addf(buf, ",\"count\":%" APR_INT64_T_FMT "}", value->count);
            lead = ",";
        }
    }
    app_buf_addc(buf, ']');
}

static void add_facets(const search_work_t *work, app_buf_t *buf)
{
    const search_collection_t *collection = work->ask->collection;
    int i;

    app_buf_adds(buf, ",\"facets\":{");
    for (i = 0; work->values && i < collection->nfacets; i++) {
        add_member(buf, i ? "," : "", collection->facets[i]);
        add_values(work, i, buf);
    }
    app_buf_addc(buf, '}');
}

void search_write(const search_work_t *work, app_buf_t *buf)
{
    app_buf_adds(buf, "{\"collection\":");
    add_text(buf, work->ask->collection->name);
    app_buf_addf(buf, ",\"total\":%" APR_INT64_T_FMT ",\"total_is_exact\":%s", work->total,
                 work->estimated ? "false" : "true");
    add_hits(work, buf);
    add_facets(work, buf);
    app_buf_adds(buf, ",\"next\":");
    add_text(buf, work->next);
    app_buf_adds(buf, ",\"did_you_mean\":");
    add_text(buf, work->correction);
    app_buf_addc(buf, '}');
}
