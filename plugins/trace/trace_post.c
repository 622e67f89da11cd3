/* SPDX-License-Identifier: Apache-2.0 */
/** Requests to a collector (trace_post.h). What it answers is bounded in time and size. */
#include <stdio.h>

#include <curl/curl.h>

#include "trace_post.h"

#define ANSWER_MAX 65536

struct trace_post_t {
    const trace_export_conf_t *conf;
    const apr_time_t          *pstop;
    CURL                      *curl;
    struct curl_slist         *headers;
    apr_size_t                 answered;
    char                       why[CURL_ERROR_SIZE];
};

/** Nothing in the answer is of use but its status. */
static size_t skip_body(char *data, size_t size, size_t n, void *context)
{
    trace_post_t *post = context;

    (void)data;
    post->answered += size * n;
    return post->answered > ANSWER_MAX ? 0 : size * n;
}

static int is_over(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const trace_post_t *post = context;
    apr_time_t stop = __atomic_load_n(post->pstop, __ATOMIC_ACQUIRE);

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stop && apr_time_now() > stop;
}

/** A proxy is none of the settings, so none is used: not what the environment says. */
static void set_options(trace_post_t *post)
{
    const trace_export_conf_t *conf = post->conf;
    CURL *curl = post->curl;

    curl_easy_setopt(curl, CURLOPT_URL, conf->endpoint);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_app");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, post->why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, skip_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, post);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_over);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, post);
    if (conf->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, conf->ca_file);
    }
}

/** "Expect: 100-continue" would cost a round trip for each batch. */
static struct curl_slist *make_headers(const char *further)
{
    static const char *const fixed[] = { "Content-Type: application/json", "Expect:" };
    struct curl_slist *headers = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
        headers = curl_slist_append(headers, fixed[i]);
    }
    return further ? curl_slist_append(headers, further) : headers;
}

trace_post_t *trace_post_create(const trace_export_conf_t *conf, const apr_time_t *pstop,
                                apr_pool_t *p)
{
    trace_post_t *post = apr_pcalloc(p, sizeof(*post));

    post->conf = conf;
    post->pstop = pstop;
    post->curl = curl_easy_init();
    post->headers = make_headers(conf->header);
    if (!post->curl || !post->headers) {
        trace_post_destroy(post);
        return NULL;
    }
    set_options(post);
    return post;
}

void trace_post_destroy(trace_post_t *post)
{
    curl_easy_cleanup(post->curl);
    curl_slist_free_all(post->headers);
}

/** The statuses after which OTLP has a client try again; and what is between us and it. */
static trace_post_e judge(long status)
{
    if (status / 100 == 2) {
        return TRACE_POST_TAKEN;
    }
    return status == 429 || status == 502 || status == 503 || status == 504 ? TRACE_POST_LATER
                                                                            : TRACE_POST_REFUSED;
}

/** Longest time of this request: when everything is to stop, what is left until then. */
static long time_left(const trace_post_t *post)
{
    apr_time_t stop = __atomic_load_n(post->pstop, __ATOMIC_ACQUIRE);
    apr_interval_time_t left = stop ? stop - apr_time_now() : post->conf->timeout;

    left = left < post->conf->timeout ? left : post->conf->timeout;
    return left > 1000 ? (long)apr_time_as_msec(left) : 1;
}

trace_post_e trace_post_send(trace_post_t *post, const char *body, apr_size_t len,
                             const char **pwhy)
{
    long status = 0;
    CURLcode code;

    post->answered = 0;
    post->why[0] = '\0';
    curl_easy_setopt(post->curl, CURLOPT_TIMEOUT_MS, time_left(post));
    curl_easy_setopt(post->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(post->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    code = curl_easy_perform(post->curl);
    if (code != CURLE_OK) {
        *pwhy = post->why[0] ? post->why : curl_easy_strerror(code);
        return TRACE_POST_LATER;
    }
    curl_easy_getinfo(post->curl, CURLINFO_RESPONSE_CODE, &status);
    snprintf(post->why, sizeof(post->why), "it answers %ld", status);
    *pwhy = post->why;
    return judge(status);
}
