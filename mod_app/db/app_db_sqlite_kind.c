/* SPDX-License-Identifier: Apache-2.0 */
/** What app_object() and app_csv() know of declared types. Called in SQL, by the thread of tx. */
#include <stdlib.h>

#include "apr_lib.h"
#include "apr_time.h"

#include "app_db_sqlite_kind.h"
#include "app_db_sqlite_scan.h"

#define SECONDS_FIRST   APR_INT64_C(-62135596800) /* 0001-01-01 */
#define SECONDS_LAST    APR_INT64_C(253402300799) /* 9999-12-31T23:59:59 */
#define DATE_LENGTH     10

app_lite_kind_e app_lite_kind_of(const char *word)
{
    static const char *const words[] = { [APP_LITE_BOOL] = "bool",
                                         [APP_LITE_NUMERIC] = "numeric",
                                         [APP_LITE_AS_JSON] = "json",
                                         [APP_LITE_RAW] = "raw",
                                         [APP_LITE_DATE] = "date",
                                         [APP_LITE_TIMESTAMP] = "timestamp",
                                         [APP_LITE_TIMESTAMPTZ] = "timestamptz" };
    int i;

    for (i = APP_LITE_BOOL; word && i <= APP_LITE_TIMESTAMPTZ; i++) {
        if (words[i][0] == word[0] && strcmp(words[i], word) == 0) {
            return (app_lite_kind_e)i;
        }
    }
    return APP_LITE_BY_STORAGE;
}

/* Dates */

/** Whether text begins like 2024-02-29. */
static int is_date(const char *text, apr_size_t len)
{
    static const char pattern[] = "0000-00-00";
    int i;

    for (i = 0; i < DATE_LENGTH; i++) {
        if ((apr_size_t)i >= len || (pattern[i] == '0' ? !apr_isdigit(text[i]) : text[i] != '-')) {
            return 0;
        }
    }
    return 1;
}

int app_lite_add_timestamp(app_buf_t *buf, const char *text, apr_size_t len, app_lite_kind_e kind,
                           const app_lite_style_t *style)
{
    const char *time = text + DATE_LENGTH + 1;
    apr_size_t n;

    if (!is_date(text, len) || len < DATE_LENGTH + 2 ||
        (text[DATE_LENGTH] != ' ' && text[DATE_LENGTH] != 'T')) {
        return 0;
    }
    n = len - DATE_LENGTH - 1;
    n -= time[n - 1] == 'Z';
    if (strspn(time, "0123456789:.+-") < n) {
        return 0;
    }
    app_buf_addc(buf, '"');
    app_buf_add(buf, text, DATE_LENGTH);
    app_buf_addc(buf, style->between);
    app_buf_add(buf, time, n);
    if (kind == APP_LITE_TIMESTAMPTZ && !memchr(time, '+', n) && !memchr(time, '-', n)) {
        app_buf_adds(buf, style->zone);
    }
    app_buf_addc(buf, '"');
    return 1;
}

void app_lite_add_blob(app_buf_t *buf, const unsigned char *bytes, apr_size_t len)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t i;

    app_buf_adds(buf, "\"\\\\x");
    for (i = 0; i < len && !app_buf_full(buf); i++) {
        const char digits[2] = { hex[bytes[i] >> 4], hex[bytes[i] & 15] };

        app_buf_add(buf, digits, sizeof(digits));
    }
    app_buf_addc(buf, '"');
}

int app_lite_add_seconds(app_buf_t *buf, apr_int64_t seconds, app_lite_kind_e kind,
                         const app_lite_style_t *style)
{
    const char *quote = kind != APP_LITE_DATE || style->quotes_date ? "\"" : "";
    apr_time_exp_t t;

    if (seconds < SECONDS_FIRST || seconds > SECONDS_LAST ||
        apr_time_exp_gmt(&t, apr_time_from_sec(seconds)) != APR_SUCCESS) {
        return 0;
    }
    app_buf_addf(buf, "%s%04d-%02d-%02d", quote, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
    if (kind != APP_LITE_DATE) {
        app_buf_addf(buf, "%c%02d:%02d:%02d%s", style->between, t.tm_hour, t.tm_min, t.tm_sec,
                     kind == APP_LITE_TIMESTAMPTZ ? style->zone : "");
    }
    app_buf_adds(buf, quote);
    return 1;
}

/* Members */

/** Takes kind"name" off the cursor. @param lead where its lead goes @return that end; NULL */
static char *take_member(app_scan_t *c, app_lite_member_t *member, char *lead, int first)
{
    char *kind = (char *)c->at, *name;

    while (c->at < c->end && *c->at != '"') {
        c->at++;
    }
    name = (char *)c->at;
    if (!app_scan_string(c)) {
        return NULL;
    }
    *name = '\0';
    member->kind = app_lite_kind_of(kind);
    *name = '"';
    member->lead = lead;
    *lead++ = first ? '{' : ',';
    memcpy(lead, name, (apr_size_t)(c->at - name));
    lead += c->at - name;
    *lead++ = ':';
    member->len = (apr_size_t)(lead - member->lead);
    return lead;
}

app_lite_members_t *app_lite_members_read(const char *text, apr_size_t len, int count)
{
    apr_size_t head = sizeof(app_lite_members_t) + sizeof(app_lite_member_t) * (apr_size_t)count;
    app_lite_members_t *members = malloc(head + 2 * len + 1 + 2 * (apr_size_t)count);
    char *lead;
    app_scan_t c;
    int i;

    if (!members) {
        return NULL;
    }
    members->count = count;
    members->len = len;
    members->text = (char *)members + head;
    memcpy(members->text, text, len);
    members->text[len] = '\0';
    lead = members->text + len + 1;
    c.at = members->text;
    c.end = members->text + len;
    for (i = 0; i < count && lead; i++) {
        lead = take_member(&c, &members->member[i], lead, i == 0);
    }
    if (!lead || c.at != c.end) {
        free(members);
        return NULL;
    }
    return members;
}

/**
 * Where members are kept: by the address of their text, which for a constant is the same as long as
 * its statement is prepared.
 */
static app_lite_members_t **place_of(app_lite_t *lite, const char *text)
{
    return &lite->members[((apr_uintptr_t)text >> 4) % APP_LITE_MEMBERS];
}

const app_lite_members_t *app_lite_members(sqlite3_context *ctx, sqlite3_value *value, int count)
{
    app_lite_members_t **place;
    const char *text;
    apr_size_t len;

    if (sqlite3_value_type(value) != SQLITE_TEXT ||
        !(text = (const char *)sqlite3_value_text(value))) {
        return NULL;
    }
    len = (apr_size_t)sqlite3_value_bytes(value);
    place = place_of(sqlite3_user_data(ctx), text);
    if (!*place || (*place)->count != count || (*place)->len != len ||
        memcmp((*place)->text, text, len) != 0) {
        free(*place);
        *place = app_lite_members_read(text, len, count);
    }
    return *place;
}

void app_lite_members_free(app_lite_t *lite)
{
    int i;

    for (i = 0; i < APP_LITE_MEMBERS; i++) {
        free(lite->members[i]);
        lite->members[i] = NULL;
    }
}
