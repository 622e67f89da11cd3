/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin auth: who is asking. Descriptor, settings and life; the way of a request is in
 * auth_identity.c.
 */
#include "auth_audit.h"
#include "auth_command.h"
#include "auth_guard.h"
#include "auth_int.h"
#include "auth_server.h"
#include "auth_well_known.h"

static const app_setting_t settings[] = {
    APP_SET_SECRET("JwtSecret", auth_conf_t, jwt_secret, 0,
                   "what tokens are verified and signed with: a text of at least 32 bytes (HS256), "
                   "a JWK, a JWK set or PEM (jwt-secret)"),
    APP_SET_FLAG("JwtSecretIsBase64", auth_conf_t, jwt_secret_is_base64, "off", 0,
                 "JwtSecret is in base64, of either alphabet (jwt-secret-is-base64)"),
    APP_SET_STRING("JwtAud", auth_conf_t, jwt_aud, NULL, APP_SET_LOCATION,
                   "audience that a token must be for, if it names one (jwt-aud)"),
    APP_SET_STRING("JwtIssuer", auth_conf_t, jwt_issuer, NULL, 0,
                   "issuer that a token must name; as a URL it is published, too"),
    APP_SET_LIST("JwtAlgorithms", auth_conf_t, jwt_algorithms, NULL, 0,
                 "algorithms that JwtSecret verifies with; none: all that its keys suit"),
    APP_SET_LIST("Issuer", auth_conf_t, issuers, NULL, APP_SET_APPEND,
                 "a foreign issuer of tokens: its \"iss\", keys=, audience=, and perhaps role=, "
                 "default-role=, algorithm=; may stand several times"),
    APP_SET_STRING("JwtRoleClaimKey", auth_conf_t, jwt_role_claim_key, "$.role", 0,
                   "where in a token the role is, as a JSONPath (jwt-role-claim-key)"),
    APP_SET_INT("JwtCacheMaxEntries", auth_conf_t, jwt_cache_max_entries, "1000", 0, 100000, 0,
                "verified tokens that a process remembers, 0 for none (jwt-cache-max-entries)"),
    APP_SET_INT("GuardFailures", auth_conf_t, guard_failures, "10", 1, 1000, 0,
                "failed sign-ins to an account from one address before the next one has to wait; "
                "to an account from anywhere five times, from an address to any account ten times "
                "as many"),
    APP_SET_DURATION("GuardDelayMax", auth_conf_t, guard_delay_max, "15m", 15 * APR_USEC_PER_SEC,
                     86400 * APR_USEC_PER_SEC, 0,
                     "longest wait after failed sign-ins to an account from one address; for an "
                     "account from anywhere, and an address, a fifteenth of it"),
    APP_SET_DURATION("AuditRetention", auth_conf_t, audit_retention, "90d", 0,
                     apr_time_from_sec(APR_INT64_C(36500) * 86400), 0,
                     "how long app_audit keeps what it has, 0 for ever"),
    APP_SET_FLAG("ServerIdentity", auth_conf_t, server_identity, "off", 0,
                 "a user that the server itself has identified (Basic, certificate, "
                 "mod_auth_openidc) is the API's, too, where a request brings no token"),
    APP_SET_STRING("ServerUser", auth_conf_t, server_user, "REMOTE_USER", 0,
                   "the server's variable that names this user"),
    APP_SET_STRING("ServerRole", auth_conf_t, server_role, NULL, 0,
                   "role of such users, unless ServerRoleMap says otherwise; none: the anonymous "
                   "one"),
    APP_SET_LIST("ServerRoleMap", auth_conf_t, server_role_map, NULL, 0,
                 "roles of such users: USER=ROLE, or VARIABLE:VALUE=ROLE where a variable of the "
                 "server holds or lists a value; the first that fits"),
    APP_SET_LIST("ServerClaims", auth_conf_t, server_claims, NULL, 0,
                 "claims of such users, beside sub and role: CLAIM=VARIABLE"),
    APP_SET_END
};

static const app_command_t commands[] = {
    { "audit", AUTH_COMMAND_AUDIT_USAGE, auth_command_audit },
    { NULL, NULL, NULL }
};

static const app_route_t routes[] = {
    { "GET", "/auth/.well-known/jwks.json", auth_jwks_handler },
    { "GET", "/auth/.well-known/openid-configuration", auth_metadata_handler },
    { NULL, NULL, NULL }
};

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    apr_pool_t *p = app_instance_pool(self);
    const auth_conf_t *conf = app_instance_settings(self);
    const auth_token_conf_t tokens = { .secret = conf->jwt_secret,
                                       .secret_base64 = conf->jwt_secret_is_base64,
                                       .issuer = conf->jwt_issuer,
                                       .algorithms = conf->jwt_algorithms,
                                       .issuers = conf->issuers,
                                       .role_path = conf->jwt_role_claim_key,
                                       .cache_entries = conf->jwt_cache_max_entries };
    auth_t *auth = apr_pcalloc(p, sizeof(*auth));

    auth->self = self;
    auth->conf = conf;
    if (auth_tokens_create(&auth->tokens, &tokens, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_server_create(&auth->server, conf, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_instance_context_set(self, auth);
    auth_guard_configure(auth);
    auth_audit_configure(auth);
    app_filter_add(self, APP_PLACE_IDENTITY, auth_identity_filter);
    return APR_SUCCESS;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);

    return auth->tokens ? auth_tokens_start(auth->tokens, err, app_instance_pool(self))
                        : APR_SUCCESS;
}

APP_PLUGIN(.name = "auth", .version = "0.1", .summary = "who is asking",
           .settings = settings, .settings_size = sizeof(auth_conf_t), .routes = routes,
           .configure = configure, .start = start, .commands = commands)
