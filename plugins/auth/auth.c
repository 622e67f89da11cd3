/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin auth: who is asking. Descriptor, settings and life; the way of a request is in
 * auth_identity.c.
 */
#include "auth_api_key.h"
#include "auth_audit.h"
#include "auth_command.h"
#include "auth_ended.h"
#include "auth_endpoints.h"
#include "auth_factor.h"
#include "auth_guard.h"
#include "auth_http.h"
#include "auth_int.h"
#include "auth_mail.h"
#include "auth_mail_endpoints.h"
#include "auth_seal.h"
#include "auth_server.h"
#include "auth_turn.h"
#include "auth_well_known.h"

#define SECONDS(n) ((n) * APR_USEC_PER_SEC)
#define DAYS(n)    (APR_INT64_C(n) * 86400 * APR_USEC_PER_SEC)

/* In the order of auth_signup_e. */
static const char *const signup_words[] = { "closed", "open", "invite", NULL };

/* In the order of auth_cookies_e. */
static const char *const cookie_words[] = { "off", "on", "insecure", NULL };

/* In the order of auth_second_factor_e. */
static const char *const second_factor_words[] = { "required", "optional", NULL };

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
    APP_SET_DURATION("JwksTimeout", auth_conf_t, jwks.timeout, "5s", apr_time_from_msec(100),
                     apr_time_from_sec(30), 0,
                     "longest time to fetch an issuer's keys, and for a request to wait for it"),
    APP_SET_DURATION("JwksRetry", auth_conf_t, jwks.retry, "30s", apr_time_from_sec(1),
                     apr_time_from_sec(3600), 0,
                     "shortest time between two fetches of an issuer's keys, good or not"),
    APP_SET_DURATION("JwksMaxAge", auth_conf_t, jwks.max_age, "1h", apr_time_from_sec(1),
                     apr_time_from_sec(86400), 0,
                     "how long an issuer's keys are used before they are fetched again, or less "
                     "if it says so"),
    APP_SET_DURATION("JwksStale", auth_conf_t, jwks.stale, "1d", 0, apr_time_from_sec(30 * 86400),
                     0, "how much longer they are used while the issuer is away"),
    APP_SET_PATH("JwksCaFile", auth_conf_t, jwks.ca_file, NULL, 0,
                 "certificates, in PEM, that issuers' servers are trusted by; none: the system's"),
    APP_SET_STRING("JwksProxy", auth_conf_t, jwks.proxy, NULL, 0,
                   "URL of the proxy through which keys are fetched; none: directly"),
    APP_SET_STRING("JwtRoleClaimKey", auth_conf_t, jwt_role_claim_key, "$.role", 0,
                   "where in a token the role is, as a JSONPath (jwt-role-claim-key)"),
    APP_SET_INT("JwtCacheMaxEntries", auth_conf_t, jwt_cache_max_entries, "1000", 0, 100000, 0,
                "verified tokens that a process remembers, 0 for none (jwt-cache-max-entries)"),
    APP_SET_ENUM("Signup", auth_conf_t, signup, "closed", signup_words, 0,
                 "who may make an account: nobody (closed), everybody (open), or whoever has been "
                 "invited (invite)"),
    APP_SET_FLAG("VerifyEmail", auth_conf_t, verify_email, "on", 0,
                 "who signs up proves the address before they can sign in, if the site can send "
                 "mail"),
    APP_SET_STRING("UserRole", auth_conf_t, user_role, "authenticated", 0,
                   "role of those who sign up"),
    APP_SET_INT("PasswordMinLength", auth_conf_t, password_min, "8", 1, 128, 0,
                "fewest characters of a new password"),
    APP_SET_SIZE("HashMemory", auth_conf_t, hash_memory, "19m", 1024 * 1024, 1024 * 1024 * 1024, 0,
                 "memory that a hash of a password takes (argon2id)"),
    APP_SET_INT("HashPasses", auth_conf_t, hash_passes, "2", 1, 64, 0,
                "how often a hash goes over its memory"),
    APP_SET_INT("HashLanes", auth_conf_t, hash_lanes, "1", 1, 16, 0,
                "threads that make one hash"),
    APP_SET_INT("HashParallel", auth_conf_t, hash_parallel, "0", 0, 64, 0,
                "hashes that are made at a time, over all processes; 0 for as many as the machine "
                "has cores"),
    APP_SET_DURATION("AccessTokenLifetime", auth_conf_t, access_lifetime, "15m", SECONDS(10),
                     DAYS(1), 0, "how long an access token is good"),
    APP_SET_DURATION("SessionLifetime", auth_conf_t, session_lifetime, "30d", SECONDS(10),
                     DAYS(3650), 0, "how long after a sign-in its session ends"),
    APP_SET_DURATION("SessionIdle", auth_conf_t, session_idle, "7d", SECONDS(10), DAYS(3650), 0,
                     "how long a session goes on that is not used"),
    APP_SET_DURATION("RefreshGrace", auth_conf_t, refresh_grace, "10s", 0, SECONDS(300), 0,
                     "how long a refresh token that has been used is answered once more, with the "
                     "same next one"),
    APP_SET_DURATION("FreshSession", auth_conf_t, fresh_session, "10m", 0, DAYS(1), 0,
                     "how long after a sign-in a user may change password or address, and delete "
                     "the account, without giving the password"),
    APP_SET_ENUM("Cookies", auth_conf_t, cookies, "on", cookie_words, 0,
                 "tokens as cookies for whoever asks for them: on, off, or, for development "
                 "without TLS, insecure"),
    APP_SET_LIST("CookieOrigins", auth_conf_t, cookie_origins, NULL, 0,
                 "origins (https://www.example.org) whose pages may send requests with cookies, "
                 "beside the site's own"),
    APP_SET_INT("GuardFailures", auth_conf_t, guard_failures, "10", 1, 1000, 0,
                "failed sign-ins to an account from one address before the next one has to wait; "
                "to an account from anywhere five times, from an address to any account ten times "
                "as many"),
    APP_SET_DURATION("GuardDelayMax", auth_conf_t, guard_delay_max, "15m", 15 * APR_USEC_PER_SEC,
                     86400 * APR_USEC_PER_SEC, 0,
                     "longest wait after failed sign-ins to an account from one address; for an "
                     "account from anywhere, and an address, a fifteenth of it"),
    APP_SET_FLAG("UserKeys", auth_conf_t, user_keys, "off", 0,
                 "users may make API keys for themselves, in their own role"),
    APP_SET_LIST("UserKeyScopes", auth_conf_t, user_key_scopes, NULL, 0,
                 "scopes that users may give their keys"),
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
    APP_SET_SECRET("SealKey", auth_conf_t, seal_key, 0,
                   "what secrets of second factors are encrypted with in the database: at least "
                   "32 bytes; without it a key is derived from JwtSecret"),
    APP_SET_SECRET("SealKeyOld", auth_conf_t, seal_key_old, 0,
                   "former SealKey, or JwtSecret, with which some are still encrypted"),
    APP_SET_ENUM("SecondFactor", auth_conf_t, second_factor, "required", second_factor_words, 0,
                 "whether tokens of a user who has a second factor are good for nothing but "
                 "proving it until that is done; optional leaves it to policies, by the claim aal"),
    AUTH_MAIL_SETTINGS(auth_conf_t),
    APP_SET_END
};

static const app_command_t commands[] = {
    { "audit", AUTH_COMMAND_AUDIT_USAGE, auth_command_audit },
    { "key", AUTH_COMMAND_KEY_USAGE, auth_command_key },
    { "keys", AUTH_COMMAND_KEYS_USAGE, auth_command_keys },
    { "token", AUTH_COMMAND_TOKEN_USAGE, auth_command_token },
    { "user", AUTH_COMMAND_USER_USAGE, auth_command_user },
    { "mail", AUTH_COMMAND_MAIL_USAGE, auth_command_mail },
    { NULL, NULL, NULL }
};

static const app_route_t routes[] = {
    { "POST", "/auth/signup", auth_signup_post },
    { "POST", "/auth/token", auth_token_post },
    { "POST", "/auth/logout", auth_logout_post },
    { "GET", "/auth/user", auth_user_get },
    { "PUT PATCH", "/auth/user", auth_user_put },
    { "DELETE", "/auth/user", auth_user_delete },
    { "GET", "/auth/sessions", auth_sessions_get },
    { "GET", "/auth/server", auth_server_get },
    { "DELETE", "/auth/sessions/", auth_sessions_delete },
    { "GET", "/auth/keys", auth_api_key_list },
    { "POST", "/auth/keys", auth_api_key_create },
    { "DELETE", "/auth/keys/", auth_api_key_delete },
    { "POST", "/auth/recover", auth_recover_post },
    { "POST", "/auth/otp", auth_otp_post },
    { "POST", "/auth/magiclink", auth_otp_post },
    { "POST", "/auth/resend", auth_resend_post },
    { "POST", "/auth/invite", auth_invite_post },
    { "GET", "/auth/verify", auth_verify_get },
    { "POST", "/auth/verify", auth_verify_post },
    { "GET", "/auth/factors", auth_factors_get },
    { "POST", "/auth/factors", auth_factors_post },
    { "POST", "/auth/factors/", auth_factor_post },
    { "DELETE", "/auth/factors/", auth_factor_delete },
    { "POST", "/auth/factors/recovery-codes", auth_recovery_codes_post },
    { "POST", "/auth/factors/recovery", auth_recovery_post },
    { "GET", "/auth/.well-known/jwks.json", auth_jwks_handler },
    { "GET", "/auth/.well-known/openid-configuration", auth_metadata_handler },
    { NULL, NULL, NULL }
};

static void fetch_keys(app_instance_t *self, apr_pool_t *scratch)
{
    const auth_t *auth = app_instance_context(self);

    auth_tokens_tick(auth->tokens, scratch);
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    apr_pool_t *p = app_instance_pool(self);
    const auth_conf_t *conf = app_instance_settings(self);
    const auth_token_conf_t tokens = { .secret = conf->jwt_secret,
                                       .secret_base64 = conf->jwt_secret_is_base64,
                                       .issuer = conf->jwt_issuer,
                                       .algorithms = conf->jwt_algorithms,
                                       .issuers = conf->issuers,
                                       .jwks = conf->jwks,
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
    if (auth_metrics_configure(auth, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_instance_context_set(self, auth);
    if (auth->tokens && auth_tokens_need_timer(auth->tokens)) {
        app_timer_add(self, "auth-keys", conf->jwks.retry, 1, fetch_keys);
    }
    auth_guard_configure(auth);
    auth_audit_configure(auth);
    auth_turn_configure(auth);
    auth_ended_configure(auth);
    app_filter_add(self, APP_PLACE_FIRST, auth_http_filter);
    auth_api_keys_configure(auth);
    app_filter_add(self, APP_PLACE_IDENTITY, auth_identity_filter);
    return auth_seal_check(conf, err) == APR_SUCCESS ? auth_mail_configure(auth, err) : APP_EFAIL;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    apr_pool_t *p = app_instance_pool(self);

    if (auth->tokens && auth_tokens_start(auth->tokens, app_instance_state_dir(self), err, p) !=
                            APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_api_keys_start(auth, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_mail_start(auth, err);
}

static void stop(app_instance_t *self)
{
    auth_t *auth = app_instance_context(self);

    if (auth->tokens) {
        auth_tokens_stop(auth->tokens);
    }
    auth_mail_stop(auth);
}

APP_PLUGIN(.name = "auth", .version = "0.1", .summary = "who is asking",
           .settings = settings, .settings_size = sizeof(auth_conf_t), .routes = routes,
           .configure = configure, .start = start, .stop = stop, .commands = commands)
