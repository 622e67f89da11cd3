/* SPDX-License-Identifier: Apache-2.0 */
/** What all unit tests start with: cmocka, a pool, and a way to name the case that fails. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apr_general.h"
#include "apr_pools.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Pool of the running test; cleared before each. */
extern apr_pool_t *unit_pool;

/** Defines the pool and the set-up; stands once in a test file. */
#define UNIT_MAIN(tests)                                                        \
    apr_pool_t *unit_pool;                                                      \
    static int unit_setup(void **state)                                         \
    {                                                                           \
        (void)state;                                                            \
        apr_pool_clear(unit_pool);                                              \
        return 0;                                                               \
    }                                                                           \
    int main(void)                                                              \
    {                                                                           \
        int failed;                                                             \
        size_t i;                                                               \
        for (i = 0; i < COUNT(tests); i++) {                                    \
            tests[i].setup_func = unit_setup;                                   \
        }                                                                       \
        apr_initialize();                                                       \
        apr_pool_create(&unit_pool, NULL);                                      \
        failed = cmocka_run_group_tests(tests, NULL, NULL);                     \
        apr_pool_destroy(unit_pool);                                            \
        apr_terminate();                                                        \
        return failed;                                                          \
    }

/** Fails the test with the case's name in front. */
#define CASE_STRING(name, actual, expected)                                                  \
    do {                                                                                     \
        const char *actual_ = (actual), *expected_ = (expected);                             \
        if ((actual_ == NULL) != (expected_ == NULL) ||                                      \
            (actual_ && strcmp(actual_, expected_) != 0)) {                                  \
            fail_msg("%s: got \"%s\", expected \"%s\"", name, actual_ ? actual_ : "(null)",  \
                     expected_ ? expected_ : "(null)");                                      \
        }                                                                                    \
    } while (0)

#define CASE_INT(name, actual, expected)                                                     \
    do {                                                                                     \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);          \
        if (actual_ != expected_) {                                                          \
            fail_msg("%s: got %lld, expected %lld", name, actual_, expected_);               \
        }                                                                                    \
    } while (0)

#endif
