/* SPDX-License-Identifier: Apache-2.0 */
/** Full-text queries for FTS5, and array literals as JSON. */
#include "unit.h"

#include "apr_strings.h"

#include "rest_fulltext.h"
#include "rest_value.h"

static const struct { rest_language_e language; const char *text, *match; } queries[] = {
    { REST_LANGUAGE_QUERY, "a", "\"a\"" },
    { REST_LANGUAGE_QUERY, " a & b", "\"a\" \"b\"" },
    { REST_LANGUAGE_QUERY, "a|b&c", "\"a\" OR (\"b\" \"c\")" },
    { REST_LANGUAGE_QUERY, "(a|b)&c", "(\"a\" OR \"b\") AND \"c\"" },
    { REST_LANGUAGE_QUERY, "a & !b", "\"a\" NOT \"b\"" },
    { REST_LANGUAGE_QUERY, "!a & b", "\"b\" NOT \"a\"" },
    { REST_LANGUAGE_QUERY, "a & !b & !c", "(\"a\" NOT \"b\") NOT \"c\"" },
    { REST_LANGUAGE_QUERY, "!a", "not \"a\"" },
    { REST_LANGUAGE_QUERY, "!!a", "\"a\"" },
    { REST_LANGUAGE_QUERY, "!a & !b", "not \"a\" OR \"b\"" },
    { REST_LANGUAGE_QUERY, "a | !b", "not \"b\" NOT \"a\"" },
    { REST_LANGUAGE_QUERY, "!(a | b)", "not \"a\" OR \"b\"" },
    { REST_LANGUAGE_QUERY, "a <-> b <-> c:*", "\"a\" + \"b\" + \"c\" *" },
    { REST_LANGUAGE_QUERY, "a<->b", "\"a\" + \"b\"" },
    { REST_LANGUAGE_QUERY, "cat:* & dog", "\"cat\" * \"dog\"" },
    { REST_LANGUAGE_QUERY, "'it''s \\\\ \"x\"':*", "\"it's \\ \"\"x\"\"\" *" },
    { REST_LANGUAGE_QUERY, "a\\&b", "\"a&b\"" },
    { REST_LANGUAGE_QUERY, "", "" },
    { REST_LANGUAGE_QUERY, "a b", "42601 syntax error in tsquery: \"a b\"" },
    { REST_LANGUAGE_QUERY, "a &", "42601 no operand in tsquery: \"a &\"" },
    { REST_LANGUAGE_QUERY, "(a", "42601 syntax error in tsquery: \"(a\"" },
    { REST_LANGUAGE_QUERY, "a)", "42601 syntax error in tsquery: \"a)\"" },
    { REST_LANGUAGE_QUERY, "()", "42601 syntax error in tsquery: \"()\"" },
    { REST_LANGUAGE_QUERY, "&", "42601 syntax error in tsquery: \"&\"" },
    { REST_LANGUAGE_QUERY, "'a", "42601 syntax error in tsquery: \"'a\"" },
    { REST_LANGUAGE_QUERY, "a:x", "42601 syntax error in tsquery: \"a:x\"" },
    { REST_LANGUAGE_QUERY, "a\\", "42601 syntax error in tsquery: \"a\\\"" },
    { REST_LANGUAGE_QUERY, "a:B", "PGRST127 Feature not implemented" },
    { REST_LANGUAGE_QUERY, "a <2> b", "PGRST127 Feature not implemented" },
    { REST_LANGUAGE_QUERY, "(a|b) <-> c", "PGRST127 Feature not implemented" },
    { REST_LANGUAGE_QUERY, "((((((((((((((((a))))))))))))))))", "\"a\"" },
    { REST_LANGUAGE_QUERY, "(((((((((((((((((a)))))))))))))))))",
      "54001 the search is nested too deeply" },
    { REST_LANGUAGE_PLAIN, "The  \"Fat\" Rats", "\"The\" \"\"\"Fat\"\"\" \"Rats\"" },
    { REST_LANGUAGE_PLAIN, "a & !b", "\"a\" \"&\" \"!b\"" },
    { REST_LANGUAGE_PLAIN, "  ", "" },
    { REST_LANGUAGE_PHRASE, " the fat cat", "\"the fat cat\"" },
    { REST_LANGUAGE_PHRASE, "", "" },
    { REST_LANGUAGE_WEB, "a b or c", "(\"a\" \"b\") OR \"c\"" },
    { REST_LANGUAGE_WEB, "\"a b\" -c", "\"a b\" NOT \"c\"" },
    { REST_LANGUAGE_WEB, "-\"a b\"", "not \"a b\"" },
    { REST_LANGUAGE_WEB, "a OR -b", "not \"b\" NOT \"a\"" },
    { REST_LANGUAGE_WEB, "a - b", "\"a\" NOT \"b\"" },
    { REST_LANGUAGE_WEB, "--a", "\"a\"" },
    { REST_LANGUAGE_WEB, "or a", "\"or\" \"a\"" },
    { REST_LANGUAGE_WEB, "a or", "\"a\" \"or\"" },
    { REST_LANGUAGE_WEB, "a or or b", "\"a\" OR (\"or\" \"b\")" },
    { REST_LANGUAGE_WEB, "a or\"b\"", "\"a\" OR \"b\"" },
    { REST_LANGUAGE_WEB, "oregon a-b", "\"oregon\" \"a-b\"" },
    { REST_LANGUAGE_WEB, "a \"b", "\"a\" \"b\"" },
    { REST_LANGUAGE_WEB, "a\"b c\"d", "\"a\" \"b c\" \"d\"" },
    { REST_LANGUAGE_WEB, "\"\" a", "\"a\"" },
    { REST_LANGUAGE_WEB, "-", "" },
    { REST_LANGUAGE_WEB, "\"", "" },
};

static void test_queries(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(queries); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_match_t match = { NULL, 0 };
        apr_status_t status = rest_fulltext_translate(&match, queries[i].language, queries[i].text,
                                                      NULL, &err, unit_pool);
        const char *shown = status != APR_SUCCESS
                                ? apr_pstrcat(unit_pool, err.code, " ", err.message, NULL)
                                : apr_pstrcat(unit_pool, match.text && match.negated ? "not " : "",
                                              match.text ? match.text : "", NULL);

        CASE_STRING(queries[i].text, shown, queries[i].match);
    }
}

/** Many words, and a long text. */
static void test_bounds(void **state)
{
    app_error_t err = { .pool = unit_pool };
    rest_match_t match;
    app_buf_t text;
    int i;

    (void)state;
    app_buf_init(&text, unit_pool, 1 << 20);
    for (i = 0; i < 200; i++) {
        app_buf_adds(&text, i ? "|a" : "a");
    }
    assert_int_equal(rest_fulltext_translate(&match, REST_LANGUAGE_QUERY, text.data, NULL, &err,
                                             unit_pool), APR_SUCCESS);
    app_buf_adds(&text, "|a");
    assert_int_equal(rest_fulltext_translate(&match, REST_LANGUAGE_QUERY, text.data, NULL, &err,
                                             unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "the search has more than 200 words");
    assert_int_equal(rest_fulltext_translate(&match, REST_LANGUAGE_WEB,
                                             apr_psprintf(unit_pool, "%020000d", 0), NULL, &err,
                                             unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "the search is too long");
}

static void test_column(void **state)
{
    (void)state;
    assert_string_equal(rest_fulltext_of_column("\"a\"", "say \"x\"", unit_pool),
                        "{\"say \"\"x\"\"\"} : (\"a\")");
    assert_true(rest_fulltext_has_config("porter unicode61", "english"));
    assert_true(rest_fulltext_has_config(NULL, "simple"));
    assert_false(rest_fulltext_has_config("unicode61", "english"));
}

static const struct { const char *type, *literal, *json; } arrays[] = {
    { "text[]", "{a, b c ,\"d,\\\"e\",NULL,\"NULL\",n\\ull}",
      "[\"a\",\"b c\",\"d,\\\"e\",null,\"NULL\",\"null\"]" },
    { "text[]", " { } ", "[]" },
    { "text[]", "{{a,b},{},{c}}", "[[\"a\",\"b\"],[],[\"c\"]]" },
    { "text[]", "{\"\"}", "[\"\"]" },
    { "integer[]", "{1,+2,-03}", "[1,2,-3]" },
    { "integer[][]", "{{1},{2}}", "[[1],[2]]" },
    { "integer[]", "{1,x}", "22P02 invalid input syntax for type integer: \"x\"" },
    { "boolean[]", "{t,no,NULL}", "[true,false,null]" },
    { "numeric[]", "{1.50,+.5,5.,-007.25,0.0,1e5,3.e2}", "[1.50,0.5,5,-7.25,0.0,1e5,3e2]" },
    { "date[]", "{2024-02-29}", "[\"2024-02-29\"]" },
    { "json[]", "{\"{\\\"a\\\": 1}\",2}", "[{\"a\":1},2]" },
    { "bytea[]", "{\"\\\\x00\"}", "[\"\\\\x00\"]" },
    { "json", "{a,1,true,null,\"1\",-}", "[\"a\",1,true,null,\"1\",\"-\"]" },
    { "text[]", "a", "22P02 malformed array literal: \"a\"" },
    { "text[]", "", "22P02 malformed array literal: \"\"" },
    { "text[]", "{a", "22P02 malformed array literal: \"{a\"" },
    { "text[]", "{a,}", "22P02 malformed array literal: \"{a,}\"" },
    { "text[]", "{,a}", "22P02 malformed array literal: \"{,a}\"" },
    { "text[]", "{a}b", "22P02 malformed array literal: \"{a}b\"" },
    { "text[]", "{\"a\"b}", "22P02 malformed array literal: \"{\"a\"b}\"" },
    { "text[]", "{\"a", "22P02 malformed array literal: \"{\"a\"" },
    { "text[]", "{a\\", "22P02 malformed array literal: \"{a\\\"" },
    { "text[]", "{\"a\\", "22P02 malformed array literal: \"{\"a\\\"" },
    { "text[]", "{{{{{{{a}}}}}}}",
      "54000 number of array dimensions (7) exceeds the maximum allowed (6)" },
};

static void test_arrays(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(arrays); i++) {
        app_error_t err = { .pool = unit_pool };
        const rest_column_t column = { .name = "c", .type = arrays[i].type,
                                       .kind = rest_kind_of_type(arrays[i].type) };
        const char *json;

        if (rest_value_array_of_text(&json, &column, arrays[i].literal, &err, unit_pool) !=
            APR_SUCCESS) {
            json = apr_pstrcat(unit_pool, err.code, " ", err.message, NULL);
        }
        CASE_STRING(arrays[i].literal, json, arrays[i].json);
    }
}

/** From JSON, as a body has it. */
static void test_json_arrays(void **state)
{
    static const struct { const char *type, *json, *expected; } jsons[] = {
        { "integer[]", "[1, \"2\", null, [3]]", "[1,2,null,[3]]" },
        { "integer[]", "[1.5]", "22P02 invalid input syntax for type integer: \"1.5\"" },
        { "text[]", "[1, true, {\"a\": 1}, \"\\u00fc\"]",
          "[\"1\",\"true\",\"{\\\"a\\\": 1}\",\"\xc3\xbc\"]" },
        { "text[]", "[\"\\u0000\"]", "22P05 unsupported Unicode escape sequence" },
        { "json[]", "[[1], \"a\", {\"b\": [ ]}]", "[[1],\"a\",{\"b\":[]}]" },
        { "integer[]", "{}", "22P02 expected JSON array" },
        { "integer[]", "[ ]", "[]" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(jsons); i++) {
        app_error_t err = { .pool = unit_pool };
        const rest_column_t column = { .name = "c", .type = jsons[i].type,
                                       .kind = REST_KIND_ARRAY };
        const char *text;
        rest_json_t json;

        assert_int_equal(rest_json_read(&json, jsons[i].json, strlen(jsons[i].json)), APR_SUCCESS);
        if (rest_value_array_of_json(&text, &column, &json, &err, unit_pool) != APR_SUCCESS) {
            text = apr_pstrcat(unit_pool, err.code, " ", err.message, NULL);
        }
        CASE_STRING(jsons[i].json, text, jsons[i].expected);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_queries), cmocka_unit_test(test_bounds), cmocka_unit_test(test_column),
    cmocka_unit_test(test_arrays),  cmocka_unit_test(test_json_arrays),
};

UNIT_MAIN(tests)
