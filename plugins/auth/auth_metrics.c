/* SPDX-License-Identifier: Apache-2.0 */
/** What operators see of who signs in and who is refused. configure(), then any thread. */
#include "app_metric.h"

#include "auth_int.h"

#define EVENTS_MAX 64 /* names that app_audit has */

static const app_metric_def_t identities = {
    .name = "app_auth_identities",
    .help = "Requests by what they brought along to say who asks, and whether it was believed.",
    .kind = APP_METRIC_COUNTER,
    .labels = "source outcome",
    .max_series = 16
};

static const app_metric_def_t events = {
    .name = "app_auth_events",
    .help = "Sign-ins, refusals and changes, as app_audit names them, those left out there included.",
    .kind = APP_METRIC_COUNTER,
    .labels = "event",
    .max_series = EVENTS_MAX
};

apr_status_t auth_metrics_configure(auth_t *auth, app_error_t *err)
{
    return app_metric_declare(&auth->identities, auth->self, &identities, err) == APR_SUCCESS
               ? app_metric_declare(&auth->events, auth->self, &events, err)
               : APP_EFAIL;
}

void auth_metrics_identity(const auth_t *auth, const char *source, const char *outcome)
{
    if (auth->identities) {
        app_metric_add(auth->identities, 1, APP_METRIC_LABELS(source, outcome));
    }
}

void auth_metrics_event(const auth_t *auth, const char *name)
{
    if (auth->events) {
        app_metric_add(auth->events, 1, APP_METRIC_LABELS(name));
    }
}
