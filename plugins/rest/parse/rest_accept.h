/* SPDX-License-Identifier: Apache-2.0 */
/** Accept: the types that a client takes, best first, and which of them an answer gets. */
#ifndef REST_ACCEPT_H
#define REST_ACCEPT_H

#include "app_plugin.h"

typedef enum rest_media_e {
    REST_MEDIA_JSON,
    REST_MEDIA_OBJECT,  /* application/vnd.pgrst.object: a single row */
    REST_MEDIA_CSV,
    REST_MEDIA_GEOJSON,
    REST_MEDIA_PLAN,
    REST_MEDIA_OPENAPI,
    REST_MEDIA_ANY,     /* the client takes anything: JSON, unless a handler serves it */
    REST_MEDIA_OTHER    /* only a media type handler can give it */
} rest_media_e;

/** What application/vnd.pgrst.plan asks of EXPLAIN. */
typedef struct rest_explain_t {
    const struct rest_accepted_t *of; /* type of the answer whose query is explained; no plan */
    unsigned json : 1;                /* else text */
    unsigned analyze : 1;
    unsigned verbose : 1;
    unsigned settings : 1;
    unsigned buffers : 1;
    unsigned wal : 1;
} rest_explain_t;

/** A type that the client takes. */
typedef struct rest_accepted_t {
    struct rest_accepted_t *next;  /* the next best */
    const char             *text;  /* as sent, without blanks and q */
    const char             *name;  /* "text/csv": lower case, without parameters */
    rest_media_e            media;
    unsigned                stripped : 1; /* JSON, OBJECT: null members are left out */
    rest_explain_t          explain;      /* PLAN */
} rest_accepted_t;

/** @param accept NULL: anything. @return at least one, best first */
const rest_accepted_t *rest_accept_parse(const char *accept, apr_pool_t *p);

/**
 * Says whether a type can be had here.
 * @return APR_SUCCESS; APR_NOTFOUND: try the next one; APP_EFAIL: that type is refused with err
 */
typedef apr_status_t rest_accept_fn(void *ctx, const rest_accepted_t *type, app_error_t *err);

/**
 * The first type that can be had.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_NOT_ACCEPTABLE, or as available said
 */
apr_status_t rest_accept_choose(const rest_accepted_t **pchosen, const rest_accepted_t *types,
                                rest_accept_fn *available, void *ctx, app_error_t *err);

/** Content-Type of an answer. Of OTHER it is the type's name: that of the handler. */
const char *rest_media_type(const rest_accepted_t *type, apr_pool_t *p);

#endif
