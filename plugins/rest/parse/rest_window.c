/* SPDX-License-Identifier: Apache-2.0 */
/** limit, offset and Range: which rows are asked for. Thread of the request. */
#include <string.h>

#include "apr_lib.h"

#include "rest_plan.h"

#define LAST_POSITION (APR_INT64_MAX - 1)

static apr_status_t refuse(app_error_t *err, const char *details)
{
    app_fail(err, APP_E_RANGE, NULL);
    return app_details(err, "%s", details);
}

static apr_status_t bad_limit(app_error_t *err)
{
    return refuse(err, "Limit should be greater than or equal to zero.");
}

/** "a-b" or "a-"; anything else is as if it were not there. */
static int read_range(const char *range, apr_int64_t *pfirst, apr_int64_t *plast)
{
    const char *dash = range ? strchr(range, '-') : NULL;
    const char *c;

    if (!dash || dash == range) {
        return 0;
    }
    for (c = range; *c; c++) {
        if (c != dash && !apr_isdigit(*c)) {
            return 0;
        }
    }
    if (app_int64_parse(range, (apr_size_t)(dash - range), pfirst) != APR_SUCCESS) {
        return 0;
    }
    *plast = LAST_POSITION;
    return dash[1] == '\0' ||
           app_int64_parse(dash + 1, strlen(dash + 1), plast) == APR_SUCCESS;
}

apr_status_t rest_window(apr_int64_t *plimit, apr_int64_t *poffset, const rest_scope_t *scope,
                         const char *range, app_error_t *err)
{
    int has_limit = scope->has_limit || (scope->bad_limit && scope->has_offset);
    apr_int64_t limit = scope->has_limit ? scope->limit : 0;
    apr_int64_t first = scope->has_offset ? scope->offset : 0, last = LAST_POSITION;
    apr_int64_t range_first, range_last;

    if (has_limit && limit < 0) {
        return bad_limit(err);
    }
    if (has_limit && limit < LAST_POSITION && first <= LAST_POSITION - limit) {
        last = first + limit - 1;
    }
    first = first < 0 ? 0 : first;
    if (read_range(range, &range_first, &range_last)) {
        if (range_first > range_last) {
            return refuse(err, "The lower boundary must be lower than or equal to the upper "
                               "boundary in the Range header.");
        }
        first = first > range_first ? first : range_first;
        last = last < range_last ? last : range_last;
    }
    if (first > last && !(has_limit && limit == 0 && first == 0)) {
        return bad_limit(err);
    }
    *poffset = first;
    *plimit = last == LAST_POSITION ? -1 : last - first + 1;
    return APR_SUCCESS;
}
