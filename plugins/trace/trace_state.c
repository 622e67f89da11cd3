/* SPDX-License-Identifier: Apache-2.0 */
/**
 * tracestate (trace_context.h): what other systems have written beside the trace's id. Nothing of it
 * means anything here; it is passed on whole, or not at all.
 */
#include <string.h>

#include "trace_context.h"

#define MEMBERS_MAX 32  /* 3.3.1.1 */
#define KEY_MAX     256 /* 3.3.1.3.1 */
#define TENANT_MAX  241
#define SYSTEM_MAX  14
#define VALUE_MAX   256 /* 3.3.1.3.2 */
#define STATE_MAX   512 /* bytes that must be passed on (3.3.1.5) */
#define LONG_MEMBER 128 /* members beyond it are the first to go */

typedef struct member_t {
    const char *text;
    apr_size_t  key_len, len;
} member_t;

typedef struct state_t {
    member_t   members[MEMBERS_MAX];
    int        count;
    apr_size_t len; /* of all, with the commas between them */
} state_t;

static int is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static int is_key_char(char c)
{
    return is_lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/';
}

static apr_size_t key_span(const char *text)
{
    apr_size_t len = 0;

    while (len <= KEY_MAX && is_key_char(text[len])) {
        len++;
    }
    return len;
}

/** Length of the key at text: "name" or "tenant@system". @return 0: none is there */
static apr_size_t key_length(const char *text)
{
    apr_size_t len = key_span(text), system;

    if (text[len] != '@') {
        return is_lower(text[0]) && len <= KEY_MAX ? len : 0;
    }
    system = key_span(text + len + 1);
    return len > 0 && len <= TENANT_MAX && text[0] != '_' && text[0] != '-' && text[0] != '*' &&
                   text[0] != '/' && is_lower(text[len + 1]) && system <= SYSTEM_MAX
               ? len + 1 + system
               : 0;
}

/** Length of the value at text, without blanks at its end. @return 0: none is there */
static apr_size_t value_length(const char *text)
{
    apr_size_t len = 0;

    while (len <= VALUE_MAX && text[len] >= 0x20 && text[len] <= 0x7E && text[len] != ',' &&
           text[len] != '=') {
        len++;
    }
    if (len > VALUE_MAX) {
        return 0;
    }
    while (len && text[len - 1] == ' ') {
        len--;
    }
    return len;
}

static int is_known(const state_t *state, const member_t *member)
{
    int i;

    for (i = 0; i < state->count; i++) {
        const member_t *other = &state->members[i];

        if (other->key_len == member->key_len &&
            memcmp(other->text, member->text, member->key_len) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/** Takes the member at *pat, which is left at the comma or the end behind it. */
static int take_member(state_t *state, const char **pat)
{
    member_t member = { .text = *pat, .key_len = key_length(*pat) };
    apr_size_t value;

    if (!member.key_len || member.text[member.key_len] != '=') {
        return 0;
    }
    value = value_length(member.text + member.key_len + 1);
    member.len = member.key_len + 1 + value;
    *pat = skip_blanks(member.text + member.len);
    if (!value || (**pat && **pat != ',') || state->count == MEMBERS_MAX ||
        is_known(state, &member)) {
        return 0;
    }
    state->members[state->count++] = member;
    state->len += member.len + (state->count > 1);
    return 1;
}

static int take_members(state_t *state, const char *text)
{
    for (text = skip_blanks(text); *text; text = skip_blanks(text)) {
        if (*text != ',' && !take_member(state, &text)) {
            return 0;
        }
        if (*text) {
            text++;
        }
    }
    return 1;
}

static void drop(state_t *state, int i)
{
    state->len -= state->members[i].len + (state->count > 1);
    state->count--;
    memmove(&state->members[i], &state->members[i + 1],
            sizeof(member_t) * (apr_size_t)(state->count - i));
}

static void shorten(state_t *state)
{
    int i;

    for (i = state->count - 1; i >= 0 && state->len > STATE_MAX; i--) {
        if (state->members[i].len > LONG_MEMBER) {
            drop(state, i);
        }
    }
    while (state->len > STATE_MAX) {
        drop(state, state->count - 1);
    }
}

const char *trace_state_parse(const char *text, apr_pool_t *p)
{
    state_t state = { .count = 0 };
    app_buf_t buf;
    int i;

    if (!take_members(&state, text)) {
        return NULL;
    }
    shorten(&state);
    app_buf_init(&buf, p, STATE_MAX);
    for (i = 0; i < state.count; i++) {
        app_buf_adds(&buf, i ? "," : "");
        app_buf_add(&buf, state.members[i].text, state.members[i].len);
    }
    return buf.len ? buf.data : NULL;
}
