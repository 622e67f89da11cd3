/* SPDX-License-Identifier: Apache-2.0 */
/** The query string's grammar: each tree is printed and compared with its text. */
#include "unit.h"

#include "rest_query.h"

/* Printing: select as it would be written, filters as (op field value) */

static void show_field(app_buf_t *buf, const rest_field_t *field)
{
    const rest_step_t *step;

    app_buf_adds(buf, field->name);
    for (step = field->path; step; step = step->next) {
        app_buf_adds(buf, step->text ? "->>" : "->");
        if (step->key) {
            app_buf_addf(buf, "'%s'", step->key);
        }
        else {
            app_buf_addf(buf, "%d", (int)step->index);
        }
    }
}

static void show_items(app_buf_t *buf, const rest_item_t *item)
{
    for (; item; item = item->next) {
        app_buf_addf(buf, "[%d %s=", (int)item->kind, item->alias ? item->alias : "");
        if (item->field.name) {
            show_field(buf, &item->field);
        }
        if (item->cast) {
            app_buf_addf(buf, " as '%s'", item->cast);
        }
        if (item->aggregate) {
            app_buf_addf(buf, " agg%d", (int)item->aggregate);
        }
        if (item->aggregate_cast) {
            app_buf_addf(buf, " as '%s'", item->aggregate_cast);
        }
        if (item->hint) {
            app_buf_addf(buf, " hint %s", item->hint);
        }
        app_buf_adds(buf, item->inner ? " inner" : "");
        show_items(buf, item->select);
        app_buf_addc(buf, ']');
    }
}

static void show_filters(app_buf_t *buf, const rest_filter_t *filter)
{
    static const char *const kinds[] = { "", "and", "or" };
    const rest_name_t *element;

    for (; filter; filter = filter->next) {
        app_buf_addf(buf, "(%s%s", filter->negated ? "not " : "", kinds[filter->kind]);
        if (filter->kind == REST_COMPARE) {
            app_buf_addf(buf, "%d ", (int)filter->op);
            show_field(buf, &filter->field);
            if (filter->op == REST_OP_IS) {
                app_buf_addf(buf, " is%d", (int)filter->is);
            }
            if (filter->quantifier) {
                app_buf_addf(buf, " q%d", (int)filter->quantifier);
            }
            if (filter->language) {
                app_buf_addf(buf, " lang %s", filter->language);
            }
            if (filter->value) {
                app_buf_addf(buf, " '%s'", filter->value);
            }
            for (element = filter->list; element; element = element->next) {
                app_buf_addf(buf, " <%s>", element->name);
            }
        }
        show_filters(buf, filter->children);
        app_buf_addc(buf, ')');
    }
}

static void show_scope(app_buf_t *buf, const rest_scope_t *scope)
{
    const rest_order_t *term;
    const rest_name_t *name;

    for (name = scope->path; name; name = name->next) {
        app_buf_addf(buf, "%s.", name->name);
    }
    show_filters(buf, scope->filters);
    for (term = scope->order; term; term = term->next) {
        app_buf_adds(buf, "{");
        if (term->relation) {
            app_buf_addf(buf, "%s/", term->relation);
        }
        show_field(buf, &term->field);
        app_buf_addf(buf, " %s%d}", term->descending ? "desc" : "asc", (int)term->nulls);
    }
    if (scope->has_limit || scope->bad_limit) {
        app_buf_addf(buf, " limit %d%s", (int)scope->limit, scope->bad_limit ? "?" : "");
    }
    if (scope->has_offset) {
        app_buf_addf(buf, " offset %d", (int)scope->offset);
    }
}

static const char *show(const rest_query_t *query)
{
    const rest_scope_t *scope;
    const rest_name_t *name;
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, 1 << 20);
    show_items(&buf, query->select);
    show_scope(&buf, &query->root);
    for (scope = query->embeds; scope; scope = scope->next) {
        app_buf_adds(&buf, " / ");
        show_scope(&buf, scope);
    }
    for (name = query->columns; name; name = name->next) {
        app_buf_addf(&buf, " col %s", name->name);
    }
    for (name = query->on_conflict; name; name = name->next) {
        app_buf_addf(&buf, " on %s", name->name);
    }
    return buf.data;
}

static const struct { const char *query, *tree; } good[] = {
    { "", "" },
    { NULL, "" },
    { "alone", "" },
    /* select */
    { "select=", "" },
    { "select=a,b", "[1 =a][1 =b]" },
    { "select=*", "[0 =]" },
    { "select=*,a", "[0 =][1 =a]" },
    { "select= a , b ", "[1 =a][1 =b]" },
    { "select=x:a", "[1 x=a]" },
    { "select=a::text", "[1 =a as 'text']" },
    { "select=x:a::double%20precision", "[1 x=a as 'double precision']" },
    { "select=\"a.b\",\"c\\\"d\"", "[1 =a.b][1 =c\"d]" },
    { "select=a-b,c d", "[1 =a-b][1 =c d]" },
    { "select=gr%C3%B6%C3%9Fe", "[1 =größe]" },
    { "select=d->a->>b", "[1 =d->'a'->>'b']" },
    { "select=d->0->-1->>-2", "[1 =d->0->-1->>-2]" },
    { "select=d->0x::int", "[1 =d->'0x' as 'int']" },
    { "select=d->a-b", "[1 =d->'a-b']" },
    { "select=count()", "[2 =]" },
    { "select=n:count()::text", "[2 n= as 'text']" },
    { "select=a.sum()", "[1 =a agg1]" },
    { "select=t:a::int.avg()::text", "[1 t=a as 'int' agg2 as 'text']" },
    { "select=count", "[1 =count]" },
    { "select=r(a,b)", "[3 =r[1 =a][1 =b]]" },
    { "select=x:r!h!inner(*)", "[3 x=r hint h inner[0 =]]" },
    { "select=r!inner!h(*)", "[3 =r hint h inner[0 =]]" },
    { "select=r!left()", "[3 =r]" },
    { "select=...r(a),b", "[4 =r[1 =a]][1 =b]" },
    { "select=r(s(t(a)))", "[3 =r[3 =s[3 =t[1 =a]]]]" },
    { "select=a&select=b", "[1 =a]" },
    /* filters */
    { "a=eq.1", "(0 a '1')" },
    { "a=eq.", "(0 a '')" },
    { "a=eq.x,y.(z):\"w\"", "(0 a 'x,y.(z):\"w\"')" },
    { "a=not.eq.1", "(not 0 a '1')" },
    { "a=gt.1&a=lte.5", "(2 a '1')(5 a '5')" },
    { "a=neq.b;c=lt.d", "(1 a 'b')(4 c 'd')" },
    { "a=like.x*", "(6 a 'x*')" },
    { "a=like(any).{a*,b*}", "(6 a q1 '{a*,b*}')" },
    { "a=eq(all).{1}", "(0 a q2 '{1}')" },
    { "a=isdistinct.1", "(12 a '1')" },
    { "a=fts(english).x", "(13 a lang english 'x')" },
    { "a=wfts.x", "(16 a 'x')" },
    { "a=adj.[1,2)", "(24 a '[1,2)')" },
    { "a=is.null", "(11 a is0)" },
    { "a=is.NOT_NULL", "(11 a is1)" },
    { "a=is.True", "(11 a is2)" },
    { "a=is.unknown", "(11 a is4)" },
    { "a=in.(1,2)", "(10 a <1> <2>)" },
    { "a=in.()", "(10 a)" },
    { "a=in.( \"x,y\" ,\"z\")", "(10 a <\"x> <y\" > <z>)" },
    { "a=in.(\"x,y\",\"a\"b)", "(10 a <x,y> <\"a\"b>)" },
    { "a=in.(,)", "(10 a <> <>)" },
    { "d->>x=eq.1", "(0 d->>'x' '1')" },
    { "r.s.a=eq.1", " / r.s.(0 a '1')" },
    { "r.a=eq.1&b=eq.2&r.c=eq.3", "(0 b '2') / r.(0 a '1')(0 c '3')" },
    { "\"a.b\"=eq.1", "(0 a.b '1')" },
    { "a=eq.+%2B%zz", "(0 a ' +%zz')" },
    /* logic */
    { "or=(a.eq.1,b.gt.2)", "(or(0 a '1')(2 b '2'))" },
    { "and=( a.eq.1 , not.or(b.is.null,c.in.(1,2)) )",
      "(and(0 a '1 ')(not or(11 b is0)(10 c <1> <2>)))" },
    { "not.and=(a.eq.1,b.eq.2)", "(not and(0 a '1')(0 b '2'))" },
    { "r.not.or=(a.eq.1)", " / r.(not or(0 a '1'))" },
    { "or=(a.eq.\"x,y)\",b.cs.{1,2})", "(or(0 a 'x,y)')(17 b '{1,2}'))" },
    { "or=(a.not.eq.1,and.eq.2,not.eq.3)", "(or(not 0 a '1')(0 and '2')(0 not '3'))" },
    { "or=(d->x.eq.1)", "(or(0 d->'x' '1'))" },
    /* order, limit, offset */
    { "order=a", "{a asc0}" },
    { "order=a.desc.nullslast,b.asc.nullsfirst", "{a desc2}{b asc1}" },
    { "order=a.nullsfirst, b.desc ", "{a asc1}{b desc0}" },
    { "order=r(a).desc", "{r/a desc0}" },
    { "order=d->>x.desc", "{d->>'x' desc0}" },
    { "order=a&order=b", "{a asc0}" },
    { "r.order=a&r.limit=2", " / r.{a asc0} limit 2" },
    { "limit=5&offset=10", " limit 5 offset 10" },
    { "limit=5&limit=7", " limit 7" },
    { "limit=x&offset=3", " limit 0? offset 3" },
    { "limit=-1", " limit -1" },
    { "offset=x", "" },
    { "columns=a,\"b\"", " col a col b" },
    { "on_conflict=a, b", " on a on b" },
};

static void test_good(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_query_t *query;

        if (rest_parse_query(&query, good[i].query, &err, unit_pool) != APR_SUCCESS) {
            fail_msg("%s: %s; %s", good[i].query, err.message, err.details);
        }
        CASE_STRING(good[i].query, show(query), good[i].tree);
    }
}

static const struct { const char *query, *message, *details; } bad[] = {
    { "a=noop.0", "\"failed to parse filter (noop.0)\" (line 1, column 1)",
      "unexpected \"o\" expecting \"not\" or operator (eq, gt, ...)" },
    { "a=5", "\"failed to parse filter (5)\" (line 1, column 1)",
      "unexpected \"5\" expecting \"not\" or operator (eq, gt, ...)" },
    { "a=", "\"failed to parse filter ()\" (line 1, column 1)",
      "unexpected end of input expecting \"not\" or operator (eq, gt, ...)" },
    { "a=eq", "\"failed to parse filter (eq)\" (line 1, column 3)", NULL },
    { "a=eqx.1", "\"failed to parse filter (eqx.1)\" (line 1, column 3)", NULL },
    { "a=eq(anx).1", "\"failed to parse filter (eq(anx).1)\" (line 1, column 4)", NULL },
    { "a=eq(any", "\"failed to parse filter (eq(any)\" (line 1, column 7)", NULL },
    { "a=eq(all)5", "\"failed to parse filter (eq(all)5)\" (line 1, column 8)", NULL },
    { "a=neq(any).1", "\"failed to parse filter (neq(any).1)\" (line 1, column 4)", NULL },
    { "a=fts(x.1", "\"failed to parse filter (fts(x.1)\" (line 1, column 6)", NULL },
    { "a=fts().1", "\"failed to parse filter (fts().1)\" (line 1, column 5)", NULL },
    { "a=isx.1", "\"failed to parse filter (isx.1)\" (line 1, column 3)", NULL },
    { "a=is.nul", "\"failed to parse filter (is.nul)\" (line 1, column 7)", NULL },
    { "a=notx.1", "\"failed to parse filter (notx.1)\" (line 1, column 4)", NULL },
    { "or=(a.eq.\"x,b.zz.1)", "\"failed to parse logic tree ((a.eq.\"x,b.zz.1))\" (line 1, column 14)", NULL },
    { "or=(a.is.nullx)", "\"failed to parse logic tree ((a.is.nullx))\" (line 1, column 13)", NULL },
    { "or=(a.eq.{b}c)", "\"failed to parse logic tree ((a.eq.{b}c))\" (line 1, column 12)", NULL },
    { "a=not.x", "\"failed to parse filter (not.x)\" (line 1, column 5)", NULL },
    { "a=is.other", "\"failed to parse filter (is.other)\" (line 1, column 4)",
      "unexpected \"o\" expecting isVal: (null, not_null, true, false, unknown)" },
    { "a=in.1,2", "\"failed to parse filter (in.1,2)\" (line 1, column 4)",
      "unexpected \"1\" expecting \"(\"" },
    { "a=in.(1,2", "\"failed to parse filter (in.(1,2)\" (line 1, column 8)",
      "unexpected end of input expecting \",\" or \")\"" },
    { "a(b)=eq.1", "\"failed to parse tree path (a(b))\" (line 1, column 2)", NULL },
    { "a..b=eq.1", "\"failed to parse tree path (a..b)\" (line 1, column 3)",
      "unexpected \".\" expecting field name (* or [a..z0..9_$])" },
    { "\"a=eq.1", "\"failed to parse tree path (\"a)\" (line 1, column 3)", NULL },
    { "select=name,,version",
      "\"failed to parse select parameter (name,,version)\" (line 1, column 6)",
      "unexpected \",\" expecting field name (* or [a..z0..9_$])" },
    { "select=a,", "\"failed to parse select parameter (a,)\" (line 1, column 3)",
      "unexpected end of input expecting field name (* or [a..z0..9_$])" },
    { "select=a)", "\"failed to parse select parameter (a))\" (line 1, column 2)", NULL },
    { "select=r(a", "\"failed to parse select parameter (r(a)\" (line 1, column 4)", NULL },
    { "select=a::", "\"failed to parse select parameter (a::)\" (line 1, column 4)", NULL },
    { "select=a.median()", "\"failed to parse select parameter (a.median())\" (line 1, column 3)",
      NULL },
    { "select=d->-x", "\"failed to parse select parameter (d->-x)\" (line 1, column 5)",
      "unexpected \"x\" expecting digit" },
    { "select=d->>--34", "\"failed to parse select parameter (d->>--34)\" (line 1, column 6)",
      "unexpected \"-\" expecting digit" },
    { "select=d->>-78x", "\"failed to parse select parameter (d->>-78x)\" (line 1, column 8)",
      "unexpected \"x\" expecting digit, \"->\", \"::\", \".\", \",\" or end of input" },
    { "select=gr%C3%B6%C3%9Fe,%2F",
      "\"failed to parse select parameter (größe,/)\" (line 1, column 7)", NULL },
    { "order=a.dsc", "\"failed to parse order (a.dsc)\" (line 1, column 3)", NULL },
    { "order=a.desc.x", "\"failed to parse order (a.desc.x)\" (line 1, column 8)", NULL },
    { "order=a.nullsfirst.desc",
      "\"failed to parse order (a.nullsfirst.desc)\" (line 1, column 13)",
      NULL },
    { "order=", "\"failed to parse order ()\" (line 1, column 1)", NULL },
    { "or=()", "\"failed to parse logic tree (())\" (line 1, column 4)", NULL },
    { "or=(a.eq.1", "\"failed to parse logic tree ((a.eq.1)\" (line 1, column 10)", NULL },
    { "or=(r.a.eq.1)", "\"failed to parse logic tree ((r.a.eq.1))\" (line 1, column 6)", NULL },
    { "and=a.eq.1", "\"failed to parse logic tree (a.eq.1)\" (line 1, column 4)", NULL },
    { "columns=a,", "\"failed to parse columns parameter (a,)\" (line 1, column 3)", NULL },
    { "on_conflict=", "\"failed to parse on_conflict parameter ()\" (line 1, column 1)", NULL },
    { "a(.order=b", "\"failed to parse tree path (a(.order)\" (line 1, column 2)", NULL },
    { "a=%FF", "The query string is not valid UTF-8", NULL },
};

static void test_bad(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(bad); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_query_t *query;

        CASE_INT(bad[i].query, rest_parse_query(&query, bad[i].query, &err, unit_pool), APP_EFAIL);
        CASE_STRING(bad[i].query, err.code, "PGRST100");
        CASE_STRING(bad[i].query, err.message, bad[i].message);
        if (bad[i].details) {
            CASE_STRING(bad[i].query, err.details, bad[i].details);
        }
    }
}

static void test_depth(void **state)
{
    app_error_t err = { .pool = unit_pool };
    rest_query_t *query;
    app_buf_t buf;
    int i;

    (void)state;
    app_buf_init(&buf, unit_pool, 1 << 20);
    app_buf_adds(&buf, "or=(");
    for (i = 0; i < 10000; i++) {
        app_buf_adds(&buf, "and(");
    }
    assert_int_equal(rest_parse_query(&query, buf.data, &err, unit_pool), APP_EFAIL);
    assert_non_null(strstr(err.details, "no deeper nesting than 16 levels"));
}

static void test_location(void **state)
{
    static const struct { const char *query, *location; } cases[] = {
        { NULL, "/t" },
        { "b=eq.1&a=eq.2", "/t?a=eq.2&b=eq.1" },
        { "a=gt.1&b=eq.x&a=lt.5", "/t?a=gt.1%2Clt.5&b=eq.x" },
        { "alone&a=eq.%C3%9F+x", "/t?a=eq.%C3%9F%20x" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_query_t *query;

        rest_parse_query(&query, cases[i].query, &err, unit_pool);
        CASE_STRING(cases[i].query, rest_query_location(query, "/t", unit_pool), cases[i].location);
    }
}

static void test_prefer(void **state)
{
    static const struct {
        const char *header;
        int         is_read;
        const char *applied, *invalid;
    } cases[] = {
        { NULL, 1, NULL, NULL },
        { "count=exact", 1, "count=exact", NULL },
        { "return=representation, count=exact", 0, "return=representation, count=exact", NULL },
        { "return=minimal,return=representation", 0, "return=minimal", NULL },
        { "return=minimal", 1, NULL, NULL },
        { "Count=exact, x=y", 1, NULL, "Count=exact, x=y" },
        { "handling=strict,timezone=UTC,tx=rollback,max-affected=5,missing=default", 0,
          "missing=default, handling=strict, timezone=UTC, max-affected=5", NULL },
        { "tx=rollback,resolution=merge-duplicates", 1, "tx=rollback", NULL },
        { "return=minimal,resolution=merge-duplicates", 0,
          "resolution=merge-duplicates, return=minimal", NULL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const rest_applied_t read = { .end = 1 };
        const rest_applied_t write = { .resolution = 1, .missing = 1, .representation = 1,
                                       .bound = 1 };
        rest_prefer_t prefer;

        rest_prefer_parse(&prefer, cases[i].header, unit_pool);
        CASE_STRING(cases[i].header,
                    rest_prefer_applied(&prefer, cases[i].is_read ? &read : &write, unit_pool),
                    cases[i].applied);
        CASE_STRING(cases[i].header, prefer.invalid, cases[i].invalid);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_good),     cmocka_unit_test(test_bad),    cmocka_unit_test(test_depth),
    cmocka_unit_test(test_location), cmocka_unit_test(test_prefer),
};

UNIT_MAIN(tests)
