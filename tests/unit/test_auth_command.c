/* SPDX-License-Identifier: Apache-2.0 */
/** What stands behind a command of appctl: durations, times. */
#include "unit.h"

#include "auth_command.h"

static void test_duration(void **state)
{
    static const struct {
        const char *text;
        apr_int64_t seconds; /* 0: refused */
    } cases[] = {
        { "30s", 30 }, { "15m", 900 }, { "24h", 86400 }, { "90d", 7776000 }, { "2w", 1209600 },
        { "3650d", 315360000 }, { "3651d", 0 }, { "0d", 0 }, { "-1d", 0 }, { "d", 0 }, { "", 0 },
        { "90", 0 }, { "90 d", 0 }, { "1.5d", 0 }, { "99999999999999999999d", 0 },
        { "9223372036854775807w", 0 }, { "90D", 0 },
    };
    app_error_t err = { .pool = unit_pool };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        apr_int64_t seconds = 0;

        auth_command_duration(&seconds, cases[i].text, "--since", &err);
        CASE_INT(cases[i].text, seconds, cases[i].seconds);
    }
}

static void test_time(void **state)
{
    (void)state;
    assert_string_equal(auth_command_time(0, unit_pool), "-");
    assert_string_equal(auth_command_time(1700000000, unit_pool), "2023-11-14 22:13:20");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_duration),
    cmocka_unit_test(test_time),
};

UNIT_MAIN(tests)
