/* SPDX-License-Identifier: Apache-2.0 */
/** What a user may say of themselves (auth_profile.h). Thread of the request. */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"

#include "auth_http.h"
#include "auth_profile.h"

#define PROFILE_MAX 2048 /* bytes of JSON */

static void put(json_t *object, const json_t *data)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)data, name, value) {
        if (json_is_null(value)) {
            json_object_del(object, name);
        }
        else {
            json_object_set(object, name, value);
        }
    }
}

apr_status_t auth_profile_read(const char **ptext, const json_t *data, const char *stored,
                               app_error_t *err, apr_pool_t *p)
{
    json_t *object;
    char *text;

    if (!data || json_is_null(data)) {
        *ptext = stored;
        return APR_SUCCESS;
    }
    if (!json_is_object(data)) {
        return auth_fail(err, 422, "validation_failed", "data is to be an object");
    }
    object = app_json_own(p, json_loads(stored, 0, NULL));
    object = json_is_object(object) ? object : app_json_own(p, json_object());
    put(object, data);
    text = json_dumps(object, JSON_COMPACT);
    *ptext = apr_pstrdup(p, text);
    free(text);
    if (!*ptext || strlen(*ptext) > PROFILE_MAX) {
        return auth_fail(err, 422, "validation_failed", "data is to be at most %d bytes of JSON",
                         PROFILE_MAX);
    }
    return APR_SUCCESS;
}
