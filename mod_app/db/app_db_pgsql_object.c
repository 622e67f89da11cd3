/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: columns of a row as one JSON object, byte for byte what row_to_json() gives. The
 * server's function looks every type up anew for every value, which makes it most of a long
 * answer's work. Thread that has the connection.
 */
#include "app_buf_put.h"
#include "app_db_pgsql.h"
#include "app_db_sqlite_scan.h"

#define OBJECT_MAX (APR_SIZE_MAX / 2)

/* Types by their fixed numbers in pg_type. */
#define OID_BOOL    16
#define OID_INT8    20
#define OID_INT2    21
#define OID_INT4    23
#define OID_JSON    114
#define OID_FLOAT4  700
#define OID_FLOAT8  701
#define OID_NUMERIC 1700
#define OID_JSONB   3802

typedef enum form_e { FORM_TEXT, FORM_AS_IS, FORM_NUMBER, FORM_BOOL } form_e;

typedef struct member_t {
    const char *lead; /* {"name": or ,"name": */
    apr_size_t  len;
    form_e      form;
} member_t;

static form_e form_of(Oid type)
{
    switch (type) {
    case OID_BOOL:
        return FORM_BOOL;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_JSON:
    case OID_JSONB:
        return FORM_AS_IS;
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC:
        return FORM_NUMBER;
    default:
        return FORM_TEXT;
    }
}

static member_t *make_members(const PGresult *res, int count, apr_pool_t *p)
{
    member_t *members = apr_palloc(p, sizeof(*members) * (apr_size_t)count);
    app_buf_t lead;
    int i;

    for (i = 0; i < count; i++) {
        const char *name = PQfname(res, i);

        app_buf_init(&lead, p, OBJECT_MAX);
        app_buf_addc(&lead, i ? ',' : '{');
        app_buf_add_json(&lead, name, strlen(name));
        app_buf_addc(&lead, ':');
        members[i] = (member_t){ lead.data, lead.len, form_of(PQftype(res, i)) };
    }
    return members;
}

static inline void add_value(app_buf_t *buf, form_e form, const char *text, apr_size_t len)
{
    switch (form) {
    case FORM_BOOL:
        app_buf_put(buf, *text == 't' ? "true" : "false", *text == 't' ? 4 : 5);
        break;
    case FORM_NUMBER: /* not Infinity, not NaN */
        if (!app_scan_is_number(text, len)) {
            app_buf_add_json(buf, text, len);
            break;
        }
        /* fall through */
    case FORM_AS_IS:
        app_buf_put(buf, text, len);
        break;
    default:
        app_buf_add_json(buf, text, len);
    }
}

void app_pg_object(app_rows_t *rows, int row)
{
    const PGresult *res = rows->result;
    app_buf_t *buf = &rows->object;
    const member_t *members;
    int i;

    if (!rows->members) {
        rows->members = make_members(res, rows->nmembers, rows->tx->pool);
        app_buf_init(buf, rows->tx->pool, OBJECT_MAX);
    }
    if (rows->flags & APP_QUERY_MARKED && PQgetisnull(res, row, rows->nmembers)) {
        rows->cells[0].text = NULL;
        rows->cells[0].len = 0;
        return;
    }
    members = rows->members;
    buf->len = 0;
    for (i = 0; i < rows->nmembers; i++) {
        app_buf_put(buf, members[i].lead, members[i].len);
        if (PQgetisnull(res, row, i)) {
            app_buf_put(buf, "null", 4);
        }
        else {
            add_value(buf, members[i].form, PQgetvalue(res, row, i),
                      (apr_size_t)PQgetlength(res, row, i));
        }
    }
    app_buf_addc(buf, '}');
    rows->cells[0].text = buf->data;
    rows->cells[0].len = buf->len;
}
