/* SPDX-License-Identifier: Apache-2.0 */
/** Entity tags. Called by rest_run_read.c and rest_condition.c; thread of the request. */
#include <string.h>

#include "rest_tag.h"

#define DIGITS 16
#define SIZE   (2 * DIGITS + sizeof("\"-\""))

/** Each step can be undone if the other number is known: so none forgets what came before. */
static apr_uint64_t mix(apr_uint64_t hash, apr_uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

static apr_uint64_t hash_of(const char *data, apr_size_t len)
{
    apr_uint64_t hash = mix(0x243F6A8885A308D3u, len), word;

    for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, data, len);
    return mix(mix(hash, word), 0);
}

void rest_tag_init(rest_tag_t *tag)
{
    tag->rows = tag->form = 0;
}

void rest_tag_row(rest_tag_t *tag, const char *row, apr_size_t len)
{
    apr_uint64_t hash = hash_of(row, len);

    tag->rows += hash;
    tag->form = mix(tag->form, hash);
}

void rest_tag_text(rest_tag_t *tag, const char *text)
{
    tag->form = mix(tag->form, hash_of(text, strlen(text)));
}

void rest_tag_number(rest_tag_t *tag, apr_int64_t number)
{
    tag->form = mix(tag->form, (apr_uint64_t)number);
}

/** @return behind the last digit */
static char *print_number(char *at, apr_uint64_t number)
{
    int i;

    for (i = DIGITS - 1; i >= 0; i--, number >>= 4) {
        at[i] = "0123456789abcdef"[number & 15];
    }
    return at + DIGITS;
}

const char *rest_tag_print(const rest_tag_t *tag, apr_pool_t *p)
{
    char *text = apr_palloc(p, SIZE), *at = text;

    *at++ = '"';
    at = print_number(at, tag->rows);
    *at++ = '-';
    at = print_number(at, tag->form);
    *at++ = '"';
    *at = '\0';
    return text;
}

int rest_tag_is_any(const char *list)
{
    list += strspn(list, " \t,");
    return *list == '*';
}

int rest_tag_listed(const char *list, const rest_tag_t *tag, int weak)
{
    char rows[DIGITS + 2];

    print_number(rows, tag->rows);
    rows[DIGITS] = '-';
    for (;;) {
        const char *end;
        int is_weak;

        list += strspn(list, " \t,");
        is_weak = strncmp(list, "W/", 2) == 0;
        list += is_weak ? 2 : 0;
        if (*list != '"' || !(end = strchr(list + 1, '"'))) {
            return 0;
        }
        if ((weak || !is_weak) && end - list > DIGITS + 1 &&
            memcmp(list + 1, rows, DIGITS + 1) == 0) {
            return 1;
        }
        list = end + 1;
    }
}
