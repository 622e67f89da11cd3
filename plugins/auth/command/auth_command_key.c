/* SPDX-License-Identifier: Apache-2.0 */
/** appctl key: makes, lists and revokes API keys. */
#include <stdio.h>
#include <string.h>

#include "auth_api_key_int.h"
#include "auth_audit.h"
#include "auth_command.h"

/** What the words and options said. */
typedef struct asked_t {
    const char *const  *words;
    int                 count;
    const char         *role, *user, *expires;
    apr_array_header_t *scopes; /* of const char * */
    int                 json;
} asked_t;

static app_command_e misused(app_error_t *err, const char *why)
{
    app_fail(err, APP_E_BAD_REQUEST, "%s", why);
    return APP_COMMAND_USAGE;
}

/** Writes down what appctl has done, with the commit of it. */
static apr_status_t finish(auth_t *auth, app_tx_t *tx, const char *event_name,
                           const auth_api_key_t *key, app_error_t *err)
{
    const auth_event_t event = { .name = event_name, .user_id = key->user_id, .actor = "appctl",
                                 .detail = auth_api_key_detail(key, err->pool) };

    auth_audit(auth, tx, NULL, &event);
    return app_tx_commit(tx, err);
}

/* Create */

static apr_status_t fill(auth_api_key_t *key, const asked_t *asked, app_error_t *err)
{
    apr_int64_t seconds;

    key->name = asked->words[1];
    key->id = auth_api_key_id(err->pool);
    key->role = asked->role ? asked->role : "";
    key->created_at = auth_now();
    if (strlen(key->name) > AUTH_API_KEY_NAME_MAX ||
        !app_utf8_valid(key->name, strlen(key->name))) {
        return app_fail(err, APP_E_BAD_REQUEST, "NAME is at most %d bytes of UTF-8",
                        AUTH_API_KEY_NAME_MAX);
    }
    if (asked->expires) {
        if (auth_command_duration(&seconds, asked->expires, "--expires", err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        key->expires_at = key->created_at + seconds;
    }
    return auth_api_key_scopes(&key->scopes, asked->scopes, err, err->pool);
}

static apr_status_t store(auth_t *auth, auth_api_key_t *key, const asked_t *asked,
                          app_error_t *err)
{
    app_tx_t *tx;

    if (auth_begin(&tx, auth, NULL, 0, err, err->pool) != APR_SUCCESS ||
        (asked->user &&
         auth_command_find_user(&key->user_id, tx, asked->user, err) != APR_SUCCESS) ||
        (asked->role && auth_command_check_role(auth, tx, asked->role, err) != APR_SUCCESS) ||
        auth_api_key_insert(tx, key, err, err->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return finish(auth, tx, "key_created", key, err);
}

static app_command_e create(auth_t *auth, const asked_t *asked, app_error_t *err)
{
    auth_api_key_t key = { .id = NULL };
    const char *text;

    if (asked->count != 2 || !*asked->words[1]) {
        return misused(err, "key create takes one NAME");
    }
    if (!asked->role && !asked->user) {
        return misused(err, "key create takes a --role, or the --user whose role it has");
    }
    if (fill(&key, asked, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    text = auth_api_key_make(key.id, err->pool);
    key.hash = auth_hash(text, err->pool);
    if (store(auth, &key, asked, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    printf("%s\n", text);
    fprintf(stderr, "This is key %s. It is shown this once.\n", key.id);
    return APP_COMMAND_GOOD;
}

/* List */

static const char *state_of(const auth_api_key_t *key)
{
    if (key->revoked_at) {
        return "revoked";
    }
    if (key->expires_at && key->expires_at <= auth_now()) {
        return "expired";
    }
    return key->disabled_at ? "user disabled" : "good";
}

static void add_member(app_buf_t *buf, const char *name, const char *text)
{
    app_buf_addf(buf, ",\"%s\":", name);
    if (text) {
        app_buf_add_json(buf, text, strlen(text));
    }
    else {
        app_buf_adds(buf, "null");
    }
}

static void add_time(app_buf_t *buf, const char *name, apr_int64_t seconds)
{
    if (seconds) {
        app_buf_addf(buf, ",\"%s\":%" APR_INT64_T_FMT, name, seconds);
    }
    else {
        app_buf_addf(buf, ",\"%s\":null", name);
    }
}

static void print_json(void *pool, const auth_api_key_t *key)
{
    app_buf_t buf;

    app_buf_init(&buf, pool, 64 * 1024);
    app_buf_addf(&buf, "{\"id\":\"%s\"", key->id);
    add_member(&buf, "name", key->name);
    add_member(&buf, "state", state_of(key));
    add_member(&buf, "role", key->role);
    add_member(&buf, "user_id", key->user_id);
    add_member(&buf, "scope", key->scopes);
    add_time(&buf, "created_at", key->created_at);
    add_time(&buf, "expires_at", key->expires_at);
    add_time(&buf, "used_at", key->used_at);
    add_time(&buf, "revoked_at", key->revoked_at);
    printf("%s}\n", buf.data);
}

static void print_line(void *pool, const auth_api_key_t *key)
{
    printf("%s  %-8s  %-12s  used %-19s  expires %-19s  %s%s%s%s%s\n", key->id, state_of(key),
           key->role ? key->role : "-", auth_command_time(key->used_at, pool),
           auth_command_time(key->expires_at, pool), key->name, *key->scopes ? "  scope " : "",
           key->scopes, key->user_id ? "  user " : "", key->user_id ? key->user_id : "");
}

static app_command_e list(auth_t *auth, const asked_t *asked, app_error_t *err)
{
    const char *user_id = NULL;
    app_tx_t *tx;

    if (asked->count != 1) {
        return misused(err, "key list takes no words");
    }
    if (auth_begin(&tx, auth, NULL, 1, err, err->pool) != APR_SUCCESS ||
        (asked->user && auth_command_find_user(&user_id, tx, asked->user, err) != APR_SUCCESS) ||
        auth_api_key_each(tx, user_id, asked->json ? print_json : print_line, err->pool, err,
                          err->pool) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    app_tx_rollback(tx);
    return APP_COMMAND_GOOD;
}

/* Revoke */

static app_command_e revoke_one(auth_t *auth, const asked_t *asked, app_error_t *err)
{
    auth_api_key_t key = { .id = asked->count == 2 ? asked->words[1] : "" };
    apr_status_t rv;
    app_tx_t *tx;

    if (!auth_api_key_is_id(key.id, strlen(key.id))) {
        return misused(err, "key revoke takes one ID, as key list shows it");
    }
    if (auth_begin(&tx, auth, NULL, 0, err, err->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    rv = auth_api_key_revoke(tx, key.id, NULL, err, err->pool);
    if (rv == APR_NOTFOUND) {
        app_tx_rollback(tx);
        app_fail(err, APP_E_NOT_FOUND, "there is no key %s that is not revoked already", key.id);
        return APP_COMMAND_WRONG;
    }
    if (rv != APR_SUCCESS || finish(auth, tx, "key_revoked", &key, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    return APP_COMMAND_GOOD;
}

static const struct {
    const char *name;
    app_command_e (*run)(auth_t *auth, const asked_t *asked, app_error_t *err);
} verbs[] = { { "create", create }, { "list", list }, { "revoke", revoke_one } };

app_command_e auth_command_key(app_instance_t *self, int argc, const char *const *argv,
                               app_error_t *err)
{
    asked_t asked = { .scopes = apr_array_make(err->pool, 4, sizeof(const char *)) };
    const app_option_t options[] = { { .name = "--role", .value = &asked.role },
                                     { .name = "--user", .value = &asked.user },
                                     { .name = "--expires", .value = &asked.expires },
                                     { .name = "--scope", .values = asked.scopes },
                                     { .name = "--json", .flag = &asked.json },
                                     { .name = NULL } };
    apr_size_t i;

    if (app_command_read(&asked.words, &asked.count, argc, argv, options, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    for (i = 0; asked.count && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(asked.words[0], verbs[i].name) == 0) {
            return verbs[i].run(app_instance_context(self), &asked, err);
        }
    }
    return misused(err, "key takes create, list or revoke");
}
