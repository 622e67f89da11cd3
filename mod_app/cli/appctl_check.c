/* SPDX-License-Identifier: Apache-2.0 */
/** appctl check: the settings as configtest sees them. Connects to nothing. */
#include <stdio.h>

#include "appctl.h"

int appctl_check(const appctl_t *ctl)
{
    app_error_t err = { .pool = ctl->p };
    app_loopback_t *loopback;

    if (ctl->argc > 0) {
        return appctl_usage("check takes nothing else, not \"%s\".", ctl->argv[0]);
    }
    if (appctl_load(ctl, &loopback, &err) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    printf("The settings in %s are good. What stands in a <Location>, httpd checks: apachectl "
           "configtest.\n", ctl->config);
    return APPCTL_GOOD;
}
