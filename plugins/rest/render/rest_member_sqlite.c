/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a row shows, as SQL of SQLite: values with the kinds that app_object() prints them by,
 * casts, aggregates, embeds. Called by the renderers of SQLite; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"

#define MEMBERS_MAX 126 /* of one app_object(): SQLite functions take 127 arguments */

/** Kinds as app_json() knows them. */
static const char *kind_word(rest_kind_e kind)
{
    static const char *const words[] = {
        [REST_KIND_ANY] = "any",
        [REST_KIND_INTEGER] = "int",
        [REST_KIND_BOOLEAN] = "bool",
        [REST_KIND_REAL] = "real",
        [REST_KIND_NUMERIC] = "numeric",
        [REST_KIND_TEXT] = "text",
        [REST_KIND_DATE] = "date",
        [REST_KIND_TIME] = "time",
        [REST_KIND_TIMESTAMP] = "timestamp",
        [REST_KIND_TIMESTAMPTZ] = "timestamptz",
        [REST_KIND_JSON] = "json",
        [REST_KIND_ARRAY] = "json",
        [REST_KIND_BLOB] = "blob",
    };

    return words[kind];
}

/* Casts */

typedef struct cast_t {
    const char *types;  /* names divided by blanks, blanks in them as "_" */
    const char *format; /* %: the value; NULL: see render_as_text() */
    rest_kind_e kind;
} cast_t;

static const cast_t casts[] = {
    { " int integer int4 ", "app_cast(%, 'integer')", REST_KIND_INTEGER },
    { " bigint int8 ", "app_cast(%, 'bigint')", REST_KIND_INTEGER },
    { " smallint int2 ", "app_cast(%, 'smallint')", REST_KIND_INTEGER },
    { " float float8 double_precision ", "app_cast(%, 'double precision')", REST_KIND_REAL },
    { " real float4 ", "app_cast(%, 'real')", REST_KIND_REAL },
    { " numeric decimal ", "app_cast(%, 'numeric')", REST_KIND_NUMERIC },
    { " bool boolean ", "app_cast(%, 'boolean')", REST_KIND_BOOLEAN },
    { " json jsonb ", "json(%)", REST_KIND_JSON },
    { " date ", "app_cast(%, 'date', date(%, 'auto'))", REST_KIND_DATE },
    { " time ", "app_cast(%, 'time', time(%, 'auto'))", REST_KIND_TIME },
    { " timestamp ", "app_cast(%, 'timestamp', datetime(%, 'auto'))", REST_KIND_TIMESTAMP },
    { " timestamptz ", "app_cast(%, 'timestamp with time zone', datetime(%, 'auto'))",
      REST_KIND_TIMESTAMPTZ },
    { " bytea ", "CAST(% AS BLOB)", REST_KIND_BLOB },
    { " text varchar char uuid ", NULL, REST_KIND_TEXT },
};

/** @return NULL: no such type */
static const cast_t *cast_of(const char *type, apr_pool_t *p)
{
    char *word = apr_pstrcat(p, " ", type, " ", NULL), *c;
    apr_size_t i;

    for (c = word + 1; c[1]; c++) {
        *c = *c == ' ' ? '_' : *c;
    }
    for (i = 0; i < sizeof(casts) / sizeof(casts[0]); i++) {
        if (strcasestr(casts[i].types, word)) {
            return &casts[i];
        }
    }
    return NULL;
}

/** A value's text. SQLite's own cast shortens doubles, misreads bytes, and leaves JSON as it is. */
static void render_as_text(rest_sql_t *sql, const char *value, rest_kind_e kind)
{
    if (kind == REST_KIND_BOOLEAN) {
        app_buf_addf(&sql->text, "CASE %s WHEN 0 THEN 'false' WHEN 1 THEN 'true' END", value);
        return;
    }
    app_buf_addf(&sql->text,
                 "CASE typeof(%s) WHEN 'blob' THEN '\\x' || lower(hex(%s))"
                 " WHEN 'real' THEN trim(app_json(%s, 'real'), '\"') ELSE %s || '' END",
                 value, value, value, value);
}

static void render_cast(rest_sql_t *sql, const char *format, const char *value)
{
    for (; *format; format++) {
        if (*format == '%') {
            app_buf_adds(&sql->text, value);
        }
        else {
            app_buf_addc(&sql->text, *format);
        }
    }
}

/** Takes what was written from start on off the text again. */
static const char *take_back(rest_sql_t *sql, apr_size_t start)
{
    const char *text = apr_pstrmemdup(sql->pool, sql->text.data + start, sql->text.len - start);

    sql->text.len = start;
    return text;
}

/** Casts what was written from start on. @param pkind of the value, then of the result */
static apr_status_t apply_cast(rest_sql_t *sql, apr_size_t start, const char *type,
                               rest_kind_e *pkind)
{
    const cast_t *cast;
    const char *value;

    if (!type || app_buf_full(&sql->text)) {
        return APR_SUCCESS;
    }
    if (!(cast = cast_of(type, sql->pool))) {
        return app_fail_code(sql->err, "42704", 400, "type \"%s\" does not exist", type);
    }
    value = take_back(sql, start);
    if (cast->kind == REST_KIND_TEXT) {
        render_as_text(sql, value, *pkind);
    }
    else {
        render_cast(sql, cast->format, value);
    }
    *pkind = cast->kind;
    return APR_SUCCESS;
}

/* Values */

static rest_kind_e aggregate_kind(rest_aggregate_e aggregate, rest_kind_e kind)
{
    switch (aggregate) {
    case REST_AGG_NONE:
    case REST_AGG_MIN:
    case REST_AGG_MAX:
        return kind;
    default:
        return REST_KIND_ANY; /* a number, as it is stored */
    }
}

static apr_status_t render_value(rest_sql_t *sql, const rest_out_t *out, const char **pkind)
{
    rest_kind_e kind = out->kind == REST_OUT_ROWS ? REST_KIND_ANY
                                                  : rest_sqlite_kind(&out->operand);
    apr_size_t start = sql->text.len, inner;

    app_buf_adds(&sql->text, rest_render_aggregate(out->aggregate));
    inner = sql->text.len;
    if (out->kind == REST_OUT_ROWS) {
        app_buf_addc(&sql->text, '*');
    }
    else if (rest_sqlite_operand(sql, out->node, &out->operand) != APR_SUCCESS ||
             apply_cast(sql, inner, out->cast, &kind) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, out->aggregate ? ")" : "");
    kind = aggregate_kind(out->aggregate, kind);
    if (apply_cast(sql, start, out->aggregate_cast, &kind) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pkind = kind_word(kind);
    return APR_SUCCESS;
}

/* Embeds */

static apr_status_t render_rest(rest_sql_t *sql, const rest_node_t *node)
{
    if (rest_render_from(sql, &rest_sqlite, node) != APR_SUCCESS ||
        rest_sqlite_groups(sql, node) != APR_SUCCESS ||
        rest_render_order(sql, &rest_sqlite, node, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_render_window(sql, &rest_sqlite, node);
    return APR_SUCCESS;
}

static apr_status_t render_embed(rest_sql_t *sql, const rest_node_t *node)
{
    int one = node->link->to_one;

    app_buf_adds(&sql->text, one ? "(SELECT " : "(SELECT app_array(app_j) FROM (SELECT ");
    if (rest_sqlite_object(sql, node, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, one ? "" : " AS app_j");
    if (render_rest(sql, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, one ? ")" : "))");
    return APR_SUCCESS;
}

static apr_status_t render_member(rest_sql_t *sql, const rest_out_t *out, const char **pkind);

/** One member of all rows that are spread. They come in one order for all members. */
static apr_status_t render_array(rest_sql_t *sql, const rest_out_t *out)
{
    const rest_node_t *node = out->node;
    const char *kind;
    apr_size_t start;

    app_buf_adds(&sql->text, "(SELECT app_array(app_j) FROM (SELECT ");
    start = sql->text.len;
    if (render_member(sql, out->member, &kind) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (strcmp(kind, "raw") != 0 && !app_buf_full(&sql->text)) {
        const char *value = take_back(sql, start);

        app_buf_addf(&sql->text, "app_json(%s, '%s')", value, kind);
    }
    app_buf_adds(&sql->text, " AS app_j");
    if (rest_render_from(sql, &rest_sqlite, node) != APR_SUCCESS ||
        rest_render_order(sql, &rest_sqlite, node, node->relation->rowid) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (node->relation->rowid) {
        app_buf_addf(&sql->text, "%s.rowid", node->as);
    }
    rest_render_window(sql, &rest_sqlite, node);
    app_buf_adds(&sql->text, "))");
    return APR_SUCCESS;
}

/** @param pkind the kind that app_object() prints it by */
static apr_status_t render_member(rest_sql_t *sql, const rest_out_t *out, const char **pkind)
{
    switch (out->kind) {
    case REST_OUT_EMBED:
        *pkind = "raw";
        return render_embed(sql, out->node);
    case REST_OUT_ARRAY:
        *pkind = "raw";
        return render_array(sql, out);
    default:
        return render_value(sql, out, pkind);
    }
}

apr_status_t rest_sqlite_groups(rest_sql_t *sql, const rest_node_t *node)
{
    const char *lead = " GROUP BY ", *kind;
    const rest_out_t *out;

    for (out = node->grouped ? node->out : NULL; out; out = out->next) {
        if (!out->aggregate) {
            app_buf_adds(&sql->text, lead);
            if (render_member(sql, out, &kind) != APR_SUCCESS) {
                return APP_EFAIL;
            }
            lead = ", ";
        }
    }
    return APR_SUCCESS;
}

/* Rows */

/** kind"name", the name as JSON, for an SQL literal. */
static const char *member_text(const char *kind, const char *name, apr_pool_t *p)
{
    app_buf_t json, member;
    const char *c;

    app_buf_init(&json, p, APR_SIZE_MAX / 2);
    app_buf_add_json(&json, name, strlen(name));
    app_buf_init(&member, p, APR_SIZE_MAX / 2);
    app_buf_adds(&member, kind);
    for (c = json.data; *c; c++) {
        app_buf_add(&member, "''", *c == '\'' ? 2 : 0);
        app_buf_add(&member, c, *c == '\'' ? 0 : 1);
    }
    return member.data;
}

const char *rest_sqlite_member(const rest_column_t *column, apr_pool_t *p)
{
    return member_text(kind_word(column->kind), column->name, p);
}

/** A column under its own name, whose member is ready in the snapshot. */
static int is_usual(const rest_out_t *out)
{
    return out->kind == REST_OUT_VALUE && !out->cast && !out->aggregate && !out->operand.path &&
           !out->operand.computed && out->name == out->operand.column->name &&
           out->operand.column->member;
}

static apr_status_t add_member(rest_sql_t *sql, app_buf_t *members, const char *lead,
                               const rest_out_t *out)
{
    const char *kind;

    app_buf_adds(&sql->text, lead);
    if (is_usual(out)) {
        rest_sql_column(sql, out->node, out->operand.column);
        app_buf_adds(members, out->operand.column->member);
        return APR_SUCCESS;
    }
    if (render_member(sql, out, &kind) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(members, member_text(kind, out->name, sql->pool));
    return APR_SUCCESS;
}

/** One app_object() or app_csv() of at most MEMBERS_MAX members. @param pout then what is left */
static apr_status_t render_call(rest_sql_t *sql, const rest_out_t **pout, int csv)
{
    apr_size_t start = sql->text.len;
    const rest_out_t *out = *pout;
    app_buf_t members;
    const char *values;
    int i;

    app_buf_init(&members, sql->pool, APR_SIZE_MAX / 2);
    for (i = 0; out && i < MEMBERS_MAX; i++, out = out->next) {
        if (add_member(sql, &members, ", ", out) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    *pout = out;
    if (app_buf_full(&sql->text)) {
        return APR_SUCCESS;
    }
    values = take_back(sql, start);
    app_buf_addf(&sql->text, "%s('", csv ? "app_csv" : "app_object");
    app_buf_add(&sql->text, members.data, members.len);
    app_buf_addf(&sql->text, "'%s)", values);
    return APR_SUCCESS;
}

apr_status_t rest_sqlite_columns(rest_sql_t *sql, const rest_node_t *node, int *pcount)
{
    const rest_out_t *out;
    app_buf_t members;
    int count = 0;

    app_buf_init(&members, sql->pool, APR_SIZE_MAX / 2);
    for (out = node->out; out; out = out->next, count++) {
        if (add_member(sql, &members, count ? ", " : "", out) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    app_buf_adds(&sql->text, " AS '");
    app_buf_add(&sql->text, members.data, members.len);
    app_buf_addc(&sql->text, '\'');
    *pcount = count;
    return APR_SUCCESS;
}

static apr_status_t render_lines(rest_sql_t *sql, const rest_out_t *out)
{
    const char *between = "";

    do {
        app_buf_adds(&sql->text, between);
        if (render_call(sql, &out, 1) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        between = " || ',' || ";
    } while (out);
    return APR_SUCCESS;
}

void rest_sqlite_value(rest_sql_t *sql, const rest_node_t *node)
{
    const rest_column_t *column = node->relation->columns[0];

    app_buf_adds(&sql->text, "app_json(");
    rest_sql_column(sql, node, column);
    app_buf_addf(&sql->text, ", '%s')", kind_word(column->kind));
}

apr_status_t rest_sqlite_object(rest_sql_t *sql, const rest_node_t *node, int csv)
{
    const rest_out_t *out = node->out, *last = out;
    int count;

    for (count = 0; last && count < MEMBERS_MAX; count++) {
        last = last->next;
    }
    if (csv) {
        return render_lines(sql, out);
    }
    if (!last) {
        return render_call(sql, &out, 0);
    }
    app_buf_adds(&sql->text, "'{' || ");
    while (out) { /* the insides of several objects are glued */
        apr_size_t start = sql->text.len;
        const char *object;

        if (render_call(sql, &out, 0) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        object = take_back(sql, start);
        app_buf_addf(&sql->text, "substr(%s, 2, length(%s) - 2) || %s", object, object,
                     out ? "',' || " : "'}'");
    }
    return APR_SUCCESS;
}
