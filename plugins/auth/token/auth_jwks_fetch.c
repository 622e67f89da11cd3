/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One request to an issuer, by libcurl (auth_jwks_int.h). The URL is the administrator's; what
 * comes back is bounded in time and size. Any thread.
 */
#include <string.h>

#include <curl/curl.h>

#include "apr_strings.h"

#include "auth_jwks_int.h"

#define BODY_MAX  (256 * 1024)
#define FRESH_MAX (366 * 86400) /* seconds: what is more is not meant */

typedef struct answer_t {
    app_buf_t                    body;
    apr_interval_time_t          fresh; /* -1: not said */
    const volatile apr_uint32_t *stopping;
} answer_t;

static size_t take_body(char *data, size_t size, size_t n, void *context)
{
    answer_t *answer = context;

    app_buf_add(&answer->body, data, size * n);
    return app_buf_full(&answer->body) ? 0 : size * n;
}

/** Cache-Control's max-age (RFC 9111 5.2.2) in a line of directives. @return -1: not said */
static apr_interval_time_t read_fresh(const char *line)
{
    const char *at = strcasestr(line, "max-age=");
    apr_int64_t seconds;

    if (strcasestr(line, "no-store") || strcasestr(line, "no-cache")) {
        return 0;
    }
    if (!at) {
        return -1;
    }
    at += strlen("max-age=");
    if (app_int64_parse(at, strspn(at, "0123456789"), &seconds) != APR_SUCCESS) {
        return -1;
    }
    return apr_time_from_sec(seconds < FRESH_MAX ? seconds : FRESH_MAX);
}

static size_t take_header(char *data, size_t size, size_t n, void *context)
{
    static const char name[] = "cache-control:";
    answer_t *answer = context;
    apr_size_t len = size * n;

    if (len > sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0) {
        answer->fresh = read_fresh(apr_pstrmemdup(answer->body.pool, data, len));
    }
    return len;
}

static int go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const answer_t *answer = context;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return *answer->stopping != 0;
}

/** A proxy is one of the settings, or none: not what the environment says (HTTP_PROXY). */
static void set_options(CURL *curl, const char *url, const auth_jwks_conf_t *conf,
                        answer_t *answer, struct curl_slist *headers, char *why)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, *(url + 4) == 's' ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, conf->proxy ? conf->proxy : "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)apr_time_as_msec(conf->timeout));
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)BODY_MAX);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_app");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, answer);
    if (conf->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, conf->ca_file);
    }
}

static const char *perform(CURL *curl, const char *why, const answer_t *answer, apr_pool_t *p)
{
    long status = 0;
    CURLcode code = curl_easy_perform(curl);

    if (app_buf_full(&answer->body)) {
        return apr_psprintf(p, "the answer is larger than %d KiB", BODY_MAX / 1024);
    }
    if (code != CURLE_OK) {
        return apr_pstrdup(p, *why ? why : curl_easy_strerror(code));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 ? NULL
                         : apr_psprintf(p, "the answer is %ld%s", status,
                                        status / 100 == 3 ? ", and redirects are not followed"
                                                          : "");
}

const char *auth_jwks_fetch(const char **pset, apr_interval_time_t *pfresh, const char *url,
                            const auth_jwks_conf_t *conf, const volatile apr_uint32_t *stopping,
                            apr_pool_t *p)
{
    answer_t answer = { .fresh = -1, .stopping = stopping };
    char why[CURL_ERROR_SIZE] = "";
    const char *wrong = "libcurl fails";
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/jwk-set+json, "
                                                         "application/json;q=0.9, */*;q=0.1");
    CURL *curl = curl_easy_init();

    app_buf_init(&answer.body, p, BODY_MAX);
    if (curl && headers) {
        set_options(curl, url, conf, &answer, headers, why);
        wrong = perform(curl, why, &answer, p);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (!wrong) {
        *pset = answer.body.len ? answer.body.data : "";
        *pfresh = answer.fresh;
    }
    return wrong;
}
