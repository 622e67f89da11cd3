/* SPDX-License-Identifier: Apache-2.0 */
/** Prepared statements of a connection: found again, and which leave for others. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_db_driver.h"

static int dropped;

static void drop(void *ctx, app_db_statement_t *st)
{
    assert_ptr_equal(ctx, &dropped);
    assert_non_null(st->text);
    dropped++;
}

/** A statement of len bytes that begins with a number of its own. */
static const char *statement(int number, apr_size_t len)
{
    char *text = malloc(len + 1);

    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    snprintf(text, len, "%d", number);
    return text;
}

static app_db_statement_t *get(app_db_statements_t *statements, int number, apr_size_t len)
{
    const char *text = statement(number, len);
    app_db_statement_t *st = app_db_statements_get(statements, text, len, 0);

    free((char *)text);
    assert_non_null(st);
    return st;
}

static void by_number(void **state)
{
    app_db_statements_t *statements = app_db_statements_create(10, drop, &dropped);
    app_db_statement_t *first;
    int i;

    (void)state;
    dropped = 0;
    first = get(statements, 0, 100);
    for (i = 1; i < 10; i++) {
        get(statements, i, 100);
    }
    assert_int_equal(dropped, 0);
    assert_ptr_equal(get(statements, 0, 100), first);
    get(statements, 10, 100); /* in place of 1, which was used longest ago */
    assert_int_equal(dropped, 1);
    assert_ptr_equal(get(statements, 0, 100), first);
    assert_int_equal(dropped, 1);
    app_db_statements_destroy(statements);
    assert_int_equal(dropped, 11);
}

/** A thousand of the longest do not stay, and those of one transaction do. */
static void by_length(void **state)
{
    app_db_statements_t *statements = app_db_statements_create(10000, drop, &dropped);
    app_db_statement_t *last[8];
    int i;

    (void)state;
    dropped = 0;
    for (i = 0; i < 1000; i++) {
        last[i % 8] = get(statements, i, APP_DB_SQL_CACHED);
    }
    assert_in_range(dropped, 1000 - (1 << 20) / APP_DB_SQL_CACHED, 1000 - 8);
    for (i = 992; i < 1000; i++) {
        assert_ptr_equal(get(statements, i, APP_DB_SQL_CACHED), last[i % 8]);
    }
    app_db_statements_destroy(statements);
    assert_int_equal(dropped, 1000);
}

static struct CMUnitTest tests[] = { cmocka_unit_test(by_number), cmocka_unit_test(by_length) };

UNIT_MAIN(tests)
