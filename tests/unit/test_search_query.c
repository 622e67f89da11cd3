/* SPDX-License-Identifier: Apache-2.0 */
/** What people type into a search box, and what is looked for. */
#include "unit.h"

#include "apr_strings.h"

#include "search_collection.h"
#include "search_query.h"

static char label_of(const void *ctx, const char *name, apr_size_t len)
{
    (void)ctx;
    return strncmp(name, "title", len) == 0 && len == 5 ? 'A' : 0;
}

static const search_fields_t fields = { label_of, NULL, 'B' };

static const struct { const char *text, *tsquery; int words; } queries[] = {
    { "whale", "'whale'", 1 },
    { "  white   whale ", "'white' & 'whale'", 2 },
    { "\"white whale\"", "'white whale'", 1 },
    { "\"white whale", "'white whale'", 1 },
    { "a \"b c\" d", "'a' & 'b c' & 'd'", 3 },
    { "whale -captain", "'whale' & !'captain'", 1 },
    { "whale -\"white whale\"", "'whale' & !'white whale'", 1 },
    { "-captain", NULL, 0 },
    { "whale - captain", "'whale' & 'captain'", 2 },
    { "a OR b", "'a' | 'b'", 2 },
    { "a | b", "'a' | 'b'", 2 },
    { "a OR OR b", "'a' | 'b'", 2 },
    { "OR a", "'a'", 1 },
    { "a OR", "'a' & 'OR'", 2 },
    { "a OR -", "'a'", 1 },
    { "a or b", "'a' & 'or' & 'b'", 3 },
    { "a OR -b", "'a' | !'b'", 1 },
    { "wha*", "'wha':*", 1 },
    { "*", NULL, 0 },
    { "title:whale", "'whale':A", 1 },
    { "title:wha*", "'wha':A*", 1 },
    { "title:\"white whale\"", "'white whale':A", 1 },
    { "-title:whale sea", "!'whale':A & 'sea'", 1 },
    { "title: whale", "'title ' & 'whale'", 2 },
    { "titles:whale", "'titles whale'", 1 },
    { "it's", "'it s'", 1 },
    { "a\\b", "'a b'", 1 },
    { "'|!&():*<->'", NULL, 0 },
    { "a & !b <-> c", "'a' & ' b' & 'c'", 3 },
    { "c++", "'c  '", 1 },
    { "imap/pop3 a-b*", "'imap pop3' & 'a b':*", 2 },
    { "\xc3\xa4rger", "'\xc3\xa4rger'", 1 },
    { "\"", NULL, 0 },
    { "\"\" \"", NULL, 0 },
    { "", NULL, 0 },
};

static void test_queries(void **state)
{
    search_query_t query;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(queries); i++) {
        search_query_read(&query, queries[i].text, &fields, unit_pool);
        CASE_STRING(queries[i].text, query.tsquery, queries[i].tsquery);
        CASE_INT(queries[i].text, query.words, queries[i].words);
    }
}

/** Words without a field, looked for in titles; and all without their fields. */
static void test_in_title(void **state)
{
    search_query_t query;

    (void)state;
    search_query_read(&query, "a \"b c\" title:d -e*", &fields, unit_pool);
    assert_string_equal(query.in_title, "'a':B & 'b c':B & 'd':A & !'e':B*");
    assert_string_equal(query.plain, "'a' & 'b c' & 'd' & !'e':*");
    assert_int_equal(query.negates, 1);
    search_query_read(&query, "title:a OR b", &fields, unit_pool);
    assert_string_equal(query.plain, "'a' | 'b'");
    assert_int_equal(query.negates, 0);
}

/** What is too long is cut between two characters, and so many words are enough. */
static void test_bounds(void **state)
{
    char text[3 * SEARCH_TEXT_MAX + 1];
    search_query_t query;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(text) - 1; i++) {
        text[i] = i % 2 ? '\xa4' : '\xc3';
    }
    text[sizeof(text) - 1] = '\0';
    text[0] = 'a';
    text[1] = 'b';
    text[2] = 'c';
    text[3] = '\xc3';
    search_query_read(&query, text, &fields, unit_pool);
    assert_in_range(strlen(query.text), SEARCH_TEXT_MAX - 1, SEARCH_TEXT_MAX);
    for (i = 0; i < sizeof(text) - 1; i++) {
        text[i] = i % 2 ? ' ' : 'a';
    }
    search_query_read(&query, text, &fields, unit_pool);
    assert_int_equal(query.words, SEARCH_WORDS_MAX);
}

static void test_columns(void **state)
{
    static const struct { const char *text; int count; const char *first; char label; } lists[] = {
        { "title:A,body:D", 2, "title", 'A' }, { "title", 1, "title", 'D' },
        { "a:b:C", 1, "a:b", 'C' },            { "title:E", 0, NULL, 0 },
        { "title:", 0, NULL, 0 },              { ":A", 0, NULL, 0 },
        { "title:AB", 0, NULL, 0 },            { "", 0, NULL, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(lists); i++) {
        const search_column_t *columns;
        int count = 0;

        CASE_INT(lists[i].text, search_columns_parse(&columns, &count, lists[i].text, unit_pool),
                 lists[i].count > 0);
        if (lists[i].count) {
            CASE_INT(lists[i].text, count, lists[i].count);
            CASE_STRING(lists[i].text, columns[0].name, lists[i].first);
            CASE_INT(lists[i].text, columns[0].label, lists[i].label);
        }
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_queries),
    cmocka_unit_test(test_in_title),
    cmocka_unit_test(test_bounds),
    cmocka_unit_test(test_columns),
};

UNIT_MAIN(tests)
