/* SPDX-License-Identifier: Apache-2.0 */
/** Search boxes: whatever is typed becomes operands in quotes with operators between them. */
#include "fuzz.h"

#include "search_query.h"

static char label_of(const void *ctx, const char *name, apr_size_t len)
{
    (void)ctx;
    (void)name;
    return len == 1 ? 'B' : 0;
}

static const search_fields_t fields = { label_of, NULL, 'B' };

/** Behind an operand's closing quote. */
static const char *skip_operand(const char *at)
{
    fuzz_expect(*at == '\'');
    for (at++; *at; at++) {
        if (*at == '\\') {
            fuzz_expect(at[1] == '\\');
            at++;
        }
        else if (*at == '\'' && *++at != '\'') {
            return at;
        }
    }
    fuzz_expect(0);
    return at;
}

static void check(const char *at)
{
    for (;;) {
        at = skip_operand(at + (*at == '!'));
        if (*at == ':') {
            at += strspn(at, ":B*");
        }
        if (!*at) {
            return;
        }
        fuzz_expect(strncmp(at, " & ", 3) == 0 || strncmp(at, " | ", 3) == 0);
        at += 3;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    search_query_t query;

    search_query_read(&query, text, &fields, p);
    fuzz_expect(strlen(query.text) <= SEARCH_TEXT_MAX);
    fuzz_expect(query.words <= SEARCH_WORDS_MAX);
    fuzz_expect(!query.tsquery == !query.words);
    if (query.tsquery) {
        check(query.tsquery);
    }
    free(text);
    return 0;
}
