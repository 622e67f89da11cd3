/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rest of a line becomes a value of the row's type, or a sentence that says what would have
 * been right. Runs while the configuration is read.
 */
#include <strings.h>

#include "apr_file_io.h"
#include "apr_strings.h"

#include "app_core_int.h"

#define SECRET_FILE_MAX (64 * 1024)

/* Words of a line */

/**
 * Takes the next word of a line: bare, or in quotes, in which a backslash stands before a quote
 * or a backslash.
 * @return NULL at the end of the line
 */
static const char *next_word(const char **pcursor, const char *separators, apr_pool_t *p)
{
    const char *s = *pcursor + strspn(*pcursor, separators);
    char *word, *to;

    if (!*s) {
        *pcursor = s;
        return NULL;
    }
    word = to = apr_palloc(p, strlen(s) + 1);
    if (*s == '"' || *s == '\'') {
        char quote = *s++;

        while (*s && *s != quote) {
            if (*s == '\\' && (s[1] == quote || s[1] == '\\')) {
                s++;
            }
            *to++ = *s++;
        }
        s += *s == quote;
    }
    else {
        while (*s && !strchr(separators, *s)) {
            *to++ = *s++;
        }
    }
    *to = '\0';
    *pcursor = s;
    return word;
}

static apr_status_t only_word(const char *args, const app_setting_t *row, const char **pword,
                              app_error_t *err, apr_pool_t *p)
{
    const char *word = next_word(&args, " \t", p);

    if (!word) {
        return app_fail(err, APP_E_SETTING, "%s needs a value: %s", row->name, row->help);
    }
    if (next_word(&args, " \t", p)) {
        return app_fail(err, APP_E_SETTING,
                        "%s takes one value; put quotes around it if it holds blanks", row->name);
    }
    *pword = word;
    return APR_SUCCESS;
}

/* Values by type */

typedef struct unit_t {
    const char *name;
    apr_int64_t factor;
} unit_t;

static const unit_t duration_units[] = { { "ms", 1000 },
                                         { "s", APR_USEC_PER_SEC },
                                         { "m", 60 * APR_USEC_PER_SEC },
                                         { "h", 3600 * APR_USEC_PER_SEC },
                                         { "d", 86400 * APR_USEC_PER_SEC },
                                         { NULL, 0 } };
static const unit_t size_units[] = {
    { "", 1 }, { "k", 1024 }, { "m", 1024 * 1024 }, { "g", 1024 * 1024 * 1024 }, { NULL, 0 }
};

/** A number with a unit. "0" needs none. */
static int parse_units(const char *word, const unit_t *units, apr_int64_t *pvalue)
{
    apr_size_t digits = strspn(word, "0123456789");
    apr_int64_t number;

    if (digits == 0 || app_int64_parse(word, digits, &number) != APR_SUCCESS) {
        return 0;
    }
    if (number == 0 && !word[digits]) {
        *pvalue = 0;
        return 1;
    }
    for (; units->name; units++) {
        if (strcasecmp(word + digits, units->name) == 0 &&
            number <= APR_INT64_MAX / units->factor) {
            *pvalue = number * units->factor;
            return 1;
        }
    }
    return 0;
}

/** A number the way an administrator writes it: in the largest unit that divides it. */
static const char *print_units(apr_int64_t value, const unit_t *units, apr_pool_t *p)
{
    const unit_t *best = units;

    for (; units->name; units++) {
        if (value && value % units->factor == 0 && units->factor > best->factor) {
            best = units;
        }
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", value / best->factor,
                        value ? best->name : "");
}

static apr_status_t set_number(const char *word, const app_setting_t *row, void *to,
                               app_error_t *err, apr_pool_t *p)
{
    const unit_t *units = row->type == APP_TYPE_DURATION ? duration_units : size_units;
    apr_int64_t value;
    int good = row->type == APP_TYPE_INT
                   ? app_int64_parse(word, strlen(word), &value) == APR_SUCCESS
                   : parse_units(word, units, &value);

    if (good && value >= row->min && value <= row->max) {
        memcpy(to, &value, sizeof(value));
        return APR_SUCCESS;
    }
    if (row->type == APP_TYPE_INT) {
        return app_fail(err, APP_E_SETTING,
                        "%s takes a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT
                        ", not \"%s\"",
                        row->name, row->min, row->max, word);
    }
    return app_fail(err, APP_E_SETTING, "%s takes a %s from %s to %s, not \"%s\"", row->name,
                    row->type == APP_TYPE_DURATION ? "time with a unit (250ms, 10s, 15m, 2h, 7d)"
                                                   : "size in bytes (512, 64k, 1m, 2g)",
                    print_units(row->min, units, p), print_units(row->max, units, p), word);
}

static apr_status_t set_choice(const char *word, const app_setting_t *row, int *to,
                               app_error_t *err, apr_pool_t *p)
{
    const char *accepted = "";
    int i;

    for (i = 0; row->choices[i]; i++) {
        if (strcasecmp(word, row->choices[i]) == 0) {
            *to = i;
            return APR_SUCCESS;
        }
        accepted = apr_pstrcat(p, accepted, i ? ", " : "", row->choices[i], NULL);
    }
    return app_fail(err, APP_E_SETTING, "%s takes one of %s, not \"%s\"", row->name, accepted,
                    word);
}

static apr_status_t set_flag(const char *word, const app_setting_t *row, int *to, app_error_t *err)
{
    if (strcasecmp(word, "on") == 0 || strcasecmp(word, "off") == 0) {
        *to = strcasecmp(word, "on") == 0;
        return APR_SUCCESS;
    }
    return app_fail(err, APP_E_SETTING, "%s takes on or off, not \"%s\"", row->name, word);
}

static apr_status_t set_list(const char *args, const app_setting_t *row, apr_array_header_t **to,
                             app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));
    const char *word = next_word(&args, " \t,", p);

    if (!word) {
        return app_fail(err, APP_E_SETTING,
                        "%s takes words divided by blanks or commas; \"\" for none", row->name);
    }
    for (; word; word = next_word(&args, " \t,", p)) {
        if (*word) {
            APR_ARRAY_PUSH(list, const char *) = word;
        }
    }
    *to = list;
    return APR_SUCCESS;
}

/** The row's own parser gets the words; what it makes of them is the only element. */
static apr_status_t set_parsed(const char *args, const app_setting_t *row, apr_array_header_t **to,
                               app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 8, sizeof(const char *)), *values;
    const char *word;
    const void *value;

    while ((word = next_word(&args, " \t", p)) != NULL) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    if (apr_is_empty_array(words)) {
        return app_fail(err, APP_E_SETTING, "%s needs a value: %s", row->name, row->help);
    }
    if (row->parse(&value, words, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    values = apr_array_make(p, 1, sizeof(const void *));
    APR_ARRAY_PUSH(values, const void *) = value;
    *to = values;
    return APR_SUCCESS;
}

static const char *absolute(const char *path, const char *root, apr_pool_t *p)
{
    if (*path == '/' || !*path || !root) {
        return path;
    }
    return apr_pstrcat(p, root, root[strlen(root) - 1] == '/' ? "" : "/", path, NULL);
}

/** Reads NAMEFile, or NAME @path: the secret is the file's text without the line end. */
static apr_status_t read_secret(const char *path, const app_setting_t *row, const char **to,
                                app_error_t *err, apr_pool_t *p)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t len = SECRET_FILE_MAX;
    char *text = apr_palloc(p, SECRET_FILE_MAX + 1);
    char why[120];
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, p);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, text, SECRET_FILE_MAX, &len);
        if (apr_file_info_get(&info, APR_FINFO_PROT, file) == APR_SUCCESS &&
            (info.protection & APR_WREAD)) {
            app_log(APP_LOG_WARNING, NULL, "APP0001",
                    "%s: everybody on this machine may read it; chmod o-r", path);
        }
        apr_file_close(file);
    }
    if (rv != APR_EOF) {
        return app_fail(err, APP_E_SETTING, "%sFile cannot read \"%s\": %s", row->name, path,
                        rv == APR_SUCCESS ? "it is larger than 64 KiB"
                                          : apr_strerror(rv, why, sizeof(why)));
    }
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    text[len] = '\0';
    if (!len || memchr(text, '\0', len)) {
        return app_fail(err, APP_E_SETTING, "%sFile: \"%s\" is empty or not a text", row->name,
                        path);
    }
    *to = text;
    return APR_SUCCESS;
}

apr_status_t app_setting_read(void *to, const app_setting_t *row, int from_file, const char *root,
                              const char *args, app_error_t *err, apr_pool_t *p)
{
    const char *word = NULL;

    if (row->type == APP_TYPE_LIST) {
        return set_list(args, row, to, err, p);
    }
    if (row->type == APP_TYPE_PARSED) {
        return set_parsed(args, row, to, err, p);
    }
    if (only_word(args, row, &word, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    switch (row->type) {
    case APP_TYPE_FLAG:
        return set_flag(word, row, to, err);
    case APP_TYPE_ENUM:
        return set_choice(word, row, to, err, p);
    case APP_TYPE_INT:
    case APP_TYPE_DURATION:
    case APP_TYPE_SIZE:
        return set_number(word, row, to, err, p);
    case APP_TYPE_SECRET:
        if (from_file || *word == '@') {
            word += !from_file;
            return read_secret(absolute(word, root, p), row, to, err, p);
        }
        *(const char **)to = word;
        return APR_SUCCESS;
    case APP_TYPE_PATH:
        *(const char **)to = absolute(word, root, p);
        return APR_SUCCESS;
    default:
        *(const char **)to = word;
        return APR_SUCCESS;
    }
}
