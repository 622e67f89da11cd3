/* SPDX-License-Identifier: Apache-2.0 */
/** Paths into claims: what they find, in both notations, and which are refused. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_jsonpath.h"

#define CLAIMS                                                                            \
    "{\"role\":\"user\",\"n\":5,\"none\":null,\"a\":{\"b-c\":[\"first\",\"second\"],\"d\":{}}," \
    "\"roles\":[7,\"test\",\"db_admin\",\"db_user\"],\"it's\":\"quoted\",\"\\u00fc\":\"u\","    \
    "\"by\":{\"x\":\"one\",\"y\":\"two\"},\"deep\":[{\"r\":1},[\"a\",\"b\"]],\"w\\\"q\":\"dq\"}"

static const struct {
    const char *path, *found; /* JSON text; NULL: nothing */
    int         old;
} cases[] = {
    { "$.role", "\"user\"", 0 },
    { "$['role']", "\"user\"", 0 },
    { "$[\"role\"]", "\"user\"", 0 },
    { "$[ 'role' ]", "\"user\"", 0 },
    { "$.n", "5", 0 },
    { "$.none", "null", 0 },
    { "$.absent", NULL, 0 },
    { "$.role.x", NULL, 0 },
    { "$.role[0]", NULL, 0 },
    { "$.a['b-c'][0]", "\"first\"", 0 },
    { "$.a['b-c'][-1]", "\"second\"", 0 },
    { "$.a['b-c'][2]", NULL, 0 },
    { "$.a['b-c'][-3]", NULL, 0 },
    { "$.a.d", "{}", 0 },
    { "$['it\\'s']", "\"quoted\"", 0 },
    { "$[\"it's\"]", "\"quoted\"", 0 },
    { "$['w\"q']", "\"dq\"", 0 },
    { "$.\xc3\xbc", "\"u\"", 0 },
    { "$.roles[?@ == 'db_user']", "\"db_user\"", 0 },
    { "$.roles[?@=='db_user']", "\"db_user\"", 0 },
    { "$.roles[?(@ == \"db_user\")]", "\"db_user\"", 0 },
    { "$.roles[?@ == 'nobody']", NULL, 0 },
    { "$.roles[?@ == '7']", NULL, 0 },
    { "$.roles[?@ != 'test']", "7", 0 },
    { "$.roles[?search(@, '^db_')]", "\"db_admin\"", 0 },
    { "$.roles[?search(@,'_u')]", "\"db_user\"", 0 },
    { "$.roles[?match(@, 'db_.*r')]", "\"db_user\"", 0 },
    { "$.roles[?match(@, 'db_')]", NULL, 0 },
    { "$.roles[?search(@, 'a|b\\\\.')]", "\"db_admin\"", 0 },
    { "$.by[?@ == 'two']", "\"two\"", 0 },
    { "$.role[?@ == 'user']", NULL, 0 },
    { "$[?@ == 'user']", "\"user\"", 0 },
    { "$.deep[?@ != 'x'].r", "1", 0 },
    { "$.deep[?@ != 'x'][1]", "\"b\"", 0 },
    { "$.deep[?@ != 'x'][?@ == 'b']", "\"b\"", 0 },

    { ".role", "\"user\"", 1 },
    { ".a.\"b-c\"[0]", "\"first\"", 1 },
    { ".\"it's\"", "\"quoted\"", 1 },
    { ".roles[?(@ == \"test\")]", "\"test\"", 1 },
    { ".roles[?(@ != \"test\")]", "7", 1 },
    { ".roles[?(@ ^== \"db_\")]", "\"db_admin\"", 1 },
    { ".roles[?(@ ==^ \"user\")]", "\"db_user\"", 1 },
    { ".roles[?(@ ==^ \"a long text that is longer\")]", NULL, 1 },
    { ".roles[?(@ *== \"_u\")]", "\"db_user\"", 1 },
    { ".role[?(@ == \"user\")]", NULL, 1 },
};

static void test_found(void **state)
{
    json_t *claims = json_loads(CLAIMS, 0, NULL);
    size_t i;

    (void)state;
    assert_non_null(claims);
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        auth_jsonpath_t *path;
        const json_t *found;
        char *text;
        int old;

        if (auth_jsonpath_compile(&path, &old, cases[i].path, "JwtRoleClaimKey", &err,
                                  unit_pool) != APR_SUCCESS) {
            fail_msg("%s: %s", cases[i].path, err.message);
        }
        found = auth_jsonpath_first(path, claims);
        text = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        CASE_STRING(cases[i].path, text, cases[i].found);
        CASE_INT(cases[i].path, old, cases[i].old);
        free(text);
    }
    json_decref(claims);
}

/** at: the character that the message names. */
static const struct {
    const char *path;
    int         at;
} refused[] = {
    { "", 0 },
    { "role", 1 },
    { "$", 1 },
    { ".", 1 },
    { "$.", 2 },
    { "$..role", 3 },
    { "$.*", 3 },
    { "$.1a", 3 },
    { "$.a-b", 4 },
    { "$role", 2 },
    { "$[", 2 },
    { "$['a", 4 },
    { "$['a'", 5 },
    { "$['a\\n']", 6 },
    { "$[*]", 3 },
    { "$[0,1]", 4 },
    { "$[0:1]", 4 },
    { "$[1000000000]", 3 },
    { "$[99999999999999999999]", 3 },
    { "$[?@]", 5 },
    { "$[?@ == x]", 9 },
    { "$[?@ == 5]", 9 },
    { "$[?@ < 'x']", 6 },
    { "$[?@ ^== 'x']", 6 },
    { "$[?@.a == 'x']", 5 },
    { "$[?(@ == 'x']", 13 },
    { "$[?search(@)]", 12 },
    { "$[?search(@, '(')]", 18 },
    { "$[?search(@, '\\\\C')]", 20 },
    { "$[?length(@) == 1]", 4 },
    { "$.a ", 4 },
    { ".a-b", 3 },
    { ".a['b']", 4 },
    { ".a[-1]", 6 },
    { ".a[?(@ == \"x\")].b", 16 },
    { ".a[?@ == \"x\"]", 5 },
    { ".a[?(search(@, \"x\"))]", 6 },
    { "$.\xff", 2 },
};

static void test_refused(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(refused); i++) {
        app_error_t err = { .pool = unit_pool };
        auth_jsonpath_t *path = NULL;
        int old;

        CASE_INT(refused[i].path, auth_jsonpath_compile(&path, &old, refused[i].path,
                                                        "JwtRoleClaimKey", &err, unit_pool),
                 APP_EFAIL);
        CASE_STRING(refused[i].path, err.message,
                    apr_psprintf(unit_pool, "JwtRoleClaimKey \"%s\" is not a path that is known, "
                                 "at character %d", refused[i].path, refused[i].at));
        assert_non_null(strstr(err.hint, "$.name"));
        assert_null(path);
    }
}

/** What would take a minute is no match after some milliseconds. */
static void test_bounded(void **state)
{
    app_error_t err = { .pool = unit_pool };
    json_t *claims = json_loads("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"]", 0, NULL);
    auth_jsonpath_t *path;
    char many[200];
    int old, i;

    (void)state;
    assert_int_equal(auth_jsonpath_compile(&path, &old, "$[?search(@, '^(a|aa)+$')]", "X", &err,
                                           unit_pool), APR_SUCCESS);
    assert_null(auth_jsonpath_first(path, claims));
    json_decref(claims);
    many[0] = '$';
    for (i = 0; i < 33; i++) {
        memcpy(many + 1 + 2 * i, ".a", 3);
    }
    assert_int_equal(auth_jsonpath_compile(&path, &old, many, "X", &err, unit_pool), APP_EFAIL);
    many[65] = '\0';
    assert_int_equal(auth_jsonpath_compile(&path, &old, many, "X", &err, unit_pool), APR_SUCCESS);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_found),
    cmocka_unit_test(test_refused),
    cmocka_unit_test(test_bounded),
};

UNIT_MAIN(tests)
