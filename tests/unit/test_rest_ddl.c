/* SPDX-License-Identifier: Apache-2.0 */
/** The texts of CREATE statements that SQLite keeps. */
#include "unit.h"

#include "apr_strings.h"

#include "app_core_int.h"
#include "rest_ddl.h"

/** Tokens as kind and text without quotes, blanks between. */
static const char *tokens_of(const char *sql)
{
    static const char kinds[] = { ' ', 'w', 'n', 's', '0', '.' };
    app_buf_t buf;
    rest_ddl_t c;

    app_buf_init(&buf, unit_pool, 4096);
    for (rest_ddl_start(&c, sql); c.kind != REST_TOKEN_END; rest_ddl_next(&c)) {
        app_buf_addf(&buf, "%s%c%s", buf.len ? " " : "", kinds[c.kind],
                     rest_ddl_text(&c, unit_pool));
    }
    return buf.data;
}

static void test_tokens(void **state)
{
    static const struct {
        const char *sql, *tokens;
    } cases[] = {
        { "", "" },
        { "  a\tb\n", "wa wb" },
        { "a.\"b\"", "wa .. nb" },
        { "\"a\"\"b\" `c``d` [e\"f] 'g''h'", "na\"b nc`d ne\"f sg'h" },
        { "a--b\nc/*d'*/e", "wa wc we" },
        { "a--b", "wa" },
        { "a/*b", "wa" },
        { "a-1/2", "wa .- 01 ./ 02" },
        { "1.5e3 x'00'", "01 .. 05e3 wx s00" },
        { "\"open", "nopen" },
        { "'open''", "sopen'" },
        { "[open", "nopen" },
        { "\"\" ''", "n s" },
        { "größe_1$", "wgröße_1$" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].sql, tokens_of(cases[i].sql), cases[i].tokens);
    }
}

static void add_list(app_buf_t *buf, const apr_array_header_t *names)
{
    app_buf_addf(buf, "(%s)", apr_array_pstrcat(unit_pool, names, ','));
}

/** "name(columns)" of each key and "column:(labels)" of each CHECK, blanks between. */
static const char *table_of(const char *sql)
{
    rest_ddl_table_t table;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, unit_pool, 4096);
    rest_ddl_table(&table, sql, unit_pool);
    for (i = 0; i < table.keys->nelts; i++) {
        const rest_ddl_key_t *key = &APR_ARRAY_IDX(table.keys, i, rest_ddl_key_t);

        app_buf_addf(&buf, "%s%s", buf.len ? " " : "", key->name ? key->name : "-");
        add_list(&buf, key->columns);
    }
    for (i = 0; i < table.labels->nelts; i++) {
        const rest_ddl_labels_t *labels = &APR_ARRAY_IDX(table.labels, i, rest_ddl_labels_t);

        app_buf_addf(&buf, "%s%s:", buf.len ? " " : "", labels->column);
        add_list(&buf, labels->labels);
    }
    return buf.data;
}

static void test_tables(void **state)
{
    static const struct {
        const char *sql, *table;
    } cases[] = {
        { "CREATE TABLE t(a, b)", "" },
        { "CREATE TABLE t(a REFERENCES o(id))", "-(a)" },
        { "CREATE TABLE \"t(\" (a INT CONSTRAINT f REFERENCES o ON DELETE CASCADE, b)", "f(a)" },
        { "CREATE TABLE t(a CONSTRAINT n NOT NULL REFERENCES o)", "-(a)" },
        { "CREATE TABLE t(a CONSTRAINT n NOT NULL CONSTRAINT f REFERENCES o(a,b) DEFERRABLE)",
          "f(a)" },
        { "CREATE TABLE t(a VARCHAR(10) DEFAULT (1) CHECK (a > (2)) COLLATE nocase REFERENCES o)",
          "-(a)" },
        { "CREATE TABLE t(a REFERENCES o, b REFERENCES p)", "-(a) -(b)" },
        { "CREATE TABLE t(a REFERENCES o REFERENCES p)", "-(a) -(a)" },
        { "CREATE TABLE t(a, b, FOREIGN KEY (a, b) REFERENCES o(x, y))", "-(a,b)" },
        { "CREATE TABLE t(a, CONSTRAINT \"my key\" FOREIGN KEY(\"a\")REFERENCES o)",
          "my key(a)" },
        { "CREATE TABLE t(a, CONSTRAINT u UNIQUE (a), FOREIGN KEY(a) REFERENCES o)", "-(a)" },
        { "CREATE TABLE t(a, CONSTRAINT u UNIQUE(a) CONSTRAINT f FOREIGN KEY(a) REFERENCES o)",
          "f(a)" },
        { "CREATE TABLE t(a, -- REFERENCES o\n b /* REFERENCES o */, 'c' INT REFERENCES o)",
          "-(c)" },
        { "CREATE TABLE t([references] INT, \"check\" TEXT REFERENCES \"foreign\")", "-(check)" },
        { "CREATE TABLE t(a INT GENERATED ALWAYS AS (b REFERENCES c) STORED)", "" },
        { "CREATE TABLE t(a TEXT CHECK (a IN ('x', 'it''s')))", "a:(x,it's)" },
        { "CREATE TABLE t(a, b, CHECK(\"b\" in('x')), CHECK (a NOT IN ('y')))", "b:(x)" },
        { "CREATE TABLE t(a CHECK (a IN ('x') OR a IS NULL), b CHECK (b IN (1, 2)))", "" },
        { "CREATE TABLE t(a CHECK (a IN ()), b CHECK (b IN ('x',)), c CHECK (c = 'x'))", "" },
        { "CREATE TABLE t(a CONSTRAINT c CHECK (a IN ('x')) REFERENCES o)", "-(a) a:(x)" },
        { "CREATE TABLE t(a CONSTRAINT", "" },
        { "CREATE TABLE t(a CHECK (a IN ('x'", "" },
        { "CREATE TABLE t(FOREIGN KEY (a", "" },
        { "CREATE TABLE t(FOREIGN KEY (a REFERENCES", "" },
        { "CREATE TABLE", "" },
        { "", "" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].sql, table_of(cases[i].sql), cases[i].table);
    }
}

/** "p|u|c name(columns){text}" of each rule, blanks between. */
static const char *rules_of(const char *sql)
{
    rest_ddl_table_t table;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, unit_pool, 4096);
    rest_ddl_table(&table, sql, unit_pool);
    for (i = 0; i < table.rules->nelts; i++) {
        const rest_ddl_rule_t *rule = &APR_ARRAY_IDX(table.rules, i, rest_ddl_rule_t);

        app_buf_addf(&buf, "%s%c %s", buf.len ? " " : "", "puc"[rule->kind],
                     rule->name ? rule->name : "-");
        add_list(&buf, rule->columns);
        if (rule->text) {
            app_buf_addf(&buf, "{%s}", rule->text);
        }
    }
    return buf.data;
}

static void test_rules(void **state)
{
    static const struct {
        const char *sql, *rules;
    } cases[] = {
        { "CREATE TABLE t(a, b)", "" },
        { "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b UNIQUE)", "p -(a) u -(b)" },
        { "CREATE TABLE t(a CONSTRAINT n UNIQUE ON CONFLICT FAIL CONSTRAINT m CHECK (a>0))",
          "u n(a) c m(a){a>0}" },
        { "CREATE TABLE t(a CONSTRAINT n NOT NULL UNIQUE)", "u -(a)" },
        { "CREATE TABLE t(a, b, CONSTRAINT \"n m\" UNIQUE(b COLLATE nocase DESC , \"a\"), "
          "PRIMARY KEY (a ASC))",
          "u n m(b,a) p -(a)" },
        { "CREATE TABLE t(a CHECK ( a <> 'x)' ) REFERENCES o, CHECK(lower(a) = \"b c\"))",
          "c -(a){a <> 'x)'} c -(lower,a,b c){lower(a) = \"b c\"}" },
        { "CREATE TABLE t(a CHECK (a", "c -(){}" },
        { "CREATE TABLE t(UNIQUE", "u -()" },
        { "CREATE TABLE t(UNIQUE (", "u -()" },
        { "CREATE TABLE t(PRIMARY", "" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].sql, rules_of(cases[i].sql), cases[i].rules);
    }
}

static const char *virtual_of(const char *sql)
{
    const apr_array_header_t *arguments = rest_ddl_virtual(sql, "fts5", unit_pool);
    app_buf_t buf;
    int i;

    app_buf_init(&buf, unit_pool, 4096);
    for (i = 0; arguments && i < arguments->nelts; i++) {
        const rest_ddl_argument_t *argument =
            &APR_ARRAY_IDX(arguments, i, rest_ddl_argument_t);

        app_buf_addf(&buf, "%s%s%s%s%s", buf.len ? " " : "", argument->name,
                     argument->value ? "=" : "", argument->value ? argument->value : "",
                     argument->unindexed ? "!" : "");
    }
    return arguments ? buf.data : NULL;
}

static void test_virtual(void **state)
{
    static const struct {
        const char *sql, *arguments;
    } cases[] = {
        { "CREATE VIRTUAL TABLE f USING fts5(a, \"b c\", c UNINDEXED)", "a b c c!" },
        { "CREATE VIRTUAL TABLE IF NOT EXISTS main.f USING FTS5 (a,content='t',content_rowid=id)",
          "a content=t content_rowid=id" },
        { "CREATE VIRTUAL TABLE f USING fts5(a, content='', tokenize = \"porter 'x'\")",
          "a content= tokenize=porter 'x'" },
        { "CREATE VIRTUAL TABLE f USING fts5(a, prefix='2 3',columnsize=0)",
          "a prefix=2 3 columnsize=0" },
        { "CREATE VIRTUAL TABLE f USING rtree(a, b)", NULL },
        { "CREATE VIRTUAL TABLE f USING fts5", "" },
        { "CREATE VIRTUAL TABLE f USING", NULL },
        { "CREATE VIRTUAL TABLE f USING fts5(a, content=", "a content=" },
        { "", NULL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].sql, virtual_of(cases[i].sql), cases[i].arguments);
    }
}

static void test_triggers(void **state)
{
    static const struct {
        const char *sql;
        int         right; /* -1: none */
    } cases[] = {
        { "CREATE TRIGGER x INSTEAD OF INSERT ON v BEGIN SELECT 1; END", REST_RIGHT_INSERT },
        { "CREATE TRIGGER x instead /**/ of update OF a, b ON v BEGIN", REST_RIGHT_UPDATE },
        { "CREATE TRIGGER \"INSTEAD\" INSTEAD OF DELETE ON v", REST_RIGHT_DELETE },
        { "CREATE TRIGGER x AFTER UPDATE OF a ON t BEGIN", -1 },
        { "CREATE TRIGGER x INSTEAD", -1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        rest_right_e right = REST_RIGHTS_;
        int found = rest_ddl_trigger(&right, cases[i].sql);

        CASE_INT(cases[i].sql, found ? (int)right : -1, cases[i].right);
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_true(rest_ddl_is_compound("CREATE VIEW v AS SELECT 1 union ALL SELECT 2"));
    assert_true(rest_ddl_is_compound("SELECT 1 EXCEPT SELECT 2"));
    assert_false(rest_ddl_is_compound("SELECT \"union\", 'union', unions -- union"));
    assert_true(rest_ddl_mentions("SELECT * FROM main.V2", "v2", unit_pool));
    assert_true(rest_ddl_mentions("SELECT * FROM \"a b\"", "A b", unit_pool));
    assert_false(rest_ddl_mentions("SELECT * FROM v2x -- v2", "v2", unit_pool));
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_tokens),   cmocka_unit_test(test_tables), cmocka_unit_test(test_rules),
    cmocka_unit_test(test_virtual),
    cmocka_unit_test(test_triggers), cmocka_unit_test(test_words),
};

UNIT_MAIN(tests)
