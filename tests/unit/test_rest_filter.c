/* SPDX-License-Identifier: Apache-2.0 */
/** Each operator as SQL of both databases, with what it refuses. */
#include "unit.h"

#include "apr_strings.h"

#include "rest_dialect.h"

/** The name is the type's, with "_" for what a name cannot have. */
static rest_relation_t *relation_of(app_db_kind_e kind)
{
    static const char *const types[][2] = {
        { "int", "integer" }, { "text", "text" },      { "bool", "boolean" }, { "num", "numeric" }, { "money", "numeric text" },
        { "date", "date" },   { "at", "timestamp" },   { "json", "json" },    { "blob", "bytea" },
        { "ints", "integer[]" }, { "texts", "text[]" }, { "jsonb", "jsonb" }, { "any", "" },
        { "vector", "tsvector" }, { "color", "color" },
    };
    static const char *const covered[] = { "text", "say \"x\"" };
    static rest_fulltext_t fulltext = { NULL, "\"main\".\"t_search\"", "\"t_search\"",
                                        (const char **)covered, 2, "porter unicode61",
                                        NULL };
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    rest_schema_t *schema = rest_schema_create(kind, spaces, unit_pool);
    rest_relation_t *relation = rest_schema_relation_make(schema, "t");
    size_t i;

    for (i = 0; i < COUNT(types); i++) {
        rest_column_t *column = rest_schema_column_add(schema, relation, types[i][0], types[i][1]);

        column->base = *types[i][1] ? types[i][1] : NULL;
        if (kind == APP_DB_PGSQL && strcmp(types[i][0], "color") == 0) {
            column->from_text = "\"public\".\"color\"";
        }
    }
    relation->ident = "t";
    relation->fulltext = &fulltext;
    return relation;
}

static void show_params(app_buf_t *buf, const rest_sql_t *sql)
{
    int i;

    for (i = 0; i < sql->nparams; i++) {
        const app_value_t *value = &sql->params[i];

        app_buf_adds(buf, i ? ", " : " | ");
        switch (value->type) {
        case APP_VALUE_INT:
            app_buf_addf(buf, "%" APR_INT64_T_FMT, value->integer);
            break;
        case APP_VALUE_REAL:
            app_buf_addf(buf, "%g", value->real);
            break;
        case APP_VALUE_NULL:
            app_buf_adds(buf, "null");
            break;
        default:
            app_buf_addf(buf, "'%.*s'", (int)value->len, value->text);
        }
    }
}

static rest_column_t *find_column(const rest_relation_t *relation, const char *name)
{
    int i;

    for (i = 0; i < relation->ncolumns; i++) {
        if (strcmp(relation->columns[i]->name, name) == 0) {
            return relation->columns[i];
        }
    }
    return NULL;
}

/** The comparison that a filter asks for, and its parameters; or the code of the error. */
static const char *render(const char *text, const rest_dialect_t *dialect)
{
    app_error_t err = { .pool = unit_pool };
    rest_relation_t *relation = relation_of(dialect->kind);
    rest_node_t node = { .relation = relation, .as = "t" };
    rest_sql_t *sql = rest_sql_create(dialect->kind == APP_DB_PGSQL ? '$' : '?', &err, unit_pool);
    rest_query_t *query;
    rest_cond_t cond = { .next = NULL };
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, 1 << 20);
    if (rest_parse_query(&query, text, &err, unit_pool) == APR_SUCCESS) {
        cond.filter = query->root.filters;
        cond.operand.column = find_column(relation, cond.filter->field.name);
        cond.operand.path = cond.filter->field.path;
        assert_non_null(cond.operand.column);
        sql->nots = cond.filter->negated;
        if (dialect->compare(sql, &node, &cond) == APR_SUCCESS) {
            app_buf_adds(&buf, sql->text.data);
            show_params(&buf, sql);
            return buf.data;
        }
    }
    app_buf_addf(&buf, "%s %s", err.code, err.details ? err.details : err.message);
    return buf.data;
}

#define NO_RANGES(op) \
    "PGRST127 The '" op "' operator on ranges is not available on the SQLite backend"
#define NO_INDEX(column) \
    "PGRST127 Full-text search on '" column "' needs an FTS5 index, and there is none"

static const struct { const char *query, *lite, *pgsql; } cases[] = {
    /* Comparisons */
    { "int=eq.5", "t.\"int\" = ?1 | 5", "t.\"int\" = $1 | '5'" },
    { "int=neq.5", "t.\"int\" <> ?1 | 5", "t.\"int\" <> $1 | '5'" },
    { "int=gte.x", "22P02 invalid input syntax for type integer: \"x\"",
      "t.\"int\" >= $1 | 'x'" },
    { "bool=eq.yes", "t.\"bool\" = ?1 | 1", "t.\"bool\" = $1 | 'yes'" },
    { "at=lt.2024-01-01T00:00:00%2B01:00", "t.\"at\" < ?1 | '2023-12-31 23:00:00'",
      "t.\"at\" < $1 | '2024-01-01T00:00:00+01:00'" },
    { "text=isdistinct.a", "t.\"text\" IS NOT ?1 | 'a'", "t.\"text\" IS DISTINCT FROM $1 | 'a'" },
    { "num=eq.1.50", "t.\"num\" = ?1 | 1.5", "t.\"num\" = $1 | '1.50'" },
    { "money=gt.1.50", "t.\"money\" COLLATE app_numeric > ?1 | '1.50'", NULL },
    { "money=in.(5,1.0)", "t.\"money\" COLLATE app_numeric IN (?1, ?2) | 5, '1.0'", NULL },
    { "any=eq.a", "t.\"any\" = ?1 | 'a'", "t.\"any\" = $1 | 'a'" },
    { "any=gt.5", "t.\"any\" > CASE typeof(t.\"any\") WHEN 'text' THEN ?1 ELSE ?2 END | '5', 5",
      "t.\"any\" > $1 | '5'" },
    { "any=lt.1.5",
      "t.\"any\" < CASE typeof(t.\"any\") WHEN 'text' THEN ?1 ELSE ?2 END | '1.5', 1.5", NULL },
    { "json=eq.{%22a%22: 1}", "app_json_compare(t.\"json\", ?1) = 0 | '{\"a\":1}'",
      "t.\"json\" = $1 | '{\"a\": 1}'" },
    { "json=eq.{a}", "22P02 invalid input syntax for type json", "t.\"json\" = $1 | '{a}'" },
    { "ints=neq.{1,2}", "app_json_compare(t.\"ints\", ?1) <> 0 | '[1,2]'",
      "t.\"ints\" <> $1 | '{1,2}'" },

    /* Patterns */
    { "text=like.a*_", "t.\"text\" GLOB ?1 | 'a*?'", "t.\"text\" LIKE $1 | 'a%_'" },
    { "text=ilike.A*", "app_ilike(t.\"text\", ?1) | 'A%'", "t.\"text\" ILIKE $1 | 'A%'" },
    { "text=match.^a*", "app_regex(t.\"text\", ?1, 0) | '^a*'", "t.\"text\" ~ $1 | '^a*'" },
    { "text=imatch.%5E(a", "app_regex(t.\"text\", ?1, 1) | '^(a'", "t.\"text\" ~* $1 | '^(a'" },
    { "json=like.a", "42883 operator does not exist: jsonb ~~ unknown",
      "t.\"json\" LIKE $1 | 'a'" },
    { "bool=imatch.a", "42883 operator does not exist: boolean ~* unknown", NULL },
    { "text=like.a%5C", "22025 LIKE pattern must not end with escape character", NULL },

    /* Lists */
    { "int=in.(1,2)", "t.\"int\" IN (?1, ?2) | 1, 2", "t.\"int\" = ANY ($1) | '{\"1\",\"2\"}'" },
    { "text=in.(%22a,%5C%22b%22,NULL,)", "t.\"text\" IN (?1, ?2, ?3) | 'a,\"b', 'NULL', ''",
      "t.\"text\" = ANY ($1) | '{\"a,\\\"b\",\"NULL\",\"\"}'" },
    { "int=in.(1,b)", "22P02 invalid input syntax for type integer: \"b\"", NULL },
    { "int=in.()", "0", "t.\"int\" = ANY ($1) | '{}'" },
    { "texts=in.({a},{b})",
      "(app_json_compare(t.\"texts\", ?1) = 0 OR app_json_compare(t.\"texts\", ?2) = 0)"
      " | '[\"a\"]', '[\"b\"]'", NULL },
    { "any=in.(a,b,c)", "(t.\"any\" = ?1 OR (t.\"any\" = ?2 OR t.\"any\" = ?3)) | 'a', 'b', 'c'",
      NULL },

    /* Quantified */
    { "int=eq(any).{1,NULL,{3}}", "t.\"int\" IN (?1, ?2, ?3) | 1, null, 3",
      "t.\"int\" = ANY ($1) | '{1,NULL,{3}}'" },
    { "int=gt(all).{1,2}", "(t.\"int\" > ?1 AND t.\"int\" > ?2) | 1, 2",
      "t.\"int\" > ALL ($1) | '{1,2}'" },
    { "text=like(any).{a*,%22b,*%22}", "(t.\"text\" GLOB ?1 OR t.\"text\" GLOB ?2) | 'a*', 'b,*'",
      "t.\"text\" LIKE ANY ($1) | '{a%,\"b,%\"}'" },
    { "text=ilike(all).{a,NULL}", "(app_ilike(t.\"text\", ?1) AND app_ilike(t.\"text\", ?2))"
      " | 'a', null", "t.\"text\" ILIKE ALL ($1) | '{a,NULL}'" },
    { "text=match(any).{a}", "app_regex(t.\"text\", ?1, 0) | 'a'",
      "t.\"text\" ~ ANY ($1) | '{a}'" },
    { "int=lte(any).{}", "0", "t.\"int\" <= ANY ($1) | '{}'" },
    { "int=lte(all).{}", "1", "t.\"int\" <= ALL ($1) | '{}'" },
    { "int=eq(any).1", "22P02 Array value must start with \"{\" or dimension information.", NULL },

    /* Is */
    { "text=is.null", "t.\"text\" IS NULL", "t.\"text\" IS NULL" },
    { "text=is.NOT_NULL", "t.\"text\" IS NOT NULL", "t.\"text\" IS NOT NULL" },
    { "bool=is.true", "t.\"bool\" IS TRUE", "t.\"bool\" IS TRUE" },
    { "bool=is.unknown", "t.\"bool\" IS NULL", "t.\"bool\" IS UNKNOWN" },
    { "int=is.false", "42804 argument of IS FALSE must be type boolean, not type integer",
      "t.\"int\" IS FALSE" },

    /* JSON paths */
    { "json->a->>b=eq.5", "app_json_text(t.\"json\", '$.\"a\".\"b\"') = ?1 | '5'",
      "t.\"json\"->'a'->>'b' = $1 | '5'" },
    { "jsonb->a->-1=gt.5",
      "app_json_compare(app_json_get(t.\"jsonb\", '$.\"a\"[#-1]'), ?1) > 0 | '5'",
      "t.\"jsonb\"->'a'->-1 > $1 | '5'" },
    { "ints->0=eq.5", "app_json_compare(app_json_get(t.\"ints\", '$[0]'), ?1) = 0 | '5'",
      "to_jsonb(t.\"ints\")->0 = $1 | '5'" },
    { "text->>a=is.null", "NULL IS NULL", "to_jsonb(t.\"text\")->>'a' IS NULL" },
    { "any->>a=is.null", "app_json_text(t.\"any\", '$.\"a\"') IS NULL",
      "to_jsonb(t.\"any\")->>'a' IS NULL" },
    { "json->a=in.(1,%22%5C%22x%5C%22%22)",
      "(app_json_compare(app_json_get(t.\"json\", '$.\"a\"'), ?1) = 0 OR"
      " app_json_compare(app_json_get(t.\"json\", '$.\"a\"'), ?2) = 0) | '1', '\"x\"'",
      "t.\"json\"->'a' = ANY ($1) | '{\"1\",\"\\\"x\\\"\"}'" },
    { "json->%22a'%5C%5C%5C%22%22=is.null", "app_json_get(t.\"json\", '$.\"a''\\\\\\\"\"') IS NULL",
      "t.\"json\"->E'a''\\\\\"' IS NULL" },
    { "json->>a->b=eq.1", "42883 operator does not exist: text -> unknown",
      "42883 operator does not exist: text -> unknown" },
    { "json->2147483648=eq.1", "22003 value \"2147483648\" is out of range for type integer",
      "22003 value \"2147483648\" is out of range for type integer" },
    { "json->a=eq.x", "22P02 invalid input syntax for type json", "t.\"json\"->'a' = $1 | 'x'" },

    /* Containment */
    { "texts=cs.{a,%22b c%22}", "app_contains(t.\"texts\", ?1) | '[\"a\",\"b c\"]'",
      "t.\"texts\" @> $1 | '{a,\"b c\"}'" },
    { "ints=cd.{1,NULL}", "app_contains(?1, t.\"ints\") | '[1]'", "t.\"ints\" <@ $1 | '{1,NULL}'" },
    { "ints=cs.{1,NULL}", "CASE WHEN t.\"ints\" IS NOT NULL THEN 0 END",
      "t.\"ints\" @> $1 | '{1,NULL}'" },
    { "ints=ov.{1,x}", "22P02 invalid input syntax for type integer: \"x\"",
      "t.\"ints\" && $1 | '{1,x}'" },
    { "ints=ov.{}", "app_overlaps(t.\"ints\", ?1) | '[]'", "t.\"ints\" && $1 | '{}'" },
    { "json=cs.{%22a%22:[1]}", "app_contains(t.\"json\", ?1) | '{\"a\":[1]}'",
      "t.\"json\" @> $1 | '{\"a\":[1]}'" },
    { "json=cs.{a,1,%221%22}", "app_contains(t.\"json\", ?1) | '[\"a\",1,\"1\"]'", NULL },
    { "json->a=cd.[1,2]", "app_contains(?1, app_json_get(t.\"json\", '$.\"a\"')) | '[1,2]'",
      "t.\"json\"->'a' <@ $1 | '[1,2]'" },
    { "int=cs.1", "42883 operator does not exist: integer @> unknown", "t.\"int\" @> $1 | '1'" },

    /* Ranges */
    { "date=cs.[1,5)", NO_RANGES("cs"),
      "t.\"date\" @> $1 | '[1,5)'" },
    { "ints=ov.(1,5]", NO_RANGES("ov"),
      "t.\"ints\" && $1 | '(1,5]'" },
    { "int=sl.(1,10)", NO_RANGES("sl"),
      "t.\"int\" << $1 | '(1,10)'" },
    { "int=sr.(1,10)", NO_RANGES("sr"),
      "t.\"int\" >> $1 | '(1,10)'" },
    { "int=nxr.(1,10)", NO_RANGES("nxr"),
      "t.\"int\" &< $1 | '(1,10)'" },
    { "int=nxl.(1,10)", NO_RANGES("nxl"),
      "t.\"int\" &> $1 | '(1,10)'" },
    { "int=adj.(1,10)", NO_RANGES("adj"),
      "t.\"int\" -|- $1 | '(1,10)'" },

    /* Full text */
    { "vector=fts.a", NO_INDEX("t.vector"),
      "t.\"vector\" @@ to_tsquery($1) | 'a'" },
    { "text=plfts(english).a b",
      "t.rowid IN (SELECT rowid FROM \"main\".\"t_search\" WHERE \"t_search\" MATCH ?1)"
      " | '{\"text\"} : (\"a\" \"b\")'",
      "to_tsvector('english', t.\"text\") @@ plainto_tsquery('english', $1) | 'a b'" },
    { "text=phfts.a b",
      "t.rowid IN (SELECT rowid FROM \"main\".\"t_search\" WHERE \"t_search\" MATCH ?1)"
      " | '{\"text\"} : (\"a b\")'",
      "to_tsvector(t.\"text\") @@ phraseto_tsquery($1) | 'a b'" },
    { "text=wfts.-a",
      "CASE WHEN t.\"text\" IS NOT NULL THEN t.rowid NOT IN (SELECT rowid FROM"
      " \"main\".\"t_search\" WHERE \"t_search\" MATCH ?1) END | '{\"text\"} : (\"a\")'",
      "to_tsvector(t.\"text\") @@ websearch_to_tsquery($1) | '-a'" },
    { "text=fts.", "0", "to_tsvector(t.\"text\") @@ to_tsquery($1) | ''" },
    { "text=not.fts.a",
      "CASE WHEN t.\"text\" IS NOT NULL THEN t.rowid IN (SELECT rowid FROM"
      " \"main\".\"t_search\" WHERE \"t_search\" MATCH ?1) END | '{\"text\"} : (\"a\")'", NULL },
    { "text=fts(german).a", "42704 text search configuration \"german\" does not exist", NULL },
    { "any=fts.a", NULL, "t.\"any\" @@ to_tsquery($1) | 'a'" },
    { "json->a=fts.a", NO_INDEX("t.json"),
      "to_tsvector(t.\"json\"->'a') @@ to_tsquery($1) | 'a'" },

    /* A domain with functions of its own */
    { "color=eq.red", NULL, "t.\"color\" = \"public\".\"color\"($1::text) | 'red'" },
    { "color=in.(red,blue)", NULL,
      "t.\"color\" = ANY (ARRAY(SELECT \"public\".\"color\"(app_value) FROM unnest($1::text[])"
      " AS app_value)) | '{\"red\",\"blue\"}'" },
    { "color=like.r*", NULL, "t.\"color\" LIKE $1 | 'r%'" },
    { "color->>a=eq.r", NULL, "to_jsonb(t.\"color\")->>'a' = $1 | 'r'" },
};

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        if (cases[i].lite) {
            CASE_STRING(cases[i].query, render(cases[i].query, &rest_sqlite), cases[i].lite);
        }
        if (cases[i].pgsql) {
            CASE_STRING(cases[i].query, render(cases[i].query, &rest_pgsql), cases[i].pgsql);
        }
    }
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

UNIT_MAIN(tests)
