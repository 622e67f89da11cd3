/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Errors that httpd itself makes for requests under our mounts (a path it refuses, Require,
 * timeouts, limits), and refusals of AuthType App, look like the core's own: JSON. Status and
 * headers such as WWW-Authenticate, Allow and Retry-After stay httpd's. A request whose first line
 * is already wrong has no path yet and gets httpd's page.
 */
#include "mod_app.h"

#include "http_protocol.h"
#include "util_filter.h"

static ap_filter_rec_t *error_filter;

static void add_body(request_rec *r, apr_bucket_brigade *brigade, apr_bucket *eos)
{
    const char *known = app_httpd_auth_body(r);
    const char *body = known ? known : app_error_body_for_status(r->status, r->pool);
    const char *id = apr_table_get(r->subprocess_env, "UNIQUE_ID");

    ap_set_content_type(r, "application/json; charset=utf-8");
    if (id) {
        apr_table_setn(r->headers_out, "X-Request-Id", id);
    }
    if (app_httpd_mount_owns(r)) {
        app_httpd_other_error_headers(r);
    }
    if (!r->header_only) {
        /* Not every error comes past the filter that counts. */
        ap_set_content_length(r, (apr_off_t)strlen(body));
        APR_BUCKET_INSERT_BEFORE(
            eos, apr_bucket_pool_create(body, strlen(body), r->pool, brigade->bucket_alloc));
    }
}

/** Swallows httpd's page, and puts ours in at its end. */
static apr_status_t replace(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    while (!APR_BRIGADE_EMPTY(brigade)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);

        if (APR_BUCKET_IS_EOS(bucket)) {
            add_body(f->r, brigade, bucket);
            ap_remove_output_filter(f);
            return ap_pass_brigade(f->next, brigade);
        }
        apr_bucket_delete(bucket);
    }
    return APR_SUCCESS;
}

void app_httpd_errors_register(void)
{
    error_filter = ap_register_output_filter("APP_ERROR", replace, NULL, AP_FTYPE_CONTENT_SET);
}

/** Called when httpd starts an answer of its own; redirects and 304 stay as they are. */
void app_httpd_errors_insert(request_rec *r)
{
    if (ap_is_HTTP_ERROR(r->status) && (app_httpd_mount_owns(r) || app_httpd_auth_answers(r))) {
        ap_add_output_filter_handle(error_filter, NULL, r, r->connection);
    }
}
