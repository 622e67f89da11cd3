/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The key of an answer: all that it depends on, whole and in order, each part with its length, so
 * that no two requests that may be answered differently have the same. Thread of the request.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include "cache_int.h"

/** Those that handlers of this project look at; the settings may name more. */
static const char *const usual_headers[] = { "Accept", "Accept-Profile", "Prefer", "Range",
                                             "Range-Unit", "If-Range" };

#define USUAL ((int)(sizeof(usual_headers) / sizeof(*usual_headers)))

static void add_part(app_buf_t *buf, const char *text)
{
    apr_uint32_t len = text ? (apr_uint32_t)strlen(text) : APR_UINT32_MAX;

    app_buf_add(buf, (const char *)&len, sizeof(len));
    if (text) {
        app_buf_add(buf, text, len);
    }
}

static void add_headers(app_buf_t *buf, const cache_conf_t *conf, const app_request_t *r)
{
    int i;

    for (i = 0; i < USUAL; i++) {
        add_part(buf, app_request_header(r, usual_headers[i]));
    }
    for (i = 0; i < conf->headers->nelts; i++) {
        add_part(buf, app_request_header(r, APR_ARRAY_IDX(conf->headers, i, const char *)));
    }
}

/** What stands for a claim that is not there is no JSON text. */
static void add_claim(app_buf_t *buf, json_t *claims, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT) : NULL;

    add_part(buf, text);
    free(text);
}

static int is_all(const apr_array_header_t *claims)
{
    return claims->nelts == 1 && strcmp(APR_ARRAY_IDX(claims, 0, const char *), "*") == 0;
}

/** @return 0: the claims cannot be read */
static int add_claims(app_buf_t *buf, const cache_conf_t *conf, const app_identity_t *identity)
{
    json_t *claims;
    int i;

    if (is_all(conf->claims)) {
        add_part(buf, identity->user);
        add_part(buf, identity->claims);
        return 1;
    }
    claims = identity->claims ? json_loads(identity->claims, 0, NULL) : json_object();
    if (!claims) {
        return 0;
    }
    for (i = 0; i < conf->claims->nelts; i++) {
        const char *name = APR_ARRAY_IDX(conf->claims, i, const char *);

        if (strcmp(name, "user") == 0) {
            add_part(buf, identity->user);
        }
        else if (strcmp(name, "role") != 0) {
            add_claim(buf, claims, name);
        }
    }
    json_decref(claims);
    return 1;
}

int cache_key_make(cache_key_t *key, const cache_t *cache, const cache_conf_t *conf,
                   app_request_t *r)
{
    const app_identity_t *identity = app_request_identity(r);
    apr_uint64_t digest = app_request_settings_digest(r);
    app_buf_t buf;

    app_buf_init(&buf, app_request_pool(r), CACHE_KEY_MAX);
    app_buf_add(&buf, (const char *)&digest, sizeof(digest));
    add_part(&buf, identity->role);
    add_part(&buf, identity->method ? "known" : NULL);
    add_part(&buf, app_request_mount(r));
    add_part(&buf, app_request_path(r));
    add_part(&buf, app_request_query(r));
    add_headers(&buf, conf, r);
    if (!add_claims(&buf, conf, identity) || app_buf_full(&buf)) {
        return 0;
    }
    key->data = buf.data;
    key->len = buf.len;
    key->hash = cache_store_hash(cache->store, key->data, key->len);
    return 1;
}

/* Vary */

static int is_named(const char *name, apr_size_t len, const char *header)
{
    return strlen(header) == len && strncasecmp(header, name, len) == 0;
}

static int covers(const char *name, apr_size_t len, const cache_conf_t *conf)
{
    int i;

    for (i = 0; i < USUAL; i++) {
        if (is_named(name, len, usual_headers[i])) {
            return 1;
        }
    }
    for (i = 0; i < conf->headers->nelts; i++) {
        if (is_named(name, len, APR_ARRAY_IDX(conf->headers, i, const char *))) {
            return 1;
        }
    }
    /* Of who is asking, role, user and claims are there. */
    return is_named(name, len, "Authorization");
}

int cache_key_covers(const char *vary, const cache_conf_t *conf)
{
    while (*vary) {
        apr_size_t len;

        vary += strspn(vary, ", \t");
        len = strcspn(vary, ", \t");
        if (len && !covers(vary, len, conf)) {
            return 0;
        }
        vary += len;
    }
    return 1;
}
