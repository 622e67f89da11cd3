/* SPDX-License-Identifier: Apache-2.0 */
/** Names and grants: what a plan refuses, in which words, and what it makes of windows. */
#include "unit_plan.h"

static rest_schema_t *schema_of(app_db_kind_e kind)
{
    const char *name = kind == APP_DB_SQLITE ? "main" : "public";
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    rest_relation_t *films, *secrets;
    rest_schema_t *schema;
    rest_space_t *space;

    APR_ARRAY_PUSH(spaces, const char *) = name;
    schema = rest_schema_create(kind, spaces, unit_pool);
    space = rest_schema_space(schema, name);
    films = rest_schema_relation_add(schema, space, "films");
    rest_schema_key_add(schema, films, rest_schema_column_add(schema, films, "id", "integer"));
    rest_schema_column_add(schema, films, "title", "text");
    rest_schema_column_add(schema, films, "cost", "numeric(8,2)");
    films->rowid = films->insertable = 1;
    secrets = rest_schema_relation_add(schema, space, "secrets");
    rest_schema_column_add(schema, secrets, "id", "integer");
    rest_schema_sort(schema);
    rest_schema_grant_add(schema, films, "anon", REST_RIGHT_SELECT, "id, title", NULL, NULL);
    rest_schema_grant_add(schema, films, "user", REST_RIGHT_SELECT, NULL, "id > 0", NULL);
    rest_schema_grant_add(schema, films, "user", REST_RIGHT_INSERT, "title,cost", NULL, "cost > 1");
    return schema;
}

typedef struct case_t {
    const char   *name;
    app_db_kind_e kind;
    rest_action_e action;
    const char   *role, *relation, *query, *prefer, *body;
    const char   *code, *message, *more; /* more: details, or hint */
} case_t;

#define LITE APP_DB_SQLITE
#define PG   APP_DB_PGSQL

static const case_t cases[] = {
    { "all", LITE, REST_READ, "user", "films", "", NULL, NULL, NULL, NULL, NULL },
    { "granted columns", LITE, REST_READ, "anon", "films", "select=id,x:title&title=eq.a&order=id",
      NULL, NULL, NULL, NULL, NULL },
    { "star needs all columns", LITE, REST_READ, "anon", "films", "", NULL, NULL, "42501",
      "permission denied for column cost of relation films", NULL },
    { "filter needs select", LITE, REST_READ, "anon", "films", "select=id&or=(cost.gt.1,id.eq.2)",
      NULL, NULL, "42501", "permission denied for column cost of relation films", NULL },
    { "order needs select", LITE, REST_READ, "anon", "films", "select=id&order=cost", NULL, NULL,
      "42501", "permission denied for column cost of relation films", NULL },
    { "no grant", LITE, REST_READ, "anon", "secrets", "", NULL, NULL, "42501",
      "permission denied for table secrets", NULL },
    { "no role", LITE, REST_READ, "nobody", "films", "", NULL, NULL, "22023",
      "role \"nobody\" does not exist", NULL },
    { "PostgreSQL decides itself", PG, REST_READ, "anon", "secrets", "", NULL, NULL, NULL, NULL,
      NULL },
    { "no table", LITE, REST_READ, "anon", "film", "", NULL, NULL, "PGRST205",
      "Could not find the table 'main.film' in the schema cache",
      "Perhaps you meant the table 'main.films'" },
    { "no table like it", PG, REST_READ, "anon", "zzz", "", NULL, NULL, "PGRST205",
      "Could not find the table 'public.zzz' in the schema cache", NULL },
    { "no column", LITE, REST_READ, "user", "films", "select=name", NULL, NULL, "42703",
      "column films.name does not exist", NULL },
    { "no column in a filter", LITE, REST_READ, "user", "films", "name=eq.1", NULL, NULL, "42703",
      "column films.name does not exist", NULL },
    { "embed", LITE, REST_READ, "user", "films", "select=roles(*)", NULL, NULL, "PGRST200",
      "Could not find a relationship between 'films' and 'roles' in the schema cache", NULL },
    { "spread", PG, REST_READ, "user", "films", "select=...roles!x(*)", NULL, NULL, "PGRST200",
      "Could not find a relationship between 'films' and 'roles' in the schema cache",
      "Searched for a foreign key relationship between 'films' and 'roles' using the hint 'x' in"
      " the schema 'public', but no matches were found." },
    { "aggregate", PG, REST_READ, "user", "films", "select=cost.sum()", NULL, NULL, "PGRST123",
      "Use of aggregate functions is not allowed", NULL },
    { "filter of an embed", PG, REST_READ, "user", "films", "roles.a=eq.1", NULL, NULL, "PGRST108",
      "'roles' is not an embedded resource in this request",
      "Verify that 'roles' is included in the 'select' query parameter." },
    { "order by an embed", PG, REST_READ, "user", "films", "order=roles(a)", NULL, NULL, "PGRST108",
      "'roles' is not an embedded resource in this request", NULL },
    { "strict", LITE, REST_READ, "user", "films", "", "handling=strict,x=y", NULL, "PGRST122",
      "Invalid preferences given with handling=strict", "Invalid preferences: x=y" },
    { "time zone", LITE, REST_READ, "user", "films", "", "timezone=Europe/Rome", NULL, "PGRST127",
      "Feature not implemented",
      "Time zone 'Europe/Rome' is not available on the SQLite backend" },
    { "insert", LITE, REST_INSERT, "user", "films", "", NULL, "{\"title\":1,\"cost\":2}", NULL,
      NULL, NULL },
    { "insert without grant", LITE, REST_INSERT, "anon", "films", "", NULL, "{}", "42501",
      "permission denied for table films", NULL },
    { "insert into an ungranted column", LITE, REST_INSERT, "user", "films", "", NULL,
      "{\"id\":1}", "42501", "permission denied for column id of relation films", NULL },
    { "insert into no column", PG, REST_INSERT, "user", "films", "", NULL, "{\"x\":1}", "PGRST204",
      "Could not find the 'x' column of 'films' in the schema cache", NULL },
    { "insert, embed in select", PG, REST_INSERT, "user", "films", "select=r(*)", NULL, "{}",
      "PGRST200", "Could not find a relationship between 'films' and 'r' in the schema cache",
      NULL },
    { "insert, related order", PG, REST_INSERT, "user", "films", "order=r(x)", NULL, "{}",
      "PGRST108", "'r' is not an embedded resource in this request",
      "Verify that 'r' is included in the 'select' query parameter." },
    { "target without resolution", PG, REST_INSERT, "user", "films", "on_conflict=id", NULL, "{}",
      NULL, NULL, NULL },
};

static apr_status_t plan(rest_plan_t **pplan, const case_t *c, app_error_t *err)
{
    const ask_t ask = { .action = c->action, .relation = c->relation, .query = c->query,
                        .role = c->role, .prefer = c->prefer, .body = c->body,
                        .no_aggregates = 1 };

    return ask_plan(pplan, &ask, schema_of(c->kind), err);
}

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_plan_t *made;
        apr_status_t status = plan(&made, &cases[i], &err);

        CASE_STRING(cases[i].name, err.code, cases[i].code);
        CASE_INT(cases[i].name, status, cases[i].code ? APP_EFAIL : APR_SUCCESS);
        CASE_STRING(cases[i].name, err.message, cases[i].message);
        if (cases[i].more) {
            CASE_STRING(cases[i].name, err.details ? err.details : err.hint, cases[i].more);
        }
    }
}

static void test_filter_and_check(void **state)
{
    const case_t insert = { "", LITE, REST_INSERT, "user", "films", "", "return=representation",
                            "{\"title\":\"a\"}", NULL, NULL, NULL };
    app_error_t err = { .pool = unit_pool };
    rest_plan_t *made;

    (void)state;
    assert_int_equal(plan(&made, &insert, &err), APR_SUCCESS);
    assert_string_equal(made->check, "(cost > 1) AND (id > 0)"); /* what is shown may be read */
    assert_string_equal(made->root.row_filter, "id > 0");
    assert_true(made->rows);
    assert_string_equal(made->written[0]->name, "title");
}

static void test_window(void **state)
{
    static const struct {
        const char *query, *range;
        int limit, offset;
        const char *details;
    } windows[] = {
        { "", NULL, -1, 0, NULL },
        { "limit=5&offset=10", NULL, 5, 10, NULL },
        { "limit=5&offset=-2", NULL, 3, 0, NULL },
        { "limit=0", NULL, 0, 0, NULL },
        { "limit=9223372036854775807&offset=5", NULL, -1, 5, NULL },
        { "", "2-3", 2, 2, NULL },
        { "", "7-", -1, 7, NULL },
        { "", "items=0-1", -1, 0, NULL },
        { "", "-5", -1, 0, NULL },
        { "limit=5&offset=1", "0-2", 2, 1, NULL },
        { "", "5-2", 0, 0,
          "The lower boundary must be lower than or equal to the upper boundary in "
          "the Range header." },
        { "limit=0&offset=1", NULL, 0, 0, "Limit should be greater than or equal to zero." },
        { "limit=x&offset=1", NULL, 0, 0, "Limit should be greater than or equal to zero." },
        { "limit=2", "5-9", 0, 0, "Limit should be greater than or equal to zero." },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(windows); i++) {
        app_error_t err = { .pool = unit_pool };
        apr_int64_t limit = 99, offset = 99;
        rest_query_t *query;
        apr_status_t status;

        rest_parse_query(&query, windows[i].query, &err, unit_pool);
        status = rest_window(&limit, &offset, &query->root, windows[i].range, &err);
        CASE_STRING(windows[i].query, err.details, windows[i].details);
        if (!windows[i].details) {
            CASE_INT(windows[i].query, status, APR_SUCCESS);
            CASE_INT(windows[i].query, limit, windows[i].limit);
            CASE_INT(windows[i].query, offset, windows[i].offset);
        }
    }
}

static void test_kinds(void **state)
{
    static const struct { const char *type; rest_kind_e kind; } types[] = {
        { "INTEGER", REST_KIND_INTEGER }, { "bigint", REST_KIND_INTEGER },
        { "VARCHAR(10)", REST_KIND_TEXT }, { "numeric(8,2)", REST_KIND_NUMERIC },
        { "DOUBLE PRECISION", REST_KIND_REAL }, { "Boolean", REST_KIND_BOOLEAN },
        { "timestamp", REST_KIND_TIMESTAMP }, { "TIMESTAMPTZ", REST_KIND_TIMESTAMPTZ },
        { "timestamp with time zone", REST_KIND_TIMESTAMPTZ }, { "DATETIME", REST_KIND_TIMESTAMP },
        { "date", REST_KIND_DATE }, { "time", REST_KIND_TIME }, { "JSONB", REST_KIND_JSON },
        { "text[]", REST_KIND_ARRAY }, { "BLOB", REST_KIND_BLOB }, { "", REST_KIND_ANY },
        { "money", REST_KIND_ANY },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(types); i++) {
        CASE_INT(types[i].type, rest_kind_of_type(types[i].type), types[i].kind);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cases),
    cmocka_unit_test(test_filter_and_check),
    cmocka_unit_test(test_window),
    cmocka_unit_test(test_kinds),
};

UNIT_MAIN(tests)
