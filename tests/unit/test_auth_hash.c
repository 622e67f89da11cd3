/* SPDX-License-Identifier: Apache-2.0 */
/** Hashes of passwords: which kinds are known, what they may cost, and whether they match. */
#include "unit.h"

#include "auth_hash.h"

#define PASSWORD "correct horse battery"

static void test_kind(void **state)
{
    static const struct {
        const char      *stored;
        auth_hash_kind_e kind;
        apr_uint32_t     memory, passes, lanes;
    } cases[] = {
        { "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA", AUTH_HASH_ARGON2ID, 19456, 2, 1 },
        { "$argon2i$v=19$m=4096,t=3,p=4$c2FsdHNhbHQ$aGFzaA", AUTH_HASH_ARGON2I, 4096, 3, 4 },
        { "$argon2d$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaA", AUTH_HASH_ARGON2D, 4096, 3, 1 },
        { "$argon2id$v=19$m=1048577,t=2,p=1$c2FsdA$aGFzaA", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$argon2id$v=19$m=99999999999999999999,t=2,p=1$a$b", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$argon2id$v=19$m=19456,t=65,p=1$c2FsdA$aGFzaA", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$argon2id$v=19$m=19456,t=2,p=65$c2FsdA$aGFzaA", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$argon2id$v=19$m=-1,t=2,p=1$c2FsdA$aGFzaA", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$argon2id$m=19456,t=2,p=1$c2FsdA$aGFzaA", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$argon2id$", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$2b$12$abcdefghijklmnopqrstuu", AUTH_HASH_CRYPT, 0, 0, 0 },
        { "$2y$10$abcdefghijklmnopqrstuu", AUTH_HASH_CRYPT, 0, 0, 0 },
        { "$2b$31$abcdefghijklmnopqrstuu", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$6$saltsalt$x", AUTH_HASH_CRYPT, 0, 0, 0 },
        { "$6$rounds=100000$saltsalt$x", AUTH_HASH_CRYPT, 0, 0, 0 },
        { "$6$rounds=999999999$saltsalt$x", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "$1$saltsalt$x", AUTH_HASH_CRYPT, 0, 0, 0 },
        { "$y$j9T$abcdefgh$x", AUTH_HASH_CRYPT, 0, 0, 0 },
        { "plain text", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "", AUTH_HASH_UNKNOWN, 0, 0, 0 },
        { "abJnggxhB/yWI", AUTH_HASH_UNKNOWN, 0, 0, 0 }, /* DES: eight characters of it */
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        auth_cost_t cost = { 0 };

        CASE_INT(cases[i].stored, auth_hash_kind(cases[i].stored, &cost), cases[i].kind);
        if (cases[i].memory) {
            CASE_INT(cases[i].stored, cost.memory, cases[i].memory);
            CASE_INT(cases[i].stored, cost.passes, cases[i].passes);
            CASE_INT(cases[i].stored, cost.lanes, cases[i].lanes);
        }
    }
}

static int matches(const char *password, const char *stored)
{
    auth_cost_t cost;

    return auth_hash_matches(password, stored, auth_hash_kind(stored, &cost), unit_pool);
}

/** Made by other programs. */
static void test_imports(void **state)
{
    static const char *const stored[] = {
        "$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
        "9osgF9Vj/OWKKHDH0I89IVwT2taN4B89WCPCiZ5aS1Q",
        "$6$saltsalt$G9wFFnnUFCPffgjGaIp8t6onbqx3zGbMIn93ecLfBFGJpBV3/"
        "0HPLZ17qYbjb.WJDtXbmuMlQ9NnvzVms5ZXj.",
        "$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
        "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
        "$y$j75$abcdefgh$O1/6nYIqybihR5a7/mAmrxtRJ1XjZDA1zejCIsqVhW0",
        "$1$saltsalt$UevX3RQ4rPNbqFqf8dVFn.",
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(stored); i++) {
        CASE_INT(stored[i], matches(PASSWORD, stored[i]), 1);
        CASE_INT(stored[i], matches(PASSWORD " ", stored[i]), 0);
        CASE_INT(stored[i], matches("", stored[i]), 0);
    }
    CASE_INT("a hash is no password", matches(stored[0], stored[0]), 0);
    CASE_INT("crypt's own word for what it cannot do", matches(PASSWORD, "*0"), 0);
}

static void test_make(void **state)
{
    const auth_cost_t cost = { .memory = 1024, .passes = 1, .lanes = 2 };
    const char *first = auth_hash_make(PASSWORD, &cost, unit_pool);
    const char *second = auth_hash_make(PASSWORD, &cost, unit_pool);
    auth_cost_t read;

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    assert_string_not_equal(first, second);
    assert_int_equal(auth_hash_kind(first, &read), AUTH_HASH_ARGON2ID);
    assert_memory_equal(&read, &cost, sizeof(cost));
    assert_true(matches(PASSWORD, first));
    assert_false(matches("another", first));
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_kind), cmocka_unit_test(test_imports),
                                     cmocka_unit_test(test_make) };
UNIT_MAIN(tests)
