/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How many events are written by themselves: so many a second, and the rest is counted by name.
 * Works on plain memory under a lock of the caller. Any thread.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit_int.h"

#define OTHERS "other"

static auth_omitted_t *place_of(auth_audit_budget_t *budget, const char *name)
{
    auth_omitted_t *place = budget->omitted;
    auth_omitted_t *last = place + AUTH_AUDIT_NAMES - 1;

    while (place < last && place->name[0] &&
           strncmp(place->name, name, sizeof(place->name) - 1) != 0) {
        place++;
    }
    if (!place->name[0]) {
        apr_cpystrn(place->name, place < last ? name : OTHERS, sizeof(place->name));
    }
    return place;
}

static void count(auth_omitted_t *place, apr_int64_t now)
{
    if (!place->count) {
        place->since = now;
    }
    place->count++;
}

int auth_audit_budget_take(auth_audit_budget_t *budget, const char *name, apr_int64_t now)
{
    if (budget->second != now) {
        budget->second = now;
        budget->written = 0;
    }
    if (budget->written < AUTH_AUDIT_RATE) {
        budget->written++;
        return 1;
    }
    count(place_of(budget, name), now);
    return 0;
}

int auth_audit_budget_omitted(auth_omitted_t *omitted, auth_audit_budget_t *budget)
{
    int i;

    for (i = 0; i < AUTH_AUDIT_NAMES; i++) {
        if (budget->omitted[i].count) {
            *omitted = budget->omitted[i];
            budget->omitted[i].count = 0;
            return 1;
        }
    }
    return 0;
}
