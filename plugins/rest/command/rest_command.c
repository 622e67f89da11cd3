/* SPDX-License-Identifier: Apache-2.0 */
/** What the commands share (rest_command.h): rights, names, and reading as a role. */
#include "rest_command.h"

#define KEYS_MAX      16
#define COUNT_TIMEOUT (3 * APR_USEC_PER_SEC) /* a view may be slow: then its rows are not counted */

const char *rest_right_word(rest_right_e right)
{
    static const char *const words[] = {
        [REST_RIGHT_SELECT] = "select", [REST_RIGHT_INSERT] = "insert",
        [REST_RIGHT_UPDATE] = "update", [REST_RIGHT_DELETE] = "delete",
        [REST_RIGHT_EXECUTE] = "execute",
    };

    return words[right];
}

/* Names */

static int find_in(rest_target_t *target, const rest_schema_t *schema, const char *space,
                   const char *name)
{
    target->relation = rest_schema_relation(schema, space, name);
    target->routine = target->relation ? NULL : rest_schema_routine(schema, space, name);
    return target->relation || target->routine;
}

apr_status_t rest_command_target(rest_target_t *target, const rest_schema_t *schema,
                                 const char *name, app_error_t *err)
{
    const char *dot = strchr(name, '.'), *similar;
    int i;

    for (i = 0; i < schema->nspaces; i++) {
        if (find_in(target, schema, schema->spaces[i].name, name)) {
            return APR_SUCCESS;
        }
    }
    if (dot && find_in(target, schema, apr_pstrmemdup(err->pool, name, (apr_size_t)(dot - name)),
                       dot + 1)) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_BAD_REQUEST, "there is no table, view or function \"%s\"", name);
    similar = rest_schema_similar(schema, schema->spaces[0].name, name);
    return similar ? app_hint(err, "Perhaps you meant %s.", similar) : APP_EFAIL;
}

/* Reading as a role */

apr_status_t rest_inquiry_begin(app_tx_t **ptx, const rest_inquiry_t *inquiry, int as_role,
                                app_error_t *err)
{
    const app_tx_options_t options = { .readonly = 1, .timeout = COUNT_TIMEOUT };

    if (app_tx_begin(ptx, app_instance_db(inquiry->rest->self), &options, err, inquiry->pool) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (as_role) {
        app_tx_set(*ptx, "role", inquiry->role);
        app_tx_set(*ptx, "request.jwt.claims", inquiry->claims);
    }
    return APR_SUCCESS;
}

const char *rest_inquiry_key(const rest_inquiry_t *inquiry, const rest_relation_t *relation,
                             app_value_t *params, int *pnparams)
{
    const char *at = inquiry->row;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, inquiry->pool, APR_SIZE_MAX / 2);
    if (relation->nkeys > KEYS_MAX) {
        return NULL;
    }
    for (i = 0; i < relation->nkeys && at; i++) {
        const char *comma = i + 1 < relation->nkeys ? strchr(at, ',') : NULL;
        apr_size_t len = comma ? (apr_size_t)(comma - at) : strlen(at);

        params[*pnparams] = (app_value_t){ .type = APP_VALUE_TEXT, .text = at, .len = len };
        app_buf_addf(&buf, "%s%s = $%d", i ? " AND " : "", relation->keys[i]->ident,
                     ++*pnparams);
        at = comma ? comma + 1 : NULL;
    }
    return i && i == relation->nkeys ? buf.data : NULL;
}
