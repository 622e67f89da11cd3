/* SPDX-License-Identifier: Apache-2.0 */
/** API keys: how they are written and read, scopes, and what a process remembers of them. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_api_key_int.h"

#define GOOD "mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3w"
#define HASH "8dfbc4157eb3f8a9303895bdf9e9147c81dc6590c64cb612f9e1685fe5441294"

static void test_parse(void **state)
{
    static const struct {
        const char *text, *id, *why;
    } cases[] = {
        { GOOD, "program00000", NULL },
        { "", NULL, "API keys begin with mapp_" },
        { "mapp", NULL, "API keys begin with mapp_" },
        { "Mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3w", NULL,
          "API keys begin with mapp_" },
        { "eyJhbGciOiJIUzI1NiJ9.e30.x", NULL, "API keys begin with mapp_" },
        { "mapp_", NULL, "The API key is not whole" },
        { "mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3", NULL,
          "The API key is not whole" },
        { GOOD " ", NULL, "The API key is not whole" },
        { GOOD GOOD, NULL, "The API key is not whole" },
        { "mapp_program00001_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3w", NULL,
          "The API key is not as it was given out" },
        { "mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOF4dwn3w", NULL,
          "The API key is not as it was given out" },
        { "mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3W", NULL,
          "The API key is not as it was given out" },
        /* the checksum is right, the rest is not */
        { "mapp_PROGRAM00000_ProgramOfTheTestsProgramOfTheTestsProgramOf3jURMF", NULL,
          "The API key is not as it was given out" },
        { "mapp_program00000-ProgramOfTheTestsProgramOfTheTestsProgramOf3h7DFC", NULL,
          "The API key is not as it was given out" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        char id[AUTH_API_KEY_ID_LEN + 1];
        const char *why = NULL;
        apr_status_t rv = auth_api_key_parse(id, &why, cases[i].text, strlen(cases[i].text));

        CASE_INT(cases[i].text, rv == APR_SUCCESS, cases[i].id != NULL);
        CASE_STRING(cases[i].text, rv == APR_SUCCESS ? id : NULL, cases[i].id);
        CASE_STRING(cases[i].text, why, cases[i].why);
    }
}

/** What is made is read; letters of the random part are as likely as each other. */
static void test_make(void **state)
{
    int seen[128] = { 0 }, i, j;

    (void)state;
    for (i = 0; i < 2000; i++) {
        const char *id = auth_api_key_id(unit_pool), *text = auth_api_key_make(id, unit_pool), *why;
        char read[AUTH_API_KEY_ID_LEN + 1];

        assert_int_equal(strlen(text), AUTH_API_KEY_LEN);
        assert_int_equal(auth_api_key_parse(read, &why, text, strlen(text)), APR_SUCCESS);
        assert_string_equal(read, id);
        for (j = 18; j < 61; j++) {
            seen[(int)text[j]]++;
        }
    }
    for (i = j = 0; i < 128; i++) {
        if (seen[i]) {
            j++;
            assert_in_range(seen[i], 1387 - 250, 1387 + 250); /* 2,000 * 43 / 62 */
        }
    }
    assert_int_equal(j, 62);
}

static void test_is_id(void **state)
{
    (void)state;
    assert_true(auth_api_key_is_id("program00000", 12));
    assert_false(auth_api_key_is_id("program0000", 11));
    assert_false(auth_api_key_is_id("program0000A", 12));
    assert_false(auth_api_key_is_id("program0000/", 12));
    assert_false(auth_api_key_is_id("", 0));
}

static void test_scopes(void **state)
{
    static const struct {
        const char *texts[3], *scopes;
    } cases[] = {
        { { NULL }, "" },
        { { "" }, "" },
        { { "read" }, "read" },
        { { "read", "write" }, "read write" },
        { { " read   write " }, "read write" },
        { { "read", "read write", "write read" }, "read write" },
        { { "rea", "read" }, "rea read" },
        { { "films:read!~[]" }, "films:read!~[]" },
        { { "a\"b" }, NULL },
        { { "a\\b" }, NULL },
        { { "a\tb" }, NULL },
        { { "gr\xc3\xb6\xc3\x9f" "e" }, NULL },
        { { "read", "\x7f" }, NULL },
    };
    app_error_t err = { .pool = unit_pool };
    size_t i, j;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        apr_array_header_t *texts = apr_array_make(unit_pool, 3, sizeof(const char *));
        const char *scopes = NULL;

        for (j = 0; j < 3 && cases[i].texts[j]; j++) {
            APR_ARRAY_PUSH(texts, const char *) = cases[i].texts[j];
        }
        auth_api_key_scopes(&scopes, texts, &err, unit_pool);
        CASE_STRING(cases[i].texts[0], scopes, cases[i].scopes);
    }
}

static void test_scopes_long(void **state)
{
    apr_array_header_t *texts = apr_array_make(unit_pool, 3, sizeof(const char *));
    app_error_t err = { .pool = unit_pool };
    const char *scopes = NULL;
    int i;

    (void)state;
    for (i = 0; i < 300; i++) {
        APR_ARRAY_PUSH(texts, const char *) = apr_itoa(unit_pool, 1000 + i);
    }
    assert_int_equal(auth_api_key_scopes(&scopes, texts, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "Scopes are longer than 1000 bytes");
}

/* What a process remembers */

static auth_api_record_t *record_of(const char *id, const char *role)
{
    const auth_api_key_t key = { .id = id, .hash = HASH, .name = "n", .role = role,
                                 .user_id = "u\"1", .scopes = "a b", .used_at = 1000 };

    return auth_api_record_make(&key, 7, apr_time_now(), unit_pool);
}

static auth_api_cache_t *cache_of(void)
{
    app_error_t err = { .pool = unit_pool };
    auth_api_cache_t *cache = NULL;

    assert_int_equal(auth_api_cache_create(&cache, &err, unit_pool), APR_SUCCESS);
    return cache;
}

static void test_record(void **state)
{
    auth_api_key_t broken = { .id = "program00000", .hash = "00", .role = "r", .scopes = "" };
    auth_api_record_t *record = record_of("program00000", "web_user");

    (void)state;
    assert_string_equal(record->claims, "{\"role\":\"web_user\",\"scope\":\"a b\","
                                        "\"key_id\":\"program00000\",\"sub\":\"u\\\"1\"}");
    assert_string_equal(record->role, "web_user");
    assert_string_equal(record->user, "u\"1");
    assert_int_equal(record->hash[0], 0x8d);
    assert_int_equal(record->hash[31], 0x94);
    assert_false(record->disabled);
    auth_api_record_release(record);
    record = record_of("program00000", NULL); /* its user is gone */
    assert_true(record->disabled);
    auth_api_record_release(record);
    assert_null(auth_api_record_make(&broken, 0, 0, unit_pool));
    broken.hash = HASH "00";
    assert_null(auth_api_record_make(&broken, 0, 0, unit_pool));
    broken.hash = HASH;
    broken.id = "x";
    assert_null(auth_api_record_make(&broken, 0, 0, unit_pool));
}

static void put(auth_api_cache_t *cache, const char *id, const char *role)
{
    auth_api_record_t *record = record_of(id, role);

    auth_api_cache_put(cache, record);
    auth_api_record_release(record);
}

static int has(auth_api_cache_t *cache, const char *id, const char *role)
{
    auth_api_record_t *record = auth_api_cache_get(cache, id);
    int found = record && strcmp(record->role, role) == 0;

    if (record) {
        auth_api_record_release(record);
    }
    return found;
}

static void test_cache(void **state)
{
    auth_api_cache_t *cache = cache_of();

    (void)state;
    assert_null(auth_api_cache_get(cache, "program00000"));
    put(cache, "program00000", "one");
    put(cache, "adaskey00000", "two");
    assert_true(has(cache, "program00000", "one"));
    put(cache, "program00000", "three");
    assert_true(has(cache, "program00000", "three"));
    assert_true(has(cache, "adaskey00000", "two"));
    auth_api_cache_drop(cache, "program00000");
    auth_api_cache_drop(cache, "program00000");
    assert_null(auth_api_cache_get(cache, "program00000"));
    assert_true(has(cache, "adaskey00000", "two"));
}

/** More keys than there are places: the last one is always there. */
static void test_cache_full(void **state)
{
    auth_api_cache_t *cache = cache_of();
    int i;

    (void)state;
    for (i = 0; i < 10000; i++) {
        const char *id = apr_psprintf(unit_pool, "%012d", i);

        put(cache, id, "r");
        assert_true(has(cache, id, "r"));
    }
}

/** A use is due when it is a minute later than what is stored, also of a record read anew. */
static void test_used(void **state)
{
    auth_api_cache_t *cache = cache_of();
    auth_api_record_t *record = record_of("program00000", "r"), *found[4];

    (void)state;
    auth_api_cache_put(cache, record);
    record->used = 1059;
    assert_int_equal(auth_api_cache_used(cache, found, 4), 0);
    record->used = 1060;
    put(cache, "program00000", "r");
    assert_int_equal(auth_api_cache_used(cache, found, 0), 0);
    assert_int_equal(auth_api_cache_used(cache, found, 4), 1);
    assert_int_equal(found[0]->used, 1060);
    assert_ptr_not_equal(found[0], record);
    found[0]->stored = 1060;
    auth_api_record_release(found[0]);
    assert_int_equal(auth_api_cache_used(cache, found, 4), 0);
    auth_api_record_release(record);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parse),      cmocka_unit_test(test_make),
    cmocka_unit_test(test_is_id),      cmocka_unit_test(test_scopes),
    cmocka_unit_test(test_scopes_long), cmocka_unit_test(test_record),
    cmocka_unit_test(test_cache),      cmocka_unit_test(test_cache_full),
    cmocka_unit_test(test_used),
};

UNIT_MAIN(tests)
