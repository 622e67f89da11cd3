/* SPDX-License-Identifier: Apache-2.0 */
/**
 * appctl user: adds, changes and removes users. What takes something away from one ends the
 * sessions, which the server's processes hear of within two seconds. One thread.
 */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_command_user.h"
#include "auth_password.h"
#include "auth_session.h"

static app_command_e misused(app_error_t *err, const char *why)
{
    app_fail(err, APP_E_BAD_REQUEST, "%s", why);
    return APP_COMMAND_USAGE;
}

static apr_status_t finish(auth_t *auth, app_tx_t *tx, const char *event_name, const char *id,
                           const char *role, app_error_t *err)
{
    app_buf_t detail;
    auth_event_t event = { .name = event_name, .user_id = id, .actor = "appctl" };

    if (role) {
        app_buf_init(&detail, err->pool, 64 * 1024);
        app_buf_adds(&detail, "{\"role\":");
        app_buf_add_json(&detail, role, strlen(role));
        app_buf_addc(&detail, '}');
        event.detail = detail.data;
    }
    auth_audit(auth, tx, NULL, &event);
    return app_tx_commit(tx, err);
}

/** A hash of the password that is read now. */
static apr_status_t read_hash(const char **phash, auth_t *auth, const char *account,
                              app_error_t *err)
{
    const char *password = NULL;

    if (auth_command_password(&password, err) != APR_SUCCESS ||
        auth_password_fit(auth, password, account, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_password_hash(phash, auth, password, err, err->pool);
}

/* Adding */

static apr_status_t fill(auth_user_t *user, const auth_user_asked_t *asked, app_error_t *err)
{
    const char *account = asked->words[1];
    int is_email = strchr(account, '@') != NULL;

    if ((is_email ? auth_email_read(&user->email, account, err, err->pool)
                  : auth_name_read(&user->name, account, err, err->pool)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    user->role = asked->role ? asked->role : asked->auth->conf->user_role;
    user->verified_at = is_email ? auth_now() : 0; /* whoever may run this vouches for it */
    return asked->password ? read_hash(&user->password, asked->auth, account, err) : APR_SUCCESS;
}

static app_command_e add(const auth_user_asked_t *asked, app_error_t *err)
{
    auth_user_t user = { .id = NULL };
    apr_status_t rv;
    app_tx_t *tx;

    if (fill(&user, asked, err) != APR_SUCCESS ||
        auth_begin(&tx, asked->auth, NULL, 0, err, err->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (auth_command_check_role(asked->auth, tx, user.role, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    rv = auth_user_add(&user, tx, err, err->pool);
    if (rv == APR_EEXIST) {
        app_tx_rollback(tx);
        app_fail(err, APP_E_BAD_REQUEST, "there is a user \"%s\" already", asked->words[1]);
        return APP_COMMAND_WRONG;
    }
    if (rv != APR_SUCCESS ||
        finish(asked->auth, tx, "user_added", user.id, user.role, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    printf("%s\n", user.id);
    return APP_COMMAND_GOOD;
}

/* Changing */

/** One change of one user. */
typedef struct change_t {
    auth_user_change_e  what;
    const char         *value;
    const char         *event;
    int                 end; /* the sessions */
} change_t;

static app_command_e change(const auth_user_asked_t *asked, const change_t *c, app_error_t *err)
{
    int is_role = c->what == AUTH_USER_ROLE;
    const char *id = NULL;
    app_tx_t *tx;

    if (auth_begin(&tx, asked->auth, NULL, 0, err, err->pool) != APR_SUCCESS ||
        auth_command_find_user(&id, tx, asked->words[1], err) != APR_SUCCESS ||
        (is_role &&
         auth_command_check_role(asked->auth, tx, c->value, err) != APR_SUCCESS) ||
        auth_user_change(tx, id, c->what, c->value, err, err->pool) != APR_SUCCESS ||
        (c->end && auth_session_end(asked->auth, tx, id, NULL, AUTH_SESSIONS_ALL, err,
                                    err->pool) != APR_SUCCESS) ||
        finish(asked->auth, tx, c->event, id, is_role ? c->value : NULL, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    return APP_COMMAND_GOOD;
}

static app_command_e passwd(const auth_user_asked_t *asked, app_error_t *err)
{
    change_t c = { .what = AUTH_USER_PASSWORD, .event = "password_changed", .end = 1 };

    return read_hash(&c.value, asked->auth, asked->words[1], err) == APR_SUCCESS
               ? change(asked, &c, err)
               : APP_COMMAND_WRONG;
}

static app_command_e set_role(const auth_user_asked_t *asked, app_error_t *err)
{
    const change_t c = { .what = AUTH_USER_ROLE, .value = asked->words[2],
                         .event = "role_changed", .end = 1 };

    return change(asked, &c, err);
}

static app_command_e disable(const auth_user_asked_t *asked, app_error_t *err)
{
    const change_t c = { .what = AUTH_USER_DISABLED, .event = "user_disabled", .end = 1,
                         .value = apr_psprintf(err->pool, "%" APR_INT64_T_FMT, auth_now()) };

    return change(asked, &c, err);
}

static app_command_e enable(const auth_user_asked_t *asked, app_error_t *err)
{
    const change_t c = { .what = AUTH_USER_DISABLED, .event = "user_enabled" };

    return change(asked, &c, err);
}

/* Ending */

static app_command_e end(const auth_user_asked_t *asked, int removing, app_error_t *err)
{
    const char *id = NULL;
    app_tx_t *tx;

    if (auth_begin(&tx, asked->auth, NULL, 0, err, err->pool) != APR_SUCCESS ||
        auth_command_find_user(&id, tx, asked->words[1], err) != APR_SUCCESS ||
        auth_session_end(asked->auth, tx, id, NULL, AUTH_SESSIONS_ALL, err, err->pool) !=
            APR_SUCCESS ||
        (removing && auth_user_remove(tx, id, err, err->pool) != APR_SUCCESS) ||
        finish(asked->auth, tx, removing ? "user_removed" : "sign_out", id, NULL, err) !=
            APR_SUCCESS) {
        return auth_command_failed(err);
    }
    return APP_COMMAND_GOOD;
}

static app_command_e remove_user(const auth_user_asked_t *asked, app_error_t *err)
{
    return end(asked, 1, err);
}

static app_command_e sessions(const auth_user_asked_t *asked, app_error_t *err)
{
    return asked->end ? end(asked, 0, err) : auth_command_user_sessions(asked, err);
}

/** words: the verb's own, and itself. */
static const struct {
    const char *name;
    int         words;
    app_command_e (*run)(const auth_user_asked_t *asked, app_error_t *err);
} verbs[] = { { "add", 2, add },         { "passwd", 2, passwd },
              { "role", 3, set_role },   { "disable", 2, disable },
              { "enable", 2, enable },   { "list", 1, auth_command_user_list },
              { "remove", 2, remove_user }, { "sessions", 2, sessions },
              { "invite", 2, auth_command_user_invite } };

app_command_e auth_command_user(app_instance_t *self, int argc, const char *const *argv,
                                app_error_t *err)
{
    auth_user_asked_t asked = { .auth = app_instance_context(self) };
    const app_option_t options[] = { { .name = "--role", .value = &asked.role },
                                     { .name = "--redirect", .value = &asked.redirect },
                                     { .name = "--password-stdin", .flag = &asked.password },
                                     { .name = "--json", .flag = &asked.json },
                                     { .name = "--end", .flag = &asked.end },
                                     { .name = NULL } };
    apr_size_t i;

    if (app_command_read(&asked.words, &asked.count, argc, argv, options, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    for (i = 0; asked.count && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(asked.words[0], verbs[i].name) == 0) {
            return asked.count == verbs[i].words
                       ? verbs[i].run(&asked, err)
                       : misused(err, "that is too many words for user, or too few");
        }
    }
    return misused(err, "user takes add, passwd, role, disable, enable, list, remove, sessions "
                   "or invite");
}
