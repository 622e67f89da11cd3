/* SPDX-License-Identifier: Apache-2.0 */
/** Log lines: what LogLevel lets through, and what it refuses; control characters. */
#include "unit.h"

#include "apr_strings.h"

#include "app_core_int.h"

static const char *last; /* line that the host was given */

static void take(app_log_level_e level, void *request, const char *line)
{
    (void)level;
    (void)request;
    last = apr_pstrdup(unit_pool, line);
}

static const app_host_t host = { .name = "unit", .log = take };

static apr_status_t use(const char *words, app_error_t *err)
{
    apr_array_header_t *list = apr_array_make(unit_pool, 4, sizeof(const char *));
    char *rest, *copy = apr_pstrdup(unit_pool, words), *word;

    for (word = apr_strtok(copy, " ", &rest); word; word = apr_strtok(NULL, " ", &rest)) {
        APR_ARRAY_PUSH(list, const char *) = word;
    }
    *err = (app_error_t){ .pool = unit_pool };
    app_log_host(&host);
    return app_log_levels_use(list, err);
}

typedef struct level_case_t {
    const char     *words;
    app_log_level_e level;
    const char     *number;
    int             told;
} level_case_t;

static const level_case_t levels[] = {
    { "", APP_LOG_DEBUG, "APP0004", 1 },
    { "APP:warning", APP_LOG_ERROR, "APP0004", 1 },
    { "APP:warning", APP_LOG_WARNING, "APP0004", 1 },
    { "APP:warning", APP_LOG_NOTICE, "APP0004", 0 },
    { "APP24:notice", APP_LOG_INFO, "APP2400", 0 },
    { "APP24:notice", APP_LOG_INFO, "APP2300", 1 },
    { "APP24:notice", APP_LOG_NOTICE, "APP2499", 1 },
    { "APP:error APP24:debug", APP_LOG_DEBUG, "APP2400", 1 },
    { "APP24:debug APP:error", APP_LOG_DEBUG, "APP2400", 1 },
    { "APP24:debug APP2400:info APP:error", APP_LOG_DEBUG, "APP2400", 0 },
    { "APP24:debug APP2400:info APP:error", APP_LOG_DEBUG, "APP2401", 1 },
};

static void test_levels(void **state)
{
    app_error_t err;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(levels); i++) {
        const level_case_t *one = &levels[i];

        CASE_INT(one->words, use(one->words, &err), APR_SUCCESS);
        last = NULL;
        app_log(one->level, NULL, one->number, "something");
        CASE_INT(one->words, last != NULL, one->told);
    }
}

static void test_refused(void **state)
{
    static const char *const words[] = { "rest:info",     "APP10",        "APP10:",
                                         "APP10:loud",    "APP10:INFO",   "APPx:info",
                                         "APP10000:info", ":info",        "APP10:info:debug",
                                         "app10:info",    "APP10 :info" };
    app_error_t err;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(words); i++) {
        CASE_INT(words[i], use(words[i], &err), APP_EFAIL);
        assert_non_null(strstr(err.message, "LogLevel"));
    }
}

static void test_forged(void **state)
{
    (void)state;
    app_log_host(&host);
    app_log(APP_LOG_ERROR, NULL, "APP0001", "%s", "one\ntwo\x1b[31m\x7f");
    assert_string_equal(last, "APP0001: one two [31m ");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_levels),
    cmocka_unit_test(test_refused),
    cmocka_unit_test(test_forged),
};

UNIT_MAIN(tests)
