/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the endpoints below /api/auth share: bodies, refusals, answers. Thread of the request.
 */
#ifndef AUTH_HTTP_H
#define AUTH_HTTP_H

#include "auth_int.h"

/**
 * The filter for all of /api/auth: nobody keeps the answers, and the version of what errors look
 * like, which clients of the widespread kind ask for.
 */
app_handler_fn auth_http_filter;

/**
 * The body as an object: JSON, or a form (RFC 6749 B), whose values are texts then. No body is an
 * empty object. No text holds a NUL.
 * @param pbody lives as long as the request
 * @return APR_SUCCESS; APP_EFAIL with 400, 413 or 415
 */
apr_status_t auth_body_read(const json_t **pbody, app_request_t *r, app_error_t *err);

/** A member that is a text; NULL if it is absent, null or something else. */
const char *auth_body_text(const json_t *body, const char *name);

/**
 * Takes a form apart (application/x-www-form-urlencoded): pairs divided by "&", "+" is a blank.
 * Names may come once (RFC 6749 3.2), and nothing may hold a NUL or what is no UTF-8.
 * @param pform an object of texts, freed with p
 * @return APR_SUCCESS; APP_EFAIL with 400
 */
apr_status_t auth_form_read(json_t **pform, const char *text, apr_size_t len, app_error_t *err,
                            apr_pool_t *p);

/**
 * The value of a parameter of the query string.
 * @param pvalue NULL if it is absent
 * @return APR_SUCCESS; APP_EFAIL with 400, also if it comes twice
 */
apr_status_t auth_query_text(const char **pvalue, app_request_t *r, const char *name,
                             app_error_t *err);

/**
 * Refuses a request with a code of the widespread auth clients ("invalid_credentials").
 * @return APP_EFAIL
 */
apr_status_t auth_fail(app_error_t *err, int status, const char *code, const char *message, ...)
    APP_PRINTF(4, 5);

/** Sets what RFC 6749 5.2 calls the error. @return APP_EFAIL */
apr_status_t auth_fail_oauth(app_error_t *err, const char *oauth);

/** Answers with JSON, and lets go of it. @return as app_response_write() */
apr_status_t auth_answer_json(app_request_t *r, app_response_t *res, int status, json_t *json,
                              app_error_t *err);

/** A column of a row: its text; JSON null for NULL. A new reference. */
json_t *auth_json_column(const app_rows_t *rows, int column);

/** A time as clients see it: "2026-01-31T12:00:00Z"; JSON null for 0. A new reference. */
json_t *auth_json_time(apr_int64_t seconds);

#endif
