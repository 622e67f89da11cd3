/* SPDX-License-Identifier: Apache-2.0 */
/** What is encrypted in the database: opens with its key and for its use, and nowhere else. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_seal.h"

#define KEY   "a key of the site that is long enough"
#define OTHER "another key that was used before this"

static auth_conf_t conf;
static auth_t auth = { .conf = &conf };

static void keys(const char *key, const char *old)
{
    conf.seal_key = key;
    conf.seal_key_old = old;
}

static const char *sealed(const char *what, const char *plain)
{
    app_error_t err = { .pool = unit_pool };
    const char *text = NULL;

    assert_int_equal(auth_seal(&text, &auth, what, plain, &err, unit_pool), APR_SUCCESS);
    return text;
}

/** @return NULL: it does not open */
static const char *opened(const char *what, const char *text)
{
    app_error_t err = { .pool = unit_pool };
    const char *plain = NULL;
    apr_status_t rv = auth_unseal(&plain, &auth, what, text, &err, unit_pool);

    assert_int_equal(rv, plain ? APR_SUCCESS : APP_EFAIL);
    return plain;
}

static void test_round_trip(void **state)
{
    static const char *const texts[] = { "", "x", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" };
    size_t i;

    (void)state;
    keys(KEY, NULL);
    for (i = 0; i < COUNT(texts); i++) {
        const char *text = sealed("factor/1", texts[i]);

        assert_null(strstr(text, "GEZDGNBV"));
        assert_string_not_equal(text, sealed("factor/1", texts[i])); /* a nonce of its own */
        CASE_STRING(texts[i], opened("factor/1", text), texts[i]);
        CASE_STRING("of another", opened("factor/2", text), NULL);
    }
}

static void test_changed(void **state)
{
    const char *text;
    size_t i;

    (void)state;
    keys(KEY, NULL);
    text = sealed("a", "secret");
    for (i = 0; i < strlen(text) - 1; i++) { /* bits of the last one may mean nothing */
        char *wrong = apr_pstrdup(unit_pool, text);

        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        CASE_STRING(wrong, opened("a", wrong), NULL);
        CASE_STRING("cut", opened("a", apr_pstrndup(unit_pool, text, i)), NULL);
    }
    CASE_STRING("too long", opened("a", apr_psprintf(unit_pool, "%s%05000d", text, 0)), NULL);
}

static void test_keys(void **state)
{
    const char *text;

    (void)state;
    keys(OTHER, NULL);
    text = sealed("a", "secret");
    keys(KEY, OTHER);
    CASE_STRING("the old key opens", opened("a", text), "secret");
    keys(KEY, NULL);
    CASE_STRING("it is gone", opened("a", text), NULL);
    keys(NULL, NULL);
    CASE_STRING("no key at all", opened("a", text), NULL);
}

static void test_hash(void **state)
{
    app_error_t err = { .pool = unit_pool };
    const char *one, *same, *other;

    (void)state;
    keys(KEY, NULL);
    assert_int_equal(auth_seal_hash(&one, &auth, "code/a", "123456", &err, unit_pool), 0);
    assert_int_equal(auth_seal_hash(&same, &auth, "code/a", "123456", &err, unit_pool), 0);
    assert_int_equal(auth_seal_hash(&other, &auth, "code/b", "123456", &err, unit_pool), 0);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    keys(NULL, NULL);
    assert_int_equal(auth_seal_hash(&other, &auth, "a", "1", &err, unit_pool), APP_EFAIL);
}

static void test_check(void **state)
{
    app_error_t err = { .pool = unit_pool };

    (void)state;
    keys(NULL, NULL);
    assert_int_equal(auth_seal_check(&conf, &err), APR_SUCCESS);
    keys(KEY, OTHER);
    assert_int_equal(auth_seal_check(&conf, &err), APR_SUCCESS);
    keys("short", NULL);
    assert_int_equal(auth_seal_check(&conf, &err), APP_EFAIL);
    keys(KEY, "short");
    assert_int_equal(auth_seal_check(&conf, &err), APP_EFAIL);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_round_trip), cmocka_unit_test(test_changed),
    cmocka_unit_test(test_keys),       cmocka_unit_test(test_hash),
    cmocka_unit_test(test_check),
};

UNIT_MAIN(tests)
