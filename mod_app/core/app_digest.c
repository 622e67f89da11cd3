/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One number for all settings that hold for a request: whoever keeps something beyond a request
 * learns from it that the configuration has become another. Of the site it is made once, in the
 * parent; of a location in the thread of a request that lies in one with settings of its own.
 */
#include "app_core_int.h"
#include "app_hash.h"

/** With its end, so that two texts are not the same as one. */
static void add_text(apr_uint64_t *digest, const char *text)
{
    *digest = app_hash(*digest, text ? text : "\1", text ? strlen(text) + 1 : 1);
}

static void add_list(apr_uint64_t *digest, const apr_array_header_t *list)
{
    int i, n = list ? list->nelts : 0;

    *digest = app_hash(*digest, &n, sizeof(n));
    for (i = 0; i < n; i++) {
        add_text(digest, APR_ARRAY_IDX(list, i, const char *));
    }
}

static void add_member(apr_uint64_t *digest, const app_setting_t *row, const void *member)
{
    switch (row->type) {
    case APP_TYPE_FLAG:
    case APP_TYPE_ENUM:
        *digest = app_hash(*digest, member, sizeof(int));
        break;
    case APP_TYPE_INT:
    case APP_TYPE_SIZE:
    case APP_TYPE_DURATION:
        *digest = app_hash(*digest, member, sizeof(apr_int64_t));
        break;
    case APP_TYPE_LIST:
        add_list(digest, *(apr_array_header_t *const *)member);
        break;
    default:
        add_text(digest, *(const char *const *)member);
    }
}

/** What a plugin has made of lines has no form that is known here: then it is the lines. */
static void add_row(apr_uint64_t *digest, const app_values_t *values, int i)
{
    const app_setting_t *row = &values->rows[i];

    if (row->type == APP_TYPE_PARSED) {
        *digest = app_hash(*digest, &values->lines[i], sizeof(values->lines[i]));
    }
    else {
        add_member(digest, row, app_values_member(values, row));
    }
}

void app_digest_values(apr_uint64_t *digest, const app_values_t *values, int all)
{
    int i;

    if (values->plugin) {
        add_text(digest, values->plugin->name);
        add_text(digest, values->plugin->version);
    }
    for (i = 0; i < values->nrows; i++) {
        if (all || values->set[i]) {
            *digest = app_hash(*digest, &i, sizeof(i));
            add_row(digest, values, i);
        }
    }
}

static void add_conf(apr_uint64_t *digest, const app_site_conf_t *conf, int all)
{
    int i;

    app_digest_values(digest, conf->own, all);
    for (i = 0; i < conf->plugins->nelts; i++) {
        app_digest_values(digest, APR_ARRAY_IDX(conf->plugins, i, app_values_t *), all);
    }
}

apr_uint64_t app_digest_site(const app_site_t *site)
{
    apr_uint64_t digest = 0;

    add_text(&digest, APP_VERSION);
    add_conf(&digest, site->conf, 1);
    return digest;
}

apr_uint64_t app_request_settings_digest(app_request_t *r)
{
    apr_uint64_t digest = r->site->digest;

    if (r->exchange->location) {
        add_conf(&digest, r->exchange->location, 0);
    }
    return digest;
}
