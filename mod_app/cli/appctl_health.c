/* SPDX-License-Identifier: Apache-2.0 */
/** appctl health: what /health would answer, asked from a process that is not the server's. */
#include <stdio.h>
#include <string.h>

#include "appctl.h"

static void print_pretty(const app_loopback_answer_t *answer, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    json_t *document;

    if (app_json_parse(answer->body, answer->len, &document, &err, p) == APR_SUCCESS) {
        json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
        putchar('\n');
    }
    else {
        printf("%s\n", answer->body);
    }
}

int appctl_health(const appctl_t *ctl)
{
    int live = ctl->argc > 0 && strcmp(ctl->argv[0], "--live") == 0;
    const app_loopback_ask_t ask = { .target = live ? "/health/live" : "/health" };
    app_error_t err = { .pool = ctl->p };
    app_loopback_answer_t answer;
    app_loopback_t *loopback;

    if (ctl->argc > live) {
        return appctl_usage("health takes --live or nothing, not \"%s\".", ctl->argv[live]);
    }
    if (appctl_load(ctl, &loopback, &err) != APR_SUCCESS ||
        appctl_become_owner(app_site_db(app_loopback_site(loopback)), &err) != APR_SUCCESS ||
        app_loopback_start(loopback, &err) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    app_loopback_run(loopback, &ask, &answer, ctl->p);
    app_loopback_stop(loopback);
    print_pretty(&answer, ctl->p);
    return answer.status == 200 ? APPCTL_GOOD : APPCTL_WRONG;
}
