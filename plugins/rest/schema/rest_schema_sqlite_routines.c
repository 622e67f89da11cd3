/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: functions and computed members, which are rows of mod_app's own tables. A row that cannot
 * be understood is left out with a line in the log that names it. Called by rest_schema_sqlite.c,
 * in the thread that loads.
 */
#include "rest_schema_sqlite.h"

static const char functions_sql[] =
    "SELECT name, args, returns, volatility, body, comment FROM main.app_functions"
    " ORDER BY name, args";

enum { NAME, ARGS, RETURNS, VOLATILITY, BODY, COMMENT };

static const char computed_sql[] =
    "SELECT relation, name, returns, to_one, sql FROM main.app_computed ORDER BY relation, name";

enum { OF_RELATION, OF_NAME, OF_RETURNS, TO_ONE, OF_SQL };

#define PARAMS_MAX 100

/** Notes that a row is not served. @return 0 */
static int left_out(const char *table, const char *name, const char *why)
{
    app_log(APP_LOG_WARNING, NULL, "APP1080", "%s: \"%s\" is left out: %s", table, name, why);
    return 0;
}

/* What a function gives */

/** The text of a type, up to where the cursor stops: a comma, a bracket, the end. */
static const char *read_type(rest_ddl_t *c, apr_pool_t *p)
{
    const char *begin = c->text, *end = begin;

    while (c->kind != REST_TOKEN_END && !rest_ddl_is_sign(c, ',') && !rest_ddl_is_sign(c, ')')) {
        if (rest_ddl_is_sign(c, '(')) {
            rest_ddl_skip(c);
            end = c->text;
        }
        else {
            end = c->next;
            rest_ddl_next(c);
        }
    }
    while (end > begin && strchr(" \t\r\n", end[-1])) {
        end--;
    }
    return apr_pstrmemdup(p, begin, (apr_size_t)(end - begin));
}

/** "(name type, …)" as the columns of a relation that is the function's own. */
static rest_relation_t *read_columns(rest_sqlite_reader_t *reader, rest_ddl_t *c,
                                     const char *name)
{
    rest_relation_t *relation = rest_schema_relation_make(reader->schema, name);
    apr_pool_t *p = reader->schema->pool;

    do {
        const char *column;

        rest_ddl_next(c);
        column = rest_ddl_text(c, p);
        if (!rest_ddl_is_name(c) || rest_sqlite_column(relation, column)) {
            return NULL;
        }
        rest_ddl_next(c);
        rest_schema_column_add(reader->schema, relation, column, read_type(c, p))->nullable = 1;
    } while (rest_ddl_is_sign(c, ','));
    rest_sqlite_make_members(reader, relation);
    return rest_ddl_is_sign(c, ')') ? relation : NULL;
}

/** The relation that the rest of a text names; NULL: it is a type. */
static const rest_relation_t *relation_at(const rest_sqlite_reader_t *reader, const rest_ddl_t *c)
{
    rest_ddl_t behind = *c;

    rest_ddl_next(&behind);
    return rest_ddl_is_name(c) && behind.kind == REST_TOKEN_END
               ? rest_schema_relation(reader->schema, reader->space->name,
                                      rest_ddl_text(c, reader->ptemp))
               : NULL;
}

/** void, record, TYPE or RELATION, behind a setof or without. */
static int read_single(rest_sqlite_reader_t *reader, rest_routine_t *routine, rest_ddl_t *c)
{
    routine->relation = relation_at(reader, c);
    routine->type = read_type(c, reader->schema->pool);
    routine->kind = rest_kind_of_type(routine->type);
    routine->gives = routine->relation                          ? REST_GIVES_ROW
                     : strcasecmp(routine->type, "void") == 0   ? REST_GIVES_VOID
                     : strcasecmp(routine->type, "record") == 0 ? REST_GIVES_RECORD
                                                                : REST_GIVES_VALUE;
    return *routine->type && c->kind == REST_TOKEN_END;
}

/** @return 0: it says none of what a function can give */
static int read_returns(rest_sqlite_reader_t *reader, rest_routine_t *routine, const char *text)
{
    rest_ddl_t c, behind;

    rest_ddl_start(&c, text);
    behind = c;
    rest_ddl_next(&behind);
    if (rest_ddl_is(&c, "table") && rest_ddl_is_sign(&behind, '(')) {
        routine->relation = read_columns(reader, &behind, routine->name);
        routine->type = apr_pstrdup(reader->schema->pool, text);
        routine->gives = REST_GIVES_ROW;
        routine->set = 1;
        rest_ddl_next(&behind);
        return routine->relation && behind.kind == REST_TOKEN_END;
    }
    routine->set = rest_ddl_is(&c, "setof") != 0;
    return read_single(reader, routine, routine->set ? &behind : &c);
}

/* Arguments */

static const char *text_of(const json_t *json, const char *member)
{
    return json_string_value(json_object_get(json, member));
}

/** A default is kept as the JSON that the caller would have sent. */
static const char *default_of(const json_t *param, apr_pool_t *p)
{
    const json_t *value = json_object_get(param, "default");
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    const char *copy = apr_pstrdup(p, text);

    free(text);
    return copy;
}

static const char *array_of(const char *type, apr_pool_t *p)
{
    return rest_kind_of_type(type) == REST_KIND_ARRAY ? type : apr_pstrcat(p, type, "[]", NULL);
}

/** @return 0: it has no name or no type */
static int read_param(rest_param_t *param, const json_t *json, apr_pool_t *p)
{
    param->name = apr_pstrdup(p, text_of(json, "name"));
    param->type = apr_pstrdup(p, text_of(json, "type"));
    if (!param->name || !param->type) {
        return 0;
    }
    param->variadic = json_is_true(json_object_get(json, "variadic"));
    if (param->variadic) {
        param->type = array_of(param->type, p);
    }
    param->kind = rest_kind_of_type(param->type);
    param->default_value = default_of(json, p);
    param->required = !param->default_value;
    return 1;
}

static int has_param(const rest_routine_t *routine, const char *name)
{
    int i;

    for (i = 0; i < routine->nparams; i++) {
        if (strcmp(routine->params[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/** @return what is wrong; NULL: nothing */
static const char *read_params(rest_routine_t *routine, const json_t *args, apr_pool_t *p)
{
    size_t count = json_array_size(args), i;

    if (!json_is_array(args) || count > PARAMS_MAX) {
        return "args is no array of at most 100 arguments";
    }
    routine->params = apr_pcalloc(p, sizeof(*routine->params) * (count + 1));
    for (i = 0; i < count; i++) {
        rest_param_t *param = &routine->params[i];

        if (!read_param(param, json_array_get(args, i), p)) {
            return "an argument has no name or no type";
        }
        if (has_param(routine, param->name)) {
            return "two arguments have the same name";
        }
        if (!*param->name && count > 1) {
            return "an argument without a name has to be the only one";
        }
        if (param->variadic && i + 1 < count) {
            return "only the last argument can be variadic";
        }
        routine->nparams++;
    }
    return NULL;
}

static const char *read_args(rest_sqlite_reader_t *reader, rest_routine_t *routine,
                             const char *text)
{
    json_t *args;

    if (app_json_parse(text, strlen(text), &args, reader->err, reader->ptemp) != APR_SUCCESS) {
        return "args is no JSON";
    }
    return read_params(routine, args, reader->schema->pool);
}

/* Functions */

static rest_volatility_e volatility_of(const char *word)
{
    return strcasecmp(word, "immutable") == 0 ? REST_IMMUTABLE
           : strcasecmp(word, "stable") == 0  ? REST_STABLE
                                              : REST_VOLATILE;
}

static const char *text_or_empty(const app_rows_t *rows, int column)
{
    const char *text = app_rows_text(rows, column, NULL);

    return text ? text : "";
}

static void note_body(rest_sqlite_reader_t *reader, const char *body)
{
    rest_schema_note_sql(reader->schema, body);
}

/** Whether the row has become a function. */
static int fill(rest_sqlite_reader_t *reader, rest_routine_t *routine, const app_rows_t *rows)
{
    const char *name = app_rows_text(rows, NAME, NULL), *why;

    routine->name = name;
    why = read_args(reader, routine, text_or_empty(rows, ARGS));
    if (why) {
        return left_out("app_functions", name, why);
    }
    if (!read_returns(reader, routine, text_or_empty(rows, RETURNS))) {
        return left_out("app_functions", name, "what it returns is not understood");
    }
    routine->volatility = volatility_of(text_or_empty(rows, VOLATILITY));
    routine->body = rest_sqlite_text(reader, rows, BODY);
    routine->comment = rest_sqlite_text(reader, rows, COMMENT);
    if (!routine->body) {
        return left_out("app_functions", name, "it has no body");
    }
    note_body(reader, routine->body);
    return 1;
}

static void read_function(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_routine_t filled = { .next = NULL }, *routine;

    (void)ctx;
    if (app_rows_text(rows, NAME, NULL) && fill(reader, &filled, rows)) {
        routine = rest_schema_routine_add(reader->schema, reader->space, filled.name);
        filled.next = routine->next;
        filled.schema = routine->schema;
        filled.name = routine->name;
        filled.ident = routine->ident;
        *routine = filled;
    }
}

apr_status_t rest_sqlite_read_routines(rest_sqlite_reader_t *reader)
{
    return rest_sqlite_each(reader, functions_sql, read_function, NULL);
}

/* Computed members */

/** Rows of another relation, which are embedded under the member's name. */
static void add_link(rest_sqlite_reader_t *reader, const rest_relation_t *relation,
                     const rest_routine_t *routine, int to_one)
{
    rest_link_t *link = apr_pcalloc(reader->schema->pool, sizeof(*link));

    link->cardinality = REST_COMPUTED;
    link->from = relation;
    link->to = routine->relation;
    link->routine = routine;
    link->to_one = to_one || !routine->set;
    APR_ARRAY_PUSH(reader->computed, rest_link_t *) = link;
}

static int add_member(rest_sqlite_reader_t *reader, rest_relation_t *relation,
                      rest_routine_t *routine, int to_one)
{
    if (routine->gives == REST_GIVES_ROW && *routine->relation->schema) {
        add_link(reader, relation, routine, to_one);
        return 1;
    }
    if (routine->gives != REST_GIVES_VALUE || routine->set) {
        return 0;
    }
    routine->next = relation->computed;
    relation->computed = routine;
    return 1;
}

static void read_member(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_relation_t *relation = rest_schema_relation(reader->schema, reader->space->name,
                                                     text_or_empty(rows, OF_RELATION));
    rest_routine_t *routine = apr_pcalloc(reader->schema->pool, sizeof(*routine));
    const char *label = apr_psprintf(reader->ptemp, "%s.%s", text_or_empty(rows, OF_RELATION),
                                     text_or_empty(rows, OF_NAME));

    (void)ctx;
    routine->schema = reader->space->name;
    routine->name = apr_pstrdup(reader->schema->pool, text_or_empty(rows, OF_NAME));
    routine->body = apr_pstrdup(reader->schema->pool, text_or_empty(rows, OF_SQL));
    routine->volatility = REST_STABLE;
    if (!relation) {
        left_out("app_computed", label, "there is no such relation");
    }
    else if (rest_relation_column(relation, routine->name)) {
        left_out("app_computed", label, "the relation has a column of that name");
    }
    else if (!read_returns(reader, routine, text_or_empty(rows, OF_RETURNS)) ||
             !add_member(reader, relation, routine, app_rows_int(rows, TO_ONE) != 0)) {
        left_out("app_computed", label, "it returns neither a type nor rows of a relation");
    }
    note_body(reader, routine->body);
}

apr_status_t rest_sqlite_read_computed(rest_sqlite_reader_t *reader)
{
    return rest_sqlite_each(reader, computed_sql, read_member, NULL);
}
