/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Texts and patterns, by PCRE2:
 *
 *     app_ilike(text, pattern)      LIKE without regard to case, by Unicode; "\" escapes
 *     app_regex(text, re, icase)    PostgreSQL's ~ and ~*
 *
 * What is written the same in PostgreSQL's regular expressions and in PCRE means the same: "."
 * matches a line's end, "^" and "$" the ends of the text. What only PostgreSQL knows (\m \M \y \Y,
 * [[.a.]], [[=a=]], ***:) fails with 2201B, as does a search that takes too many steps. Compiled
 * patterns stay with the connection.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "apr_strings.h"

#include "app_db_sqlite.h"

#define KEPT            16   /* compiled patterns of a connection */
#define LIKE_MAX        1024 /* bytes of a LIKE pattern: each may be compared at each place */
#define JIT_AFTER       50   /* uses of a pattern: making machine code of it takes as long */
#define STEPS           1000000
#define STEPS_PER_BYTE  4
#define HEAP_KIB        8192
#define STACK_FIRST     (32 * 1024) /* of compiled code; it grows */
#define STACK_MAX       (1024 * 1024)

typedef enum flavour_e { REGEX, REGEX_ICASE, ILIKE } flavour_e;

typedef struct compiled_t {
    char       *pattern;
    size_t      len;
    flavour_e   flavour;
    pcre2_code *code; /* NULL: the place is free */
    unsigned    used; /* when, by the matcher's clock */
    unsigned    uses;
} compiled_t;

/** A connection's. */
typedef struct matcher_t {
    app_lite_t          *lite;
    compiled_t           kept[KEPT];
    unsigned             clock;
    pcre2_match_context *context;
    pcre2_match_data    *data;
    pcre2_jit_stack     *stack;
} matcher_t;

static void forget(compiled_t *compiled)
{
    pcre2_code_free(compiled->code);
    free(compiled->pattern);
    memset(compiled, 0, sizeof(*compiled));
}

static void matcher_free(void *data)
{
    matcher_t *matcher = data;
    int i;

    for (i = 0; i < KEPT; i++) {
        forget(&matcher->kept[i]);
    }
    pcre2_jit_stack_free(matcher->stack);
    pcre2_match_context_free(matcher->context);
    pcre2_match_data_free(matcher->data);
    free(matcher);
}

static matcher_t *matcher_make(app_lite_t *lite)
{
    matcher_t *matcher = calloc(1, sizeof(*matcher));

    if (!matcher) {
        return NULL;
    }
    matcher->lite = lite;
    matcher->context = pcre2_match_context_create(NULL);
    matcher->data = pcre2_match_data_create(1, NULL);
    if (!matcher->context || !matcher->data) {
        matcher_free(matcher);
        return NULL;
    }
    pcre2_set_heap_limit(matcher->context, HEAP_KIB);
    return matcher;
}

/* LIKE as a regular expression */

static void add_literal(app_buf_t *re, char c)
{
    if (c && strchr("\\^$.[]|()?*+{}", c)) {
        app_buf_addc(re, '\\');
    }
    app_buf_addc(re, c);
}

/** Adds what stands before the next "%". @return where that is; NULL: a backslash at the end */
static const char *add_segment(app_buf_t *re, const char *at, const char *end)
{
    for (; at < end && *at != '%'; at++) {
        if (*at == '_') {
            app_buf_addc(re, '.');
            continue;
        }
        if (*at == '\\' && ++at == end) {
            return NULL;
        }
        add_literal(re, *at);
    }
    return at;
}

static const char *find_percent(const char *at, const char *end)
{
    while (at < end && *at != '%') {
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    }
    return at;
}

/**
 * Each part between two "%" is taken where it is found first and not looked for again, which finds
 * a match where there is one.
 */
static int like_to_regex(app_buf_t *re, const char *pattern, size_t len)
{
    const char *end = pattern + len, *at;

    app_buf_adds(re, "\\A");
    at = add_segment(re, pattern, end);
    while (at && at < end) {
        int is_last = find_percent(at + 1, end) == end;

        app_buf_adds(re, is_last ? ".*" : "(?>.*?");
        at = add_segment(re, at + 1, end);
        app_buf_adds(re, is_last ? "" : ")");
    }
    app_buf_adds(re, "\\z");
    return at != NULL;
}

/* Compiling */

static void fail_compile(matcher_t *matcher, sqlite3_context *ctx, int error)
{
    static const char prefix[] = "invalid regular expression: ";
    PCRE2_UCHAR message[256];

    memcpy(message, prefix, sizeof(prefix));
    pcre2_get_error_message(error, message + sizeof(prefix) - 1,
                            sizeof(message) - sizeof(prefix) + 1);
    app_lite_raise(matcher->lite, ctx, "2201B", (const char *)message);
}

static pcre2_code *compile_regex(matcher_t *matcher, sqlite3_context *ctx, const char *re,
                                 size_t len, flavour_e flavour)
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_DOTALL |
                       PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_SIZE offset;
    pcre2_code *code;
    int error;

    options |= flavour == REGEX ? 0 : PCRE2_CASELESS;
    code = pcre2_compile((PCRE2_SPTR)re, len, options, &error, &offset, NULL);
    if (!code) {
        fail_compile(matcher, ctx, error);
    }
    return code;
}

static pcre2_code *compile_like(matcher_t *matcher, sqlite3_context *ctx, const char *pattern,
                                size_t len)
{
    app_buf_t *re = app_lite_text_begin(matcher->lite);

    if (len > LIKE_MAX) {
        app_lite_raise(matcher->lite, ctx, "54000", "the pattern is too long");
        return NULL;
    }
    if (!like_to_regex(re, pattern, len)) {
        app_lite_raise(matcher->lite, ctx, "22025",
                       "LIKE pattern must not end with escape character");
        return NULL;
    }
    return compile_regex(matcher, ctx, re->data, re->len, ILIKE);
}

/** Whose place a new one takes: one that is free, or the one that was used longest ago. */
static compiled_t *place_of(matcher_t *matcher)
{
    compiled_t *oldest = matcher->kept;
    int i;

    for (i = 0; i < KEPT && oldest->code; i++) {
        compiled_t *each = &matcher->kept[i];

        if (!each->code || matcher->clock - each->used > matcher->clock - oldest->used) {
            oldest = each;
        }
    }
    forget(oldest);
    return oldest;
}

static pcre2_code *compile(matcher_t *matcher, sqlite3_context *ctx, const char *pattern,
                           size_t len, flavour_e flavour)
{
    compiled_t *place;
    pcre2_code *code = flavour == ILIKE
                           ? compile_like(matcher, ctx, pattern, len)
                           : compile_regex(matcher, ctx, pattern, len, flavour);

    if (!code) {
        return NULL;
    }
    place = place_of(matcher);
    place->pattern = malloc(len + 1);
    if (!place->pattern) {
        pcre2_code_free(code);
        sqlite3_result_error_nomem(ctx);
        return NULL;
    }
    memcpy(place->pattern, pattern, len);
    place->len = len;
    place->flavour = flavour;
    place->used = matcher->clock;
    place->code = code;
    return code;
}

/** Where it cannot, because memory may not be executable for example, the slower way is taken. */
static void use_jit(matcher_t *matcher, pcre2_code *code)
{
    if (!matcher->stack) {
        matcher->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL);
        pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

/** @return NULL: ctx has the error */
static pcre2_code *compiled_of(matcher_t *matcher, sqlite3_context *ctx, sqlite3_value *value,
                               flavour_e flavour)
{
    const char *pattern = (const char *)sqlite3_value_text(value);
    size_t len = (size_t)sqlite3_value_bytes(value);
    int i;

    matcher->clock++;
    for (i = 0; i < KEPT; i++) {
        compiled_t *each = &matcher->kept[i];

        if (each->code && each->flavour == flavour && each->len == len &&
            memcmp(each->pattern, pattern, len) == 0) {
            each->used = matcher->clock;
            if (++each->uses == JIT_AFTER) {
                use_jit(matcher, each->code);
            }
            return each->code;
        }
    }
    return compile(matcher, ctx, pattern, len, flavour);
}

/* Matching */

static void fail_match(matcher_t *matcher, sqlite3_context *ctx, int error)
{
    app_lite_raise(matcher->lite, ctx, "2201B",
                   error == PCRE2_ERROR_NOMEMORY
                       ? "regular expression failed: out of memory"
                       : "regular expression failed: it takes too many steps");
}

static void match(sqlite3_context *ctx, sqlite3_value **argv, flavour_e flavour)
{
    matcher_t *matcher = sqlite3_user_data(ctx);
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    size_t len = (size_t)sqlite3_value_bytes(argv[0]);
    pcre2_code *code;
    int found;

    if (!text || sqlite3_value_type(argv[1]) == SQLITE_NULL) {
        return;
    }
    code = compiled_of(matcher, ctx, argv[1], flavour);
    if (!code) {
        return;
    }
    pcre2_set_match_limit(matcher->context,
                          (uint32_t)(STEPS + STEPS_PER_BYTE * (apr_uint64_t)len));
    found = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, matcher->data, matcher->context);
    if (found < PCRE2_ERROR_NOMATCH) {
        fail_match(matcher, ctx, found);
        return;
    }
    sqlite3_result_int(ctx, found >= 0);
}

static void app_ilike(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    match(ctx, argv, ILIKE);
}

static void app_regex(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    match(ctx, argv, sqlite3_value_int(argv[2]) ? REGEX_ICASE : REGEX);
}

int app_lite_functions_match(app_lite_t *lite)
{
    static const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    matcher_t *matcher = matcher_make(lite);
    int rc;

    if (!matcher) {
        return SQLITE_NOMEM;
    }
    /* The matcher goes with the first of the two, when the connection is closed. */
    rc = sqlite3_create_function_v2(lite->link, "app_ilike", 2, flags, matcher, app_ilike, NULL,
                                    NULL, matcher_free);
    if (rc != SQLITE_OK) {
        return rc;
    }
    return sqlite3_create_function_v2(lite->link, "app_regex", 3, flags, matcher, app_regex, NULL,
                                      NULL, NULL);
}
