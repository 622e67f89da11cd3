/* SPDX-License-Identifier: Apache-2.0 */
/** appctl mail, and appctl user invite. One thread. */
#include <stdio.h>
#include <string.h>

#include "auth_command_user.h"
#include "auth_mail_endpoints.h"
#include "auth_mail_queue.h"

app_command_e auth_command_user_invite(const auth_user_asked_t *asked, app_error_t *err)
{
    auth_user_t user = { .role = asked->role ? asked->role : asked->auth->conf->user_role };
    app_tx_t *tx;

    if (auth_email_read(&user.email, asked->words[1], err, err->pool) != APR_SUCCESS ||
        auth_begin(&tx, asked->auth, NULL, 0, err, err->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (auth_command_check_role(asked->auth, tx, user.role, err) != APR_SUCCESS ||
        auth_invite(&user, asked->auth, tx, asked->redirect, "appctl", NULL, err, err->pool) !=
            APR_SUCCESS ||
        app_tx_commit(tx, err) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    printf("%s\n", user.id);
    return APP_COMMAND_GOOD;
}

/** What users would get, but for the token: as the server sends it, and now. */
static app_command_e send_test(auth_t *auth, const char *address, app_error_t *err)
{
    static const volatile int never = 0;
    auth_mail_row_t row = { .id = auth_uuid(err->pool), .purpose = "test" };
    auth_mail_fate_e fate = AUTH_MAIL_FATE_LATER;
    const char *why = "";

    if (!auth_mail_configured(auth)) {
        app_fail(err, APP_E_BAD_REQUEST, "this site sends no mail: set SiteUrl, MailFrom, and "
                 "MailServer or MailSpool");
        return APP_COMMAND_WRONG;
    }
    if (auth_email_read(&row.recipient, address, err, err->pool) != APR_SUCCESS ||
        auth_mail_deliver(&fate, &why, auth,
                          auth_mail_way_open(&auth->conf->mail, &never, err->pool), &row, err,
                          err->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    if (fate != AUTH_MAIL_FATE_SENT) {
        app_fail(err, APP_E_BAD_REQUEST, "it was not sent: %s", why);
        return APP_COMMAND_WRONG;
    }
    printf("sent\n");
    return APP_COMMAND_GOOD;
}

static app_command_e list(auth_t *auth, app_error_t *err)
{
    app_rows_t *rows;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, auth, NULL, 1, err, err->pool) != APR_SUCCESS ||
        auth_query(&rows, tx, "SELECT id, purpose, recipient, created_at, due_at, tries"
                              " FROM app_mails WHERE state = 'waiting' ORDER BY due_at", NULL, 0,
                   err, err->pool) != APR_SUCCESS) {
        return auth_command_failed(err);
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        printf("%s  %-12s  %s  since %s, next try %s, %s before\n", app_rows_text(rows, 0, NULL),
               app_rows_text(rows, 1, NULL), app_rows_text(rows, 2, NULL),
               auth_command_time(app_rows_int(rows, 3), err->pool),
               auth_command_time(app_rows_int(rows, 4), err->pool), app_rows_text(rows, 5, NULL));
    }
    return rv == APR_EOF ? APP_COMMAND_GOOD : auth_command_failed(err);
}

app_command_e auth_command_mail(app_instance_t *self, int argc, const char *const *argv,
                                app_error_t *err)
{
    auth_t *auth = app_instance_context(self);

    if (argc == 2 && strcmp(argv[0], "test") == 0) {
        return send_test(auth, argv[1], err);
    }
    if (argc == 1 && strcmp(argv[0], "list") == 0) {
        return list(auth, err);
    }
    app_fail(err, APP_E_BAD_REQUEST, "mail takes test EMAIL, or list");
    return APP_COMMAND_USAGE;
}
