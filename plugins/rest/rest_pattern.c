/* SPDX-License-Identifier: Apache-2.0 */
/**
 * LIKE as GLOB. SQLite's own LIKE ignores the case of ASCII letters, always and only of these; GLOB
 * heeds case, so that both like and ilike can be made of it. Thread of the request.
 */
#include <string.h>

#include "apr_lib.h"

#include "rest_pattern.h"

/*
 * Bytes of GLOB behind the first "*". SQLite compares them anew at every place of the text, and no
 * deadline interrupts it meanwhile.
 */
#define SOUGHT_MAX     1024
#define GLOB_OF_LETTER 4 /* "[aA]" */

/** Letters whose other case is found by a rule (Unicode, simple case mappings). */
typedef struct range_t {
    unsigned first, last; /* of the capitals, or of capitals and small letters in turn */
    unsigned distance;    /* from capital to small letter; 1: they take turns */
} range_t;

static const range_t ranges[] = {
    { 'A', 'Z', 32 },         { 0xC0, 0xD6, 32 },   { 0xD8, 0xDE, 32 },      /* Latin */
    { 0x100, 0x12F, 1 },      { 0x132, 0x137, 1 },  { 0x139, 0x148, 1 },
    { 0x14A, 0x177, 1 },      { 0x179, 0x17E, 1 },  { 0x1CD, 0x1DC, 1 },
    { 0x1DE, 0x1EF, 1 },      { 0x1F8, 0x21F, 1 },  { 0x222, 0x233, 1 },
    { 0x1E00, 0x1E95, 1 },    { 0x1EA0, 0x1EFF, 1 },
    { 0x388, 0x38A, 37 },     { 0x391, 0x3A1, 32 }, { 0x3A3, 0x3AB, 32 },    /* Greek */
    { 0x400, 0x40F, 80 },     { 0x410, 0x42F, 32 }, { 0x460, 0x481, 1 },     /* Cyrillic */
    { 0x48A, 0x4BF, 1 },      { 0x4C1, 0x4CE, 1 },  { 0x4D0, 0x52F, 1 },
    { 0x531, 0x556, 48 },                                                    /* Armenian */
};

/** The same letter in the other case; the letter itself where there is none. */
static unsigned other_case(unsigned letter)
{
    apr_size_t i;

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        const range_t *range = &ranges[i];

        if (range->distance == 1) {
            if (letter >= range->first && letter <= range->last) {
                return (letter - range->first) % 2 ? letter - 1 : letter + 1;
            }
        }
        else if (letter >= range->first && letter <= range->last) {
            return letter + range->distance;
        }
        else if (letter >= range->first + range->distance &&
                 letter <= range->last + range->distance) {
            return letter - range->distance;
        }
    }
    return letter;
}

/** Decodes a character of at most three bytes, longer ones have no case. @return length, or 0 */
static apr_size_t decode(const char *at, unsigned *pletter)
{
    const unsigned char *s = (const unsigned char *)at;

    if (s[0] < 0x80) {
        *pletter = s[0];
        return 1;
    }
    if ((s[0] & 0xE0) == 0xC0 && s[1]) {
        *pletter = (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
        return 2;
    }
    if ((s[0] & 0xF0) == 0xE0 && s[1] && s[2]) {
        *pletter = (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
        return 3;
    }
    return 0;
}

static char *encode(char *to, unsigned letter)
{
    if (letter < 0x80) {
        *to++ = (char)letter;
    }
    else if (letter < 0x800) {
        *to++ = (char)(0xC0 | letter >> 6);
        *to++ = (char)(0x80 | (letter & 0x3F));
    }
    else {
        *to++ = (char)(0xE0 | letter >> 12);
        *to++ = (char)(0x80 | (letter >> 6 & 0x3F));
        *to++ = (char)(0x80 | (letter & 0x3F));
    }
    return to;
}

/** Adds the character at *pat so that it stands for itself, or for both of its cases. */
static char *add_literal(char *to, const char **pat, int fold)
{
    unsigned letter = 0, other;
    apr_size_t len = decode(*pat, &letter);

    if (fold && len && (other = other_case(letter)) != letter) {
        *to++ = '[';
        to = encode(encode(to, letter), other);
        *to++ = ']';
        *pat += len;
        return to;
    }
    if (strchr("*?[", **pat)) {
        *to++ = '[';
        *to++ = *(*pat)++;
        *to++ = ']';
        return to;
    }
    *to++ = *(*pat)++;
    return to;
}

apr_status_t rest_pattern_glob(const char **pglob, const char *text, int fold, app_error_t *err,
                               apr_pool_t *p)
{
    /* A letter of one byte becomes four, one of two bytes at most seven: "[", both cases, "]". */
    char *glob = apr_palloc(p, strlen(text) * GLOB_OF_LETTER + 1), *to = glob;
    const char *star;

    while (*text) {
        if (*text == '*' || *text == '%') {
            *to++ = '*';
            text++;
        }
        else if (*text == '_') {
            *to++ = '?';
            text++;
        }
        else if (*text != '\\') {
            to = add_literal(to, &text, fold);
        }
        else if (!*++text) {
            return app_fail_code(err, "22025", 400,
                                 "LIKE pattern must not end with escape character");
        }
        else if (*text == '*') {
            *to++ = '%'; /* "*" is "%" before anything else, so "\*" is an escaped "%" */
            text++;
        }
        else {
            to = add_literal(to, &text, fold);
        }
    }
    *to = '\0';
    star = strchr(glob, '*'); /* one that stands for itself is in brackets, and does no harm here */
    if (star && to - star > SOUGHT_MAX) {
        app_fail_code(err, "54000", 400, "the pattern is too long");
        return app_details(err, "%d letters have room behind the first \"*\"",
                           SOUGHT_MAX / GLOB_OF_LETTER);
    }
    *pglob = glob;
    return APR_SUCCESS;
}
