/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Hostile texts at every place of a request: nothing of them gets into SQL but as a parameter, a
 * string or a name.
 */
#include "unit.h"

#include "apr_strings.h"

#include "app_core.h"
#include "unit_sql.h"

#define MARKER "zqx"

static const char *const hostile[] = {
    "zqx", "zqx'", "'zqx", "zqx\"", "\"zqx", "zqx\\", "\\zqx", "\\'zqx", "\\\\'zqx--", "''zqx''",
    "'; DROP TABLE zqx; --", "\"; DROP TABLE zqx; --", "\\\"; zqx --", "') OR 1=1; zqx --",
    "\") OR (\"zqx\"=\"zqx", "zqx--", "zqx/*", "*/zqx", "zqx;", "$1zqx", "$$zqx$$", "$a$zqx$a$",
    "?1 zqx", ":zqx", "@zqx", "[zqx]", "`zqx`", "E'zqx'", "U&'zqx'", "x'zqx", "zqx)", "((zqx",
    "zqx,zqx", "{zqx}", "{\"zqx\"}", "{\"zq\\\"x'\"}", "{'zqx}", "[\"zqx'\"]",
    "{\"zqx'\":\"zqx\\\"\"}",
    "zqx.zqx", "zqx::zqx", "zqx->zqx", "zqx->>zqx'", "zqx:*", "'zqx':*",
    "!zqx & 'zqx", "zqx <-> zqx",
    "zqx\t\n'", "zqx\xc2\xa0'", "\xe2\x80\x99zqx", "zqx\xf0\x9f\x98\x80'", "%27zqx", "\"zqx\\\"'\"",
    "(select zqx)", "zqx UNION SELECT 1", "id) FROM zqx --", "1 OR zqx", "current_setting('zqx')",
    "id\" AS \"zqx", "id' AS 'zqx", "id\",\"zqx", "zqx AS int) FROM zqx --", "int)::zqx",
};

/* "~": the text, encoded; "^": in double quotes, what is special in them escaped. */
static const char *const places[] = {
    "select=~", "select=^", "select=~:id", "select=^:id", "select=id::~", "select=info->~",
    "select=info->^", "select=info->>^", "select=^:info->a->^->0", "select=name->^", "select=~(*)",
    "select=a:~!~(*)", "select=id,~:t!name(id)", "select=^:t!name(^:id,info->^)", "select=t!^(id)",
    "select=...t!name(^:id)", "select=^:t!name(id)&^.name=eq.~", "select=a:t!name(id)&a.^=eq.~",
    "select=id,a:t!name!inner(id)&a.or=(name.eq.^,^.is.null)&a.order=^.desc&a.limit=2",
    "select=id,^:t!name(id)&^=is.null", "select=id,a:t!name(id)&order=a(^)",
    "select=^:id.sum(),name", "select=info->^.max()", "select=a:t!name(^:count())", "select=...^(*)", "select=id.~()", "select=count()::~", "select=id.sum()::~",
    "~=eq.1", "^=eq.1", "info->~=eq.1", "info->^=eq.1", "info->^->>^=is.null", "tags->^=is.null",
    "name->^=is.null", "~.a=eq.1", "^.^=is.null",
    "id=~", "id=not.~", "name=eq.~", "name=neq.~", "name=gt.~", "name=like.~", "name=ilike.~",
    "name=match.~", "name=imatch.~", "name=in.(~)", "name=in.(^,^)", "name=is.~",
    "name=isdistinct.~", "name=fts.~", "name=fts(~).a", "name=plfts(english).~",
    "name=phfts.~", "name=wfts.~", "name=cs.~", "tags=cs.~", "tags=cs.{^}", "tags=cd.~",
    "tags=ov.{~}", "info=cs.~", "info=ov.{^}", "info->a=eq.^", "name=sl.~", "name=adj.~",
    "name=eq(any).~", "name=eq(any).{^,^}", "name=like(all).{^}", "name=imatch(any).{~}",
    "info->a=eq(any).{^}", "shade=eq.~", "shade=in.(^,~)", "shade=eq(any).{^}",
    "or=~", "or=(~)", "or=(name.eq.~)", "or=(name.eq.^,^.is.null)",
    "and=(or(name.like.^,id.in.(^)))",
    "not.or=(info->^.eq.1,~.eq.2)", "^.or=(id.eq.1)",
    "order=~", "order=^", "order=info->^.desc", "order=name->>^", "order=id.~", "order=^(id)",
    "order=id,^.asc.nullslast", "limit=~", "offset=~", "^.order=id", "^.limit=1",
    "columns=~", "columns=^", "columns=id,^", "on_conflict=~", "on_conflict=^", "on_conflict=id,^",
};

/** The query string with the text in its place. */
static const char *put(const char *place, const char *text)
{
    app_buf_t quoted, query;
    const char *c;

    app_buf_init(&quoted, unit_pool, 4096);
    app_buf_addc(&quoted, '"');
    for (c = text; *c; c++) {
        if (strchr("\"\\", *c)) {
            app_buf_addc(&quoted, '\\');
        }
        app_buf_addc(&quoted, *c);
    }
    app_buf_addc(&quoted, '"');
    app_buf_init(&query, unit_pool, 65536);
    for (c = place; *c; c++) {
        if (*c == '~' || *c == '^') {
            app_buf_adds(&query, app_url_encode(*c == '~' ? text : quoted.data, unit_pool));
        }
        else {
            app_buf_addc(&query, *c);
        }
    }
    return query.data;
}

static void check_sql(const rest_sql_t *sql, app_db_kind_e kind, const char *query)
{
    const char *place = sql ? sql_wild(sql->text.data, kind == APP_DB_PGSQL, MARKER) : NULL;

    if (place) {
        fail_msg("%s: \"%s\" in %s", query, place, sql->text.data);
    }
}

/** What is filter in a call by GET, and what is argument. */
static const char *const arguments[] = {
    "name=~", "name=^", "\"name\"=~", "info=^", "info={\"a\":^}", "zqx%27%22=~", "\"zqx'\\\"\"=~",
    "\"zqx'\\\"\"=^&name=~", "tags=~&tags=^", "tags={^}", "~=a", "^=~", "x.^.name=~",
    "name->^=~", "name=~&name=eq.~&select=^:id&order=^", "name=~&info->^=eq.^", "name=not.~",
};

/** A body with a text as key and as value. @return 0: it is refused */
static int read_body(rest_request_t *request, app_db_kind_e kind, const char *text,
                     app_error_t *err)
{
    rest_source_t source = { .columns = request->query->columns, .kind = kind };
    app_buf_t body;

    app_buf_init(&body, unit_pool, 4096);
    app_buf_adds(&body, "[{\"id\":1,");
    app_buf_add_json(&body, text, strlen(text));
    app_buf_addc(&body, ':');
    app_buf_add_json(&body, text, strlen(text));
    app_buf_adds(&body, "}]");
    source.data = body.data;
    source.len = body.len;
    return (request->post ? rest_body_parse_call(&request->body, &source, err, unit_pool)
                          : rest_body_parse(&request->body, &source,
                                            request->action == REST_UPDATE, err, unit_pool)) ==
           APR_SUCCESS;
}

static int read_query(rest_request_t *request, const char *query, app_error_t *err)
{
    return (request->action == REST_CALL && !request->post
                ? rest_parse_call(&request->query, query, err, unit_pool)
                : rest_parse_query(&request->query, query, err, unit_pool)) == APR_SUCCESS;
}

/** Plans and renders. @return whether there was SQL to look at */
static int check(rest_request_t *request, const char *query, const char *text,
                 const rest_schema_t *schema, const rest_dialect_t *dialect)
{
    app_error_t err = { .pool = unit_pool };
    rest_statement_t statement;
    rest_plan_t *plan;

    request->limit = -1;
    if (!read_query(request, query, &err) ||
        (text && !read_body(request, dialect->kind, text, &err)) ||
        rest_plan_make(&plan, request, schema, &err, unit_pool) != APR_SUCCESS ||
        rest_render(&statement, dialect, plan, 1, &err, unit_pool) != APR_SUCCESS) {
        assert_non_null(err.code);
        return 0;
    }
    check_sql(statement.main, dialect->kind, query);
    check_sql(statement.each, dialect->kind, query);
    check_sql(statement.after, dialect->kind, query);
    return 1;
}

static int check_query(const char *query, const rest_schema_t *schema,
                       const rest_dialect_t *dialect)
{
    rest_request_t request = { .action = REST_READ, .relation = "t", .role = "r",
                               .space = dialect->default_space, .aggregates = 1 };

    return check(&request, query, NULL, schema, dialect);
}

static void check_all(const rest_dialect_t *dialect)
{
    apr_pool_t *parent = unit_pool;
    const rest_schema_t *schema = sql_schema(dialect->kind, unit_pool);
    size_t i, j, rendered = 0;

    apr_pool_create(&unit_pool, parent);
    for (i = 0; i < COUNT(places); i++) {
        for (j = 0; j < COUNT(hostile); j++) {
            rendered += (size_t)check_query(put(places[i], hostile[j]), schema, dialect);
            apr_pool_clear(unit_pool);
        }
    }
    apr_pool_destroy(unit_pool);
    unit_pool = parent;
    assert_true(rendered > COUNT(places) * COUNT(hostile) / 4);
}

static void test_pgsql(void **state)
{
    (void)state;
    check_all(&rest_pgsql);
}

static void test_sqlite(void **state)
{
    (void)state;
    check_all(&rest_sqlite);
}

/** Writes: the same places, the keys of the body, the columns of a conflict. */
static void check_writes(const rest_dialect_t *dialect)
{
    static const rest_action_e actions[] = { REST_INSERT, REST_UPDATE, REST_DELETE };
    static const char *const forms[] = { "columns=~,id", "columns=^,id", "on_conflict=id,^",
                                         "select=^:id,^&id=eq.~", "^=eq.~&select=info->^,id::~",
                                         "columns=id,^&on_conflict=id&order=^" };
    const rest_schema_t *schema = sql_schema(dialect->kind, unit_pool);
    size_t i, j, k, rendered = 0;

    for (i = 0; i < COUNT(forms); i++) {
        for (j = 0; j < COUNT(hostile); j++) {
            for (k = 0; k < COUNT(actions); k++) {
                rest_request_t request = { .action = actions[k], .relation = "t", .role = "r",
                                           .space = dialect->default_space };

                rest_prefer_parse(&request.prefer, "return=representation, missing=default, "
                                  "resolution=merge-duplicates", unit_pool);
                rendered += (size_t)check(&request, put(forms[i], hostile[j]),
                                          actions[k] == REST_DELETE ? NULL : hostile[j], schema,
                                          dialect);
            }
        }
    }
    assert_true(rendered > 100);
}

static void test_writes(void **state)
{
    (void)state;
    check_writes(&rest_pgsql);
    check_writes(&rest_sqlite);
}

/** Calls: by GET with arguments, by POST with a filter and a body. */
static void check_calls(const rest_dialect_t *dialect)
{
    const rest_schema_t *schema = sql_schema(dialect->kind, unit_pool);
    size_t i, j, rendered = 0;

    for (j = 0; j < COUNT(hostile); j++) {
        rest_request_t post = { .action = REST_CALL, .relation = "f", .role = "r", .post = 1,
                                .space = dialect->default_space };

        for (i = 0; i < COUNT(arguments); i++) {
            rest_request_t get = { .action = REST_CALL, .relation = "f", .role = "r",
                                   .space = dialect->default_space };

            rendered += (size_t)check(&get, put(arguments[i], hostile[j]), NULL, schema, dialect);
        }
        rendered += (size_t)check(&post, put("^=eq.~&select=info->^&columns=name,info,tags",
                                             hostile[j]), hostile[j], schema, dialect);
        check(&post, "", hostile[j], schema, dialect);
        post.relation = hostile[j];
        assert_int_equal(check(&post, "", hostile[j], schema, dialect), 0);
    }
    assert_true(rendered > COUNT(arguments) * COUNT(hostile) / 3);
}

static void test_calls(void **state)
{
    (void)state;
    check_calls(&rest_pgsql);
    check_calls(&rest_sqlite);
}

/** What is outside of the query string: path, profile, role, Prefer, Accept. */
static void check_outside(const rest_dialect_t *dialect)
{
    const rest_schema_t *schema = sql_schema(dialect->kind, unit_pool);
    size_t j;

    for (j = 0; j < COUNT(hostile); j++) {
        const char *text = hostile[j];
        rest_request_t path = { .relation = text, .role = "r", .space = dialect->default_space };
        rest_request_t space = { .relation = "t", .role = "r", .space = text };
        rest_request_t role = { .relation = "t", .role = text, .space = dialect->default_space };
        rest_request_t other = { .relation = "t", .role = "r", .space = dialect->default_space,
                                 .accept = text };

        rest_prefer_parse(&other.prefer, apr_psprintf(unit_pool, "timezone=%s, max-affected=%s, "
                                                      "count=%s, resolution=%s", text, text, text,
                                                      text), unit_pool);
        assert_int_equal(check(&path, "", NULL, schema, dialect), strcmp(text, "t") == 0);
        assert_int_equal(check(&space, "", NULL, schema, dialect), 0);
        check(&role, "", NULL, schema, dialect);
        check(&other, "", NULL, schema, dialect);
        other.accept = apr_psprintf(unit_pool, "text/csv;header=%s, application/%s", text, text);
        check(&other, "", NULL, schema, dialect);
    }
}

static void test_outside(void **state)
{
    (void)state;
    check_outside(&rest_pgsql);
    check_outside(&rest_sqlite);
}

/** The check itself: what it lets pass, and what not. */
static void test_wild(void **state)
{
    (void)state;
    assert_null(sql_wild("SELECT 'zqx''', \"z\"\"zqx\" FROM t", 1, MARKER));
    assert_null(sql_wild("SELECT E'\\'zqx'", 1, MARKER));
    assert_null(sql_wild("SELECT '\\'", 0, MARKER));
    assert_non_null(sql_wild("SELECT '\\'", 1, MARKER));
    assert_non_null(sql_wild("SELECT zqx", 1, MARKER));
    assert_non_null(sql_wild("SELECT 'a", 0, MARKER));
    assert_non_null(sql_wild("SELECT (1", 0, MARKER));
    assert_non_null(sql_wild("SELECT 1; ", 0, MARKER));
    assert_non_null(sql_wild("SELECT [a]", 0, MARKER));
    assert_non_null(sql_wild("SELECT 1 -- ", 0, MARKER));
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_wild), cmocka_unit_test(test_pgsql), cmocka_unit_test(test_sqlite),
    cmocka_unit_test(test_writes), cmocka_unit_test(test_calls), cmocka_unit_test(test_outside),
};

UNIT_MAIN(tests)
