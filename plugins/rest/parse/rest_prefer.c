/* SPDX-License-Identifier: Apache-2.0 */
/** The Prefer header (RFC 7240) as the dialect reads it. Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "rest_query.h"

typedef struct word_t {
    const char *token;
    int         value;
} word_t;

static const word_t returns[] = { { "return=minimal", REST_RETURN_MINIMAL },
                                  { "return=headers-only", REST_RETURN_HEADERS },
                                  { "return=representation", REST_RETURN_FULL },
                                  { NULL, 0 } };
static const word_t counts[] = { { "count=exact", REST_COUNT_EXACT },
                                 { "count=planned", REST_COUNT_PLANNED },
                                 { "count=estimated", REST_COUNT_ESTIMATED },
                                 { NULL, 0 } };
static const word_t resolutions[] = {
    { "resolution=merge-duplicates", REST_RESOLUTION_MERGE },
    { "resolution=ignore-duplicates", REST_RESOLUTION_IGNORE },
    { NULL, 0 }
};
static const word_t missings[] = { { "missing=null", REST_MISSING_NULL },
                                   { "missing=default", REST_MISSING_DEFAULT },
                                   { NULL, 0 } };
static const word_t handlings[] = { { "handling=lenient", REST_HANDLING_LENIENT },
                                    { "handling=strict", REST_HANDLING_STRICT },
                                    { NULL, 0 } };
static const word_t ends[] = { { "tx=commit", REST_END_COMMIT },
                               { "tx=rollback", REST_END_ROLLBACK },
                               { NULL, 0 } };

static int value_of(const word_t *words, const char *token)
{
    for (; words->token; words++) {
        if (strcmp(words->token, token) == 0) {
            return words->value;
        }
    }
    return 0;
}

static const char *token_of(const word_t *words, int value)
{
    while (words->value != value) {
        words++;
    }
    return words->token;
}

/** Takes the token if it is a word of the list; the first of a kind counts. */
#define TAKE(member, type, words, token) \
    ((value = value_of(words, token)) != 0 && (member = member ? member : (type)value, 1))

static void take(rest_prefer_t *prefer, const char *token, apr_pool_t *p)
{
    int value;

    if (TAKE(prefer->representation, rest_return_e, returns, token) ||
        TAKE(prefer->count, rest_count_e, counts, token) ||
        TAKE(prefer->resolution, rest_resolution_e, resolutions, token) ||
        TAKE(prefer->missing, rest_missing_e, missings, token) ||
        TAKE(prefer->handling, rest_handling_e, handlings, token) ||
        TAKE(prefer->end, rest_end_e, ends, token)) {
        return;
    }
    if (strncmp(token, "timezone=", 9) == 0) {
        prefer->timezone = prefer->timezone ? prefer->timezone : token + 9;
    }
    else if (strncmp(token, "max-affected=", 13) == 0) {
        if (prefer->max_affected < 0) {
            app_int64_parse(token + 13, strlen(token + 13), &prefer->max_affected);
        }
    }
    else if (*token) {
        prefer->invalid = prefer->invalid ? apr_pstrcat(p, prefer->invalid, ", ", token, NULL)
                                          : token;
    }
}

void rest_prefer_parse(rest_prefer_t *prefer, const char *header, apr_pool_t *p)
{
    memset(prefer, 0, sizeof(*prefer));
    prefer->max_affected = -1;
    while (header && *header) {
        apr_size_t len = strcspn(header, ",");
        char *token = apr_pstrmemdup(p, header, len);

        apr_collapse_spaces(token, token);
        take(prefer, token, p);
        header += len + (header[len] == ',');
    }
}

static void add(app_buf_t *buf, const char *token)
{
    if (buf->len) {
        app_buf_adds(buf, ", ");
    }
    app_buf_adds(buf, token);
}

/** The order is the dialect's. */
const char *rest_prefer_applied(const rest_prefer_t *prefer, const rest_applied_t *which,
                                apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, 4096);
    if (which->resolution && prefer->resolution) {
        add(&buf, token_of(resolutions, (int)prefer->resolution));
    }
    if (which->missing && prefer->missing) {
        add(&buf, token_of(missings, (int)prefer->missing));
    }
    if (which->representation && prefer->representation) {
        add(&buf, token_of(returns, (int)prefer->representation));
    }
    if (prefer->count) {
        add(&buf, token_of(counts, (int)prefer->count));
    }
    if (which->end && prefer->end) {
        add(&buf, token_of(ends, (int)prefer->end));
    }
    if (prefer->handling) {
        add(&buf, token_of(handlings, (int)prefer->handling));
    }
    if (prefer->timezone) {
        add(&buf, apr_pstrcat(p, "timezone=", prefer->timezone, NULL));
    }
    if (which->bound && prefer->max_affected >= 0) {
        add(&buf, apr_psprintf(p, "max-affected=%" APR_INT64_T_FMT, prefer->max_affected));
    }
    return buf.len ? buf.data : NULL;
}
