/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Dates and times as SQLite keeps them: ISO texts in UTC that sort as time does. Thread of the
 * request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_value.h"

#define FRACTION_MAX 9 /* digits of a second that are kept */

typedef struct moment_t {
    int         year, month, day, hour, minute, second;
    const char *fraction; /* digits behind the point; NULL: none */
    int         fraction_len;
    int         offset; /* minutes east of UTC */
} moment_t;

/** Exactly count digits. */
static int digits(const char **pat, int count, int *pvalue)
{
    int value = 0;

    for (; count; count--) {
        if (!apr_isdigit(**pat)) {
            return 0;
        }
        value = value * 10 + (*(*pat)++ - '0');
    }
    *pvalue = value;
    return 1;
}

static int one(const char **pat, char c)
{
    return **pat == c && ++*pat;
}

static int read_date(const char **pat, moment_t *m)
{
    return digits(pat, 4, &m->year) && one(pat, '-') && digits(pat, 2, &m->month) &&
           one(pat, '-') && digits(pat, 2, &m->day);
}

static int read_clock(const char **pat, moment_t *m)
{
    if (!digits(pat, 2, &m->hour) || !one(pat, ':') || !digits(pat, 2, &m->minute)) {
        return 0;
    }
    if (!one(pat, ':')) {
        return 1;
    }
    if (!digits(pat, 2, &m->second)) {
        return 0;
    }
    if (one(pat, '.')) {
        m->fraction = *pat;
        while (apr_isdigit(**pat)) {
            ++*pat;
        }
        m->fraction_len = (int)(*pat - m->fraction);
        while (m->fraction_len && m->fraction[m->fraction_len - 1] == '0') {
            m->fraction_len--;
        }
        m->fraction_len = m->fraction_len > FRACTION_MAX ? FRACTION_MAX : m->fraction_len;
    }
    return 1;
}

/** "Z", "+02", "+02:00", "+0200"; none is UTC. */
static int read_offset(const char **pat, moment_t *m)
{
    int sign, hours, minutes = 0;

    *pat += **pat == ' ';
    if (one(pat, 'Z') || one(pat, 'z') || !**pat) {
        return 1;
    }
    sign = **pat == '-' ? -1 : 1;
    if ((!one(pat, '+') && !one(pat, '-')) || !digits(pat, 2, &hours)) {
        return 0;
    }
    one(pat, ':');
    if (**pat && !digits(pat, 2, &minutes)) {
        return 0;
    }
    m->offset = sign * (hours * 60 + minutes);
    return hours < 16 && minutes < 60;
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 ? 28 + leap : days[month - 1];
}

static int in_range(const moment_t *m)
{
    return m->year >= 1 && m->month >= 1 && m->month <= 12 && m->day >= 1 &&
           m->day <= days_in(m->year, m->month) && m->hour < 24 && m->minute < 60 && m->second < 60;
}

/** Moves to UTC: an offset is less than a day, so at most one day is turned. */
static void to_utc(moment_t *m)
{
    int minutes = m->hour * 60 + m->minute - m->offset;

    if (minutes < 0) {
        minutes += 24 * 60;
        if (--m->day == 0) {
            if (--m->month == 0) {
                m->month = 12;
                m->year--;
            }
            m->day = days_in(m->year, m->month);
        }
    }
    else if (minutes >= 24 * 60) {
        minutes -= 24 * 60;
        if (++m->day > days_in(m->year, m->month)) {
            m->day = 1;
            if (++m->month > 12) {
                m->month = 1;
                m->year++;
            }
        }
    }
    m->hour = minutes / 60;
    m->minute = minutes % 60;
}

static const char *print_clock(const moment_t *m, apr_pool_t *p)
{
    return m->fraction_len ? apr_psprintf(p, "%02d:%02d:%02d.%.*s", m->hour, m->minute, m->second,
                                          m->fraction_len, m->fraction)
                           : apr_psprintf(p, "%02d:%02d:%02d", m->hour, m->minute, m->second);
}

static const char *print(const moment_t *m, rest_kind_e kind, apr_pool_t *p)
{
    if (kind == REST_KIND_TIME) {
        return print_clock(m, p);
    }
    if (kind == REST_KIND_DATE) {
        return apr_psprintf(p, "%04d-%02d-%02d", m->year, m->month, m->day);
    }
    return apr_psprintf(p, "%04d-%02d-%02d %s", m->year, m->month, m->day, print_clock(m, p));
}

/**
 * The parts that a kind has; a date may have a time behind it, which is dropped, and the other way
 * round it is midnight.
 */
static int read_parts(const char *at, rest_kind_e kind, moment_t *m)
{
    if (kind == REST_KIND_TIME) {
        m->year = m->month = m->day = 1;
        return read_clock(&at, m) && *at == '\0';
    }
    if (!read_date(&at, m)) {
        return 0;
    }
    if (*at == '\0') {
        return 1;
    }
    return (one(&at, 'T') || one(&at, ' ')) && read_clock(&at, m) && read_offset(&at, m) &&
           *at == '\0';
}

apr_status_t rest_value_time(const char **pnormal, rest_kind_e kind, const char *word,
                             const char *text, app_error_t *err, apr_pool_t *p)
{
    char *trimmed = apr_pstrdup(p, text + strspn(text, " "));
    moment_t m = { .offset = 0 };
    apr_size_t len = strlen(trimmed);

    while (len && trimmed[len - 1] == ' ') {
        trimmed[--len] = '\0';
    }
    if (!read_parts(trimmed, kind, &m)) {
        return app_fail_code(err, "22007", 400, "invalid input syntax for type %s: \"%s\"", word,
                             text);
    }
    if (!in_range(&m)) {
        return app_fail_code(err, "22008", 400, "date/time field value out of range: \"%s\"", text);
    }
    if (kind != REST_KIND_DATE) {
        to_utc(&m);
    }
    *pnormal = print(&m, kind, p);
    return APR_SUCCESS;
}
