/* SPDX-License-Identifier: Apache-2.0 */
/** Who may see the details of /health and /status: addresses, networks and roles. */
#include "apr_strings.h"

#include "app_core_int.h"

static apr_status_t add_network(const char *word, app_viewers_t *viewers, app_error_t *err,
                                apr_pool_t *p)
{
    char *address = apr_pstrdup(p, word);
    char *mask = strchr(address, '/');
    apr_ipsubnet_t *network;

    if (mask) {
        *mask++ = '\0';
    }
    if (apr_ipsubnet_create(&network, address, mask, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_SETTING,
                        "AppDetailsFor takes addresses (127.0.0.1, ::1), networks (10.0.0.0/8) and "
                        "role:NAME, not \"%s\"",
                        word);
    }
    APR_ARRAY_PUSH(viewers->networks, apr_ipsubnet_t *) = network;
    return APR_SUCCESS;
}

apr_status_t app_viewers_parse(const apr_array_header_t *words, app_viewers_t *viewers,
                               app_error_t *err, apr_pool_t *p)
{
    int i;

    viewers->networks = apr_array_make(p, 4, sizeof(apr_ipsubnet_t *));
    viewers->roles = apr_array_make(p, 2, sizeof(const char *));
    for (i = 0; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        if (strncmp(word, "role:", 5) == 0) {
            APR_ARRAY_PUSH(viewers->roles, const char *) = word + 5;
        }
        else if (add_network(word, viewers, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

/**
 * Whether a proxy on this machine passed the request on: its address is not that of who asks. With
 * mod_remoteip it is, and the address is another one.
 */
static int is_passed_on(const app_request_t *r, const char *peer)
{
    int is_local = strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
                   strncasecmp(peer, "::ffff:127.", 11) == 0;

    return is_local && (app_request_header(r, "X-Forwarded-For") ||
                        app_request_header(r, "Forwarded"));
}

static int has_address(const app_viewers_t *viewers, const app_request_t *r)
{
    const char *peer = app_request_peer(r);
    apr_sockaddr_t *address;
    int i;

    /* Only a literal address: a name would be looked up. */
    if (!peer || is_passed_on(r, peer) ||
        strspn(peer, "0123456789abcdefABCDEF.:") != strlen(peer) ||
        apr_sockaddr_info_get(&address, peer, APR_UNSPEC, 0, 0, app_request_pool(r)) !=
            APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < viewers->networks->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(viewers->networks, i, apr_ipsubnet_t *), address)) {
            return 1;
        }
    }
    return 0;
}

static int has_role(const app_viewers_t *viewers, app_request_t *r, app_response_t *res)
{
    app_error_t ignored = { .pool = app_request_pool(r) };
    const char *role;
    int i;

    if (apr_is_empty_array(viewers->roles) ||
        app_filter_run(APP_PLACE_IDENTITY, r, res, &ignored) != APP_NEXT) {
        return 0;
    }
    role = app_request_identity(r)->role;
    for (i = 0; role && i < viewers->roles->nelts; i++) {
        if (strcmp(role, APR_ARRAY_IDX(viewers->roles, i, const char *)) == 0) {
            return 1;
        }
    }
    return 0;
}

int app_viewers_allow(app_request_t *r, app_response_t *res)
{
    const app_viewers_t *viewers = &r->site->viewers;

    return has_address(viewers, r) || has_role(viewers, r, res);
}
