/* SPDX-License-Identifier: Apache-2.0 */
/** Functions: which one a request means, what is said where none fits, and the SQL of the call. */
#include "unit.h"

#include "apr_strings.h"

#include "rest_int.h"
#include "unit_schema.h"

#define LITE APP_DB_SQLITE
#define PG   APP_DB_PGSQL

/* Functions from words: "name(a integer, b text?, variadic c integer[]) setof films = body" */

static void read_param(rest_param_t *param, const char *text)
{
    const char *type;

    param->required = 1;
    if (strncmp(text, "variadic ", 9) == 0) {
        param->variadic = 1;
        text += 9;
    }
    type = strchr(text, ' ');
    param->name = type ? apr_pstrmemdup(unit_pool, text, (apr_size_t)(type - text)) : "";
    param->type = apr_pstrdup(unit_pool, type ? type + 1 : text);
    if (param->type[strlen(param->type) - 1] == '?') {
        ((char *)param->type)[strlen(param->type) - 1] = '\0';
        param->required = 0;
        param->default_value = "\"d\"";
    }
    param->kind = rest_kind_of_type(param->type);
}

static void read_params(rest_routine_t *routine, const char *text)
{
    const char *word;

    routine->params = apr_pcalloc(unit_pool, sizeof(*routine->params) * 8);
    while ((word = schema_word(&text, ","))) {
        read_param(&routine->params[routine->nparams++], word);
    }
}

static void read_result(rest_routine_t *routine, const rest_schema_t *schema, const char *text)
{
    if (strncmp(text, "setof ", 6) == 0) {
        routine->set = 1;
        text += 6;
    }
    routine->type = text;
    routine->kind = rest_kind_of_type(text);
    routine->relation = rest_schema_relation(schema, routine->schema, text);
    routine->gives = strcmp(text, "void") == 0     ? REST_GIVES_VOID
                     : strcmp(text, "record") == 0 ? REST_GIVES_RECORD
                     : routine->relation           ? REST_GIVES_ROW
                                                   : REST_GIVES_VALUE;
}

static void add_routine(rest_schema_t *schema, const char *text)
{
    const char *name = schema_word(&text, "("), *params = schema_word(&text, ")");
    const char *equals = strstr(text, " = ");
    rest_routine_t *routine = rest_schema_routine_add(schema, &schema->spaces[0], name);

    if (params) {
        read_params(routine, params);
    }
    text += strspn(text, " )");
    read_result(routine, schema, equals ? apr_pstrmemdup(unit_pool, text,
                                                         (apr_size_t)(equals - text))
                                        : text);
    routine->body = equals ? equals + 3 : "SELECT 1";
    rest_schema_execute_add(schema, routine, "r");
}

static const char *const routines[] = {
    "add(a integer, b integer) integer = SELECT :a + :b, ':a', \"x:b\" /* :a */ -- :b",
    "add_more(a integer, b integer, c integer?) integer",
    "area(r integer) integer", "area(w integer, h integer) integer",
    "rate(v integer) text", "rate(v text) text",
    "free(a text?, b text?) text",
    "none() text", "gone() void = DELETE FROM films; SELECT 1",
    "sum(variadic n integer[]) integer",
    "take(json) json", "take_text(text) text = SELECT ?1", "take_bytes(bytea) integer",
    "two(json) json", "two(text) json", "named(data json) json",
    "over() integer", "over(json) integer", "over(text) integer", "over(bytea) integer",
    "over(x integer, y integer?) integer",
    "films_of(lang text) setof films = WITH f AS (SELECT 1) SELECT * FROM films WHERE l = :lang;",
    "film(id integer) films",
    ("new(t text) setof films = SELECT 1; WITH x AS (SELECT 1) INSERT INTO films(title)"
     " VALUES (:t) RETURNING *"),
    "lost() text = SELECT :nosuch", "odd\"name(odd\"param text) text = VALUES (1)",
    "words() setof text", "rec() record",
};

static rest_schema_t *schema_of(app_db_kind_e kind)
{
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    rest_relation_t *films;
    rest_schema_t *schema;
    size_t i;

    APR_ARRAY_PUSH(spaces, const char *) = "s";
    schema = rest_schema_create(kind, spaces, unit_pool);
    films = rest_schema_relation_add(schema, &schema->spaces[0], "films");
    rest_schema_key_add(schema, films, rest_schema_column_add(schema, films, "id", "integer"));
    rest_schema_column_add(schema, films, "title", "text");
    films->rowid = 1;
    rest_schema_sort(schema);
    for (i = 0; i < COUNT(routines); i++) {
        add_routine(schema, routines[i]);
    }
    rest_schema_sort(schema);
    return schema;
}

/* Requests */

typedef struct asked_t {
    const char *name, *query;
    const char *type; /* of a body; NULL: GET */
    const char *body;
} asked_t;

#define JSON_ "application/json"
#define FORM_ "application/x-www-form-urlencoded"
#define GET(name, query)        { name, query, NULL, NULL }
#define POST(name, type, body)  { name, "", type, body }

static apr_status_t read_request(rest_request_t *request, const asked_t *asked, app_db_kind_e kind,
                                 app_error_t *err)
{
    *request = (rest_request_t){ .action = REST_CALL, .space = "s", .role = "r",
                                 .relation = asked->name, .post = asked->type != NULL };
    if (!asked->type) {
        return rest_parse_call(&request->query, asked->query, err, unit_pool) == APR_SUCCESS
                   ? rest_window(&request->limit, &request->offset, &request->query->root, NULL,
                                 err)
                   : APP_EFAIL;
    }
    request->limit = -1;
    if (rest_parse_query(&request->query, asked->query, err, unit_pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return rest_body_parse_call(&request->body,
                                &(rest_source_t){ .data = asked->body, .len = strlen(asked->body),
                                                  .type = asked->type, .kind = kind,
                                                  .columns = request->query->columns },
                                err, unit_pool);
}

static const char *refusal(const app_error_t *err)
{
    return apr_pstrcat(unit_pool, err->code, " ", err->message, err->details ? " | " : "",
                       err->details ? err->details : "", err->hint ? " | " : "",
                       err->hint ? err->hint : "", NULL);
}

/* Which function */

#define NONE(what, searched) \
    "PGRST202 Could not find the function s." what " in the schema cache" \
    " | Searched for the function s." searched ", but no matches were found in the schema cache."
#define OR_JSON " or with a single unnamed json/jsonb parameter"
#define MEANT(what) " | Perhaps you meant to call the function s." what

static const struct {
    asked_t     asked;
    const char *chosen; /* types of its parameters; or the refusal */
} choices[] = {
    { GET("add", "a=1&b=2"), "integer integer" },
    { GET("add", "b=2&a=1&a=3&select=x"), "integer integer" },
    { POST("add", JSON_, "{\"b\":1,\"a\":2}"), "integer integer" },
    { POST("add", JSON_, "[{\"b\":1,\"a\":2},{\"b\":1,\"a\":2}]"), "integer integer" },
    { POST("add", FORM_, "b=1&a=2"), "integer integer" },
    { POST("add", "text/csv", "b,a\n1,2"), "integer integer" },
    { GET("add", "a=1"), NONE("add(a)", "add with parameter a") MEANT("add(a, b)") },
    { GET("add", ""), NONE("add without parameters", "add without parameters") },
    { GET("add", "a=1&b=2&x=3"), NONE("add(a, b, x)", "add with parameters a, b, x")
      MEANT("add(a, b)") },
    { GET("add", "a=1&b=eq.2"), NONE("add(a)", "add with parameter a") MEANT("add(a, b)") },
    { POST("add", JSON_, "{\"a\":1,\"c\":2}"), NONE("add(a, c)", "add with parameters a, c" OR_JSON)
      MEANT("add(a, b)") },
    { POST("add", JSON_, "{\"c\":1}"), NONE("add(c)", "add with parameter c" OR_JSON) },
    { POST("add", JSON_, "{}"), NONE("add without parameters", "add without parameters" OR_JSON) },
    { POST("add", "text/plain", "x"), NONE("add", "add with a single unnamed text parameter") },
    { POST("add", "text/xml", "x"), NONE("add", "add with a single unnamed xml parameter") },
    { POST("add", "application/octet-stream", "x"),
      NONE("add", "add with a single unnamed bytea parameter") },
    { GET("ad", ""), NONE("ad without parameters", "ad without parameters") },
    { GET("add_mor", "a=1"), NONE("add_mor(a)", "add_mor with parameter a") MEANT("add_more") },
    { GET("add_more", "a=1&b=2"), "integer integer integer" },
    { GET("add_more", "a=1&c=2&b=2"), "integer integer integer" },
    { GET("add_more", "a=1&c=2"), NONE("add_more(a, c)", "add_more with parameters a, c")
      MEANT("add_more(a, b, c)") },
    { GET("area", "r=1"), "integer" },
    { GET("area", "w=1&h=1"), "integer integer" },
    { GET("area", "w=1&h=1&r=1"), NONE("area(h, r, w)", "area with parameters h, r, w")
      MEANT("area(h, w)") },
    { GET("rate", "v=1"), "PGRST203 Could not choose the best candidate function between:"
      " s.rate(v => integer), s.rate(v => text) | Try renaming the parameters or the function"
      " itself in the database so function overloading can be resolved" },
    { GET("free", ""), "text text" }, { GET("free", "b=1"), "text text" },
    { POST("free", JSON_, ""), "text text" }, { POST("free", "text/plain", ""), "text text" },
    { GET("free", "c=1"), NONE("free(c)", "free with parameter c") },
    { GET("none", ""), "" }, { POST("none", JSON_, "{}"), "" }, { POST("none", JSON_, "5"), "" },
    { POST("none", "text/plain", "x"), NONE("none", "none with a single unnamed text parameter")
      MEANT("none()") },
    { GET("none", "x=1"), NONE("none(x)", "none with parameter x") },
    { GET("sum", "n=1&n=2"), "integer[]" },
    { POST("take", JSON_, "{\"a\":1}"), "json" }, { POST("take", JSON_, "5"), "json" },
    { POST("take", FORM_, "a=1"), NONE("take(a)", "take with parameter a") },
    { POST("take", "text/plain", "5"), NONE("take", "take with a single unnamed text parameter")
      MEANT("take()") },
    { GET("take", ""), NONE("take without parameters", "take without parameters")
      MEANT("take()") },
    { POST("take", JSON_, "{\"\":1}"), "json" },
    { POST("take_bytes", "application/octet-stream", "5"), "bytea" },
    { POST("two", "text/plain", "5"), "text" }, { POST("two", JSON_, "{}"), "json" },
    { POST("named", JSON_, "{\"data\":1}"), "json" },
    { POST("named", JSON_, "{\"x\":1}"), NONE("named(x)", "named with parameter x" OR_JSON) },
    /* What has no name is for what nothing else takes. */
    { GET("over", ""), "" }, { POST("over", JSON_, "{}"), "" },
    { POST("over", JSON_, "{\"x\":1}"), "integer integer" },
    { POST("over", JSON_, "{\"x\":1,\"y\":1}"), "integer integer" },
    { POST("over", JSON_, "{\"y\":1}"), "json" }, { POST("over", "text/plain", "{}"), "text" },
    { POST("over", "application/octet-stream", ""), "bytea" },
    { GET("over", "x=1"), "integer integer" },
    { GET("over", "y=1"), NONE("over(y)", "over with parameter y")
      MEANT("over(x, y)") },
};

static const char *choose(const asked_t *asked, app_db_kind_e kind)
{
    app_error_t err = { .pool = unit_pool };
    const rest_routine_t *routine;
    rest_request_t request;
    const char *types = "";
    int i;

    if (read_request(&request, asked, kind, &err) != APR_SUCCESS ||
        rest_plan_find_routine(&routine, &request, schema_of(kind), &err) != APR_SUCCESS) {
        return refusal(&err);
    }
    for (i = 0; i < routine->nparams; i++) {
        types = apr_pstrcat(unit_pool, types, i ? " " : "", routine->params[i].type, NULL);
    }
    return types;
}

static void test_choices(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(choices); i++) {
        const asked_t *asked = &choices[i].asked;
        const char *name = apr_pstrcat(unit_pool, asked->name, "?", asked->query,
                                       asked->body ? asked->body : "", NULL);

        CASE_STRING(name, choose(asked, PG), choices[i].chosen);
        CASE_STRING(name, choose(asked, LITE), choices[i].chosen);
    }
}

/* SQL */

#define ONE(inside) "SELECT app_first.* FROM (SELECT 1) LEFT JOIN (SELECT * FROM (" inside \
    ") LIMIT 1) AS app_first"
#define ID     "\"films_of\".\"id\""
#define ROWS   "SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n FROM "
#define VALUE(f) "SELECT COALESCE(to_json(app_page." f ")::text, 'null') AS app_json, " \
    "NULL AS app_n FROM (SELECT " f "." f " FROM app_call AS " f ") app_page"

static const struct {
    asked_t     asked;
    const char *lite, *pgsql; /* NULL: not looked at */
} calls[] = {
    { GET("add", "a=1&b=2"),
      "WITH app_call(\"add\") AS (" ONE("SELECT ?1 + ?2, ':a', \"x:b\"") ") SELECT"
      " app_json(\"add\".\"add\", 'int') AS j, NULL, NULL FROM app_call AS \"add\" | 1, 2",
      "WITH app_call AS (SELECT \"s\".\"add\"(\"a\" := $1::integer, \"b\" := $2::integer) AS"
      " \"add\") " VALUE("\"add\"") " | '1', '2'" },
    { POST("add", JSON_, "{\"a\":1,\"b\":\"2\"}"), NULL,
      "WITH app_call AS (SELECT \"s\".\"add\"(\"a\" := app_body.\"a\", \"b\" := app_body.\"b\") AS"
      " \"add\" FROM json_to_record($1::json) AS app_body (\"a\" integer, \"b\" integer)) "
      VALUE("\"add\"") " | '{\"a\":1,\"b\":\"2\"}'" },
    { GET("add", "a=x&b=2"), "22P02 invalid input syntax for type integer: \"x\"", NULL },
    { GET("add_more", "a=1&b=2"), NULL,
      "WITH app_call AS (SELECT \"s\".\"add_more\"(\"a\" := $1::integer, \"b\" := $2::integer) AS"
      " \"add_more\") " VALUE("\"add_more\"") " | '1', '2'" },
    { GET("free", "b=x"),
      "WITH app_call(\"free\") AS (" ONE("SELECT 1") ") SELECT app_json(\"free\".\"free\", 'text')"
      " AS j, NULL, NULL FROM app_call AS \"free\" | 'd', 'x'", NULL },
    { GET("sum", "n=1&n=a,\"b"),
      "22P02 invalid input syntax for type integer: \"a,\"b\"",
      "WITH app_call AS (SELECT \"s\".\"sum\"(VARIADIC \"n\" := $1::integer[]) AS \"sum\") "
      VALUE("\"sum\"") " | '{\"1\",\"a,\\\"b\"}'" },
    { GET("sum", "n=1&n=2"),
      "WITH app_call(\"sum\") AS (" ONE("SELECT 1") ") SELECT app_json(\"sum\".\"sum\", 'int')"
      " AS j, NULL, NULL FROM app_call AS \"sum\" | '[1,2]'", NULL },
    { POST("take_text", "text/plain", "a'b"),
      "WITH app_call(\"take_text\") AS (" ONE("SELECT ?1") ") SELECT"
      " app_json(\"take_text\".\"take_text\", 'text') AS j, NULL, NULL FROM app_call AS"
      " \"take_text\" | 'a'b'",
      "WITH app_call AS (SELECT \"s\".\"take_text\"($1::text) AS \"take_text\") "
      VALUE("\"take_text\"") " | 'a'b'" },
    { GET("films_of", "lang=de&select=id&id=gt.1&order=id&limit=2"),
      "WITH app_call(\"id\", \"title\") AS (WITH f AS (SELECT 1) SELECT * FROM films WHERE l = ?1)"
      " SELECT app_object('int\"id\"', " ID ") AS j, NULL, NULL FROM app_call AS \"films_of\""
      " WHERE (" ID " > ?2) ORDER BY " ID " ASC NULLS LAST LIMIT ?3 | 'de', 1, 2",
      "WITH app_call AS (SELECT \"films_of\".* FROM \"s\".\"films_of\"(\"lang\" := $1::text) AS"
      " \"films_of\") SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n FROM (SELECT "
      ID " FROM app_call AS \"films_of\" WHERE (" ID " > $2) ORDER BY " ID
      " ASC NULLS LAST LIMIT $3) app_page | 'de', '1', 2" },
    { POST("films_of", JSON_, "{\"lang\":\"de\"}"), NULL,
      "WITH app_call AS (SELECT \"films_of\".* FROM json_to_record($1::json) AS app_body"
      " (\"lang\" text), LATERAL \"s\".\"films_of\"(\"lang\" := app_body.\"lang\") AS"
      " \"films_of\") " ROWS "(SELECT " ID ", \"films_of\".\"title\" FROM app_call AS"
      " \"films_of\") app_page | '{\"lang\":\"de\"}'" },
    { GET("films_of", "lang=de&select=nosuch"), "42703 column films.nosuch does not exist",
      "WITH app_call AS (SELECT \"films_of\".* FROM \"s\".\"films_of\"(\"lang\" := $1::text) AS"
      " \"films_of\") " ROWS "(SELECT (\"films_of\".*::\"s\".\"films\").\"nosuch\" FROM app_call AS"
      " \"films_of\") app_page | 'de'" },
    { GET("film", "id=1&select=id"),
      "WITH app_call(\"id\", \"title\") AS (" ONE("SELECT 1") ") SELECT app_object('int\"id\"',"
      " \"film\".\"id\") AS j, NULL, NULL FROM app_call AS \"film\" | 1", NULL },
    { GET("gone", ""),
      "do DELETE FROM films; do SELECT 1; WITH app_call(\"gone\") AS (SELECT NULL) SELECT"
      " app_json(\"gone\".\"gone\", 'any') AS j, NULL, NULL FROM app_call AS \"gone\"",
      "WITH app_call AS (SELECT \"s\".\"gone\"()::text AS \"gone\") " VALUE("\"gone\"") },
    { POST("new", JSON_, "{\"t\":\"x\"}"),
      "do SELECT 1; from WITH x AS (SELECT 1) INSERT INTO films(title) VALUES (?1) RETURNING *"
      " | 'x'", NULL },
    { GET("lost", ""), "42P02 there is no parameter :nosuch", NULL },
    { GET("odd\"name", "\"odd\\\"param\"=1"),
      "WITH app_call(\"odd\"\"name\") AS (" ONE("VALUES (1)") ") SELECT"
      " app_json(\"odd\"\"name\".\"odd\"\"name\", 'text') AS j, NULL, NULL FROM app_call AS"
      " \"odd\"\"name\" | '1'",
      "WITH app_call AS (SELECT \"s\".\"odd\"\"name\"(\"odd\"\"param\" := $1::text) AS"
      " \"odd\"\"name\") " VALUE("\"odd\"\"name\"") " | '1'" },
    { GET("words", ""),
      "WITH app_call(\"words\") AS (SELECT 1) SELECT app_json(\"words\".\"words\", 'text') AS j,"
      " NULL, NULL FROM app_call AS \"words\"",
      "WITH app_call AS (SELECT \"s\".\"words\"() AS \"words\") SELECT"
      " COALESCE(to_json(app_page.\"words\")::text, 'null') AS app_json, NULL AS app_n"
      " FROM (SELECT \"words\".\"words\" FROM app_call AS \"words\") app_page" },
    { GET("rec", ""), "PGRST127 Feature not implemented | Functions returning 'record' are not"
      " available on the SQLite backend | Declare the result as table(…).",
      "WITH app_call AS (SELECT \"s\".\"rec\"() AS \"rec\") " VALUE("\"rec\"") },
};

static void show(app_buf_t *buf, const char *before, const rest_sql_t *sql)
{
    int i;

    app_buf_adds(buf, before);
    app_buf_adds(buf, sql->text.data);
    for (i = 0; i < sql->nparams; i++) {
        const app_value_t *value = &sql->params[i];

        app_buf_adds(buf, i ? ", " : " | ");
        if (value->type == APP_VALUE_INT) {
            app_buf_addf(buf, "%d", (int)value->integer);
        }
        else {
            app_buf_addf(buf, "'%.*s'", (int)value->len, value->text);
        }
    }
}

static const char *render(const asked_t *asked, const rest_dialect_t *dialect)
{
    app_error_t err = { .pool = unit_pool };
    rest_statement_t statement;
    rest_request_t request;
    rest_plan_t *plan;
    app_buf_t buf;
    int i;

    if (read_request(&request, asked, dialect->kind, &err) != APR_SUCCESS ||
        rest_plan_make(&plan, &request, schema_of(dialect->kind), &err, unit_pool) !=
            APR_SUCCESS) {
        return refusal(&err);
    }
    plan->readonly = 0; /* without the look at the schema */
    if (rest_render(&statement, dialect, plan, 0, &err, unit_pool) != APR_SUCCESS) {
        return refusal(&err);
    }
    app_buf_init(&buf, unit_pool, 1 << 20);
    for (i = 0; i < statement.nsteps; i++) {
        app_buf_addf(&buf, "do %s; ", statement.steps[i]->text.data);
    }
    if (statement.source) {
        show(&buf, "from ", statement.source);
    }
    if (statement.main) {
        show(&buf, "", statement.main);
    }
    return buf.data;
}

static void test_calls(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(calls); i++) {
        const asked_t *asked = &calls[i].asked;
        const char *name = apr_pstrcat(unit_pool, asked->name, "?", asked->query, NULL);

        if (calls[i].lite) {
            CASE_STRING(name, render(asked, &rest_sqlite), calls[i].lite);
        }
        if (calls[i].pgsql) {
            CASE_STRING(name, render(asked, &rest_pgsql), calls[i].pgsql);
        }
    }
}

/* What of a query string is an argument */

static const struct { const char *query, *given; } givens[] = {
    { "a=1&b=2", "a=1 b=2 " },
    { "a=1&a=2&c", "a=1 a=2 " },
    { "a=eq.1&b=gt.x&c=like(any).{a}&d=not.in.(1)&e=is.null", "" },
    { "a=eq&b=equal.x&c=fts&d=like(some).x", "a=eq b=equal.x c=fts d=like(some).x " },
    { "e=nots.x&f=inside.x&g=island&h=", "e=nots.x f=inside.x g=island h= " },
    { "x.a=1&b->c->>d=2&\"e.f\"=3", "a=1 b=2 e.f=3 " },
    { "select=a&order=b&limit=1&offset=2&columns=c&on_conflict=d&x.order=e&and=(a.eq.1)", "" },
    { "a=not.", "PGRST100" }, { "a=not.x", "PGRST100" }, { "a=in.", "PGRST100" },
    { "a=is.x", "PGRST100" }, { "a(=1", "PGRST100" }, { "or=1", "PGRST100" },
};

static void test_givens(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(givens); i++) {
        app_error_t err = { .pool = unit_pool };
        const rest_given_t *given;
        rest_query_t *query;
        const char *text = "";

        if (rest_parse_call(&query, givens[i].query, &err, unit_pool) != APR_SUCCESS) {
            CASE_STRING(givens[i].query, err.code, givens[i].given);
            continue;
        }
        for (given = query->given; given; given = given->next) {
            text = apr_pstrcat(unit_pool, text, given->name, "=", given->value, " ", NULL);
        }
        CASE_STRING(givens[i].query, text, givens[i].given);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_choices), cmocka_unit_test(test_calls), cmocka_unit_test(test_givens),
};

UNIT_MAIN(tests)
