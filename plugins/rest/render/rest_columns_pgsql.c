/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Rows of PostgreSQL whose columns come as they are: the driver makes a JSON object of them, for
 * a third of what row_to_json() costs. Values that the driver cannot print as the server would are
 * made JSON by the server, one by one. Called by rest_render_pgsql.c; thread of the request.
 */
#include <string.h>

#include "rest_dialect.h"

/** Types whose text says all: numbers, booleans, texts, JSON; as PostgreSQL or a cast names them. */
static int is_plain(const char *type)
{
    static const char *const types[] = {
        "bigint", "bool", "boolean", "character", "character varying", "double precision", "float4",
        "float8", "int", "int2", "int4", "int8", "integer", "json", "jsonb", "numeric", "real",
        "smallint", "text", "uuid", "varchar",
    };
    apr_size_t i;

    for (i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
        if (*types[i] == *type && strcmp(types[i], type) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_json(const rest_out_t *out)
{
    return out->kind == REST_OUT_EMBED || out->kind == REST_OUT_ARRAY;
}

/** Whether the server has to make JSON of the value. What a path finds is text or JSON. */
static int is_wrapped(const rest_out_t *out)
{
    if (is_json(out)) {
        return 0;
    }
    if (out->cast) {
        return !is_plain(out->cast);
    }
    return !out->operand.path && !out->operand.column->to_json &&
           !is_plain(out->operand.column->base);
}

int rest_pgsql_has_columns(const rest_plan_t *plan)
{
    return plan->action == REST_READ && plan->rows && plan->form != REST_MEDIA_CSV &&
           plan->form != REST_MEDIA_GEOJSON && !plan->handler && !plan->stripped &&
           !plan->root.grouped && plan->root.out;
}

apr_status_t rest_pgsql_columns(rest_sql_t *sql, const rest_node_t *node, int *pcount)
{
    const rest_out_t *out;
    int count = 0;

    for (out = node->out; out; out = out->next, count++) {
        int wrapped = is_wrapped(out);

        app_buf_adds(&sql->text, wrapped ? "to_json(" : "");
        if (rest_pgsql_member(sql, out) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_adds(&sql->text, wrapped ? ")" : "");
        if (wrapped || !rest_pgsql_has_own_name(out)) {
            app_buf_adds(&sql->text, " AS ");
            app_buf_add_ident(&sql->text, out->name);
        }
        app_buf_adds(&sql->text, ", ");
    }
    *pcount = count;
    return APR_SUCCESS;
}
