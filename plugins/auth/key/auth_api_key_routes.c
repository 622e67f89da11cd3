/* SPDX-License-Identifier: Apache-2.0 */
/**
 * GET and POST keys, DELETE keys/ID: a user's own, where UserKeys is on. A key of a user has the
 * role that the user has at the time, and of the scopes those that UserKeyScopes lists: policies
 * would believe any. Thread of the request.
 */
#include <string.h>

#include "auth_account.h"
#include "auth_api_key_int.h"

#define KEYS_MAX        100 /* of a user, not revoked */
#define DEFAULT_EXPIRES (APR_INT64_C(90) * 86400)
#define LONGEST_EXPIRES (APR_INT64_C(3650) * 86400)

/* Answers */

static json_t *words_json(const char *words)
{
    json_t *array = json_array();

    while (*words) {
        apr_size_t len = strcspn(words, " ");

        json_array_append_new(array, json_stringn(words, len));
        words += len + (words[len] == ' ');
    }
    return array;
}

static json_t *key_json(const auth_api_key_t *key)
{
    json_t *json = json_object();

    json_object_set_new(json, "id", json_string(key->id));
    json_object_set_new(json, "name", json_string(key->name));
    json_object_set_new(json, "scopes", words_json(key->scopes));
    json_object_set_new(json, "created_at", auth_json_time(key->created_at));
    json_object_set_new(json, "expires_at", auth_json_time(key->expires_at));
    json_object_set_new(json, "last_used_at", auth_json_time(key->used_at));
    return json;
}

/** Who asks, if that is a user with a session, and users may have keys. */
static apr_status_t read_caller(auth_caller_t *caller, auth_t *auth, app_request_t *r,
                                app_error_t *err)
{
    if (!auth->conf->user_keys) {
        return auth_fail(err, 404, "user_keys_disabled", "Users cannot make API keys here");
    }
    return auth_caller_read(caller, auth, r, err);
}

/* List */

static void add(void *array, const auth_api_key_t *key)
{
    if (!key->revoked_at) {
        json_array_append_new(array, key_json(key));
    }
}

static apr_status_t read_all(json_t *array, auth_t *auth, const auth_caller_t *caller,
                             app_request_t *r, app_error_t *err)
{
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 1, err, app_request_pool(r)) != APR_SUCCESS ||
        auth_api_key_each(tx, caller->user_id, add, array, err, app_request_pool(r)) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

apr_status_t auth_api_key_list(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    json_t *array = app_json_own(app_request_pool(r), json_array());
    auth_caller_t caller;

    if (read_caller(&caller, auth, r, err) != APR_SUCCESS ||
        read_all(array, auth, &caller, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_answer_json(r, res, 200, json_incref(array), err);
}

/* Create */

/** Absent: a while; null: for ever; else seconds. */
static apr_status_t read_expires(auth_api_key_t *key, const json_t *member, app_error_t *err)
{
    apr_int64_t seconds = member ? json_integer_value(member) : DEFAULT_EXPIRES;

    if (json_is_null(member)) {
        return APR_SUCCESS;
    }
    if (seconds < 1 || seconds > LONGEST_EXPIRES) {
        return auth_fail(err, 422, "validation_failed",
                         "expires_in is a number of seconds, at most %" APR_INT64_T_FMT
                         ", or null",
                         LONGEST_EXPIRES);
    }
    key->expires_at = key->created_at + seconds;
    return APR_SUCCESS;
}

static int is_listed(const apr_array_header_t *list, const char *word)
{
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, const char *), word) == 0) {
            return 1;
        }
    }
    return 0;
}

/** An array of texts, each a scope that the site lets users give. */
static apr_status_t read_scopes(auth_api_key_t *key, const auth_t *auth, const json_t *member,
                                app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *texts = apr_array_make(p, 4, sizeof(const char *));
    const json_t *entry;
    size_t i;

    if (member && !json_is_null(member) && !json_is_array(member)) {
        return auth_fail(err, 422, "validation_failed", "scopes is an array of texts");
    }
    json_array_foreach(member, i, entry) {
        const char *text = json_string_value(entry);

        if (!text || !is_listed(auth->conf->user_key_scopes, text)) {
            return auth_fail(err, 422, "scope_not_allowed", "\"%s\" is no scope for keys of users",
                             text ? text : "");
        }
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return auth_api_key_scopes(&key->scopes, texts, err, p);
}

static apr_status_t read_key(auth_api_key_t *key, const auth_t *auth, const json_t *body,
                             app_error_t *err, apr_pool_t *p)
{
    key->id = auth_api_key_id(p);
    key->role = ""; /* the user's */
    key->created_at = auth_now();
    key->name = auth_body_text(body, "name");
    if (!key->name || !*key->name || strlen(key->name) > AUTH_API_KEY_NAME_MAX) {
        return auth_fail(err, 422, "validation_failed", "name is a text of 1 to %d bytes",
                         AUTH_API_KEY_NAME_MAX);
    }
    if (read_scopes(key, auth, json_object_get(body, "scopes"), err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return read_expires(key, json_object_get(body, "expires_in"), err);
}

static void count_one(void *count, const auth_api_key_t *key)
{
    *(int *)count += !key->revoked_at;
}

static apr_status_t store(auth_t *auth, const auth_api_key_t *key, const auth_caller_t *caller,
                          app_request_t *r, app_error_t *err)
{
    const auth_event_t event = { .name = "key_created", .user_id = key->user_id,
                                 .session_id = caller->session_id,
                                 .detail = auth_api_key_detail(key, app_request_pool(r)) };
    apr_pool_t *p = app_request_pool(r);
    int count = 0;
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS ||
        auth_api_key_each(tx, key->user_id, count_one, &count, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (count >= KEYS_MAX) {
        app_tx_rollback(tx);
        return auth_fail(err, 422, "too_many_keys", "A user has at most %d keys", KEYS_MAX);
    }
    if (auth_api_key_insert(tx, key, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(auth, tx, r, &event);
    return app_tx_commit(tx, err);
}

static apr_status_t answer_new(const auth_api_key_t *key, const char *text, app_request_t *r,
                               app_response_t *res, app_error_t *err)
{
    json_t *json = key_json(key);

    json_object_set_new(json, "key", json_string(text));
    return auth_answer_json(r, res, 201, json, err);
}

apr_status_t auth_api_key_create(app_instance_t *self, app_request_t *r, app_response_t *res,
                                 app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    apr_pool_t *p = app_request_pool(r);
    auth_api_key_t key = { .id = NULL };
    auth_caller_t caller;
    const json_t *body;
    const char *text;
    auth_user_t user;

    if (read_caller(&caller, auth, r, err) != APR_SUCCESS ||
        auth_body_read(&body, r, err) != APR_SUCCESS ||
        read_key(&key, auth, body, err, p) != APR_SUCCESS ||
        auth_account_read(&user, auth, &caller, r, err) != APR_SUCCESS ||
        auth_account_prove(auth, &caller, &user, auth_body_text(body, "current_password"), r,
                           err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    text = auth_api_key_make(key.id, p);
    key.hash = auth_hash(text, p);
    key.user_id = user.id;
    if (store(auth, &key, &caller, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return answer_new(&key, text, r, res, err);
}

/* Delete */

static apr_status_t revoke_own(auth_t *auth, const char *id, const auth_caller_t *caller,
                               app_request_t *r, app_error_t *err)
{
    const auth_api_key_t key = { .id = id };
    const auth_event_t event = { .name = "key_revoked", .user_id = caller->user_id,
                                 .session_id = caller->session_id,
                                 .detail = auth_api_key_detail(&key, app_request_pool(r)) };
    apr_status_t rv;
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 0, err, app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = auth_api_key_revoke(tx, id, caller->user_id, err, app_request_pool(r));
    if (rv == APR_NOTFOUND) {
        app_tx_rollback(tx);
        return auth_fail(err, 404, "key_not_found", "There is no such key");
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    auth_audit(auth, tx, r, &event);
    return app_tx_commit(tx, err);
}

apr_status_t auth_api_key_delete(app_instance_t *self, app_request_t *r, app_response_t *res,
                                 app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    const char *id = strrchr(app_request_path(r), '/') + 1;
    auth_caller_t caller;

    if (read_caller(&caller, auth, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!auth_api_key_is_id(id, strlen(id))) {
        return auth_fail(err, 404, "key_not_found", "There is no such key");
    }
    if (revoke_own(auth, id, &caller, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_api_keys_changed(auth);
    app_response_status(res, 204);
    return APP_DONE;
}
