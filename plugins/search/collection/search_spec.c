/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads and checks what collections shall be (search_spec.h). While the configuration is read, when
 * there is no database to ask, and for appctl.
 */
#include <string.h>

#include "apr_strings.h"

#include "search_collection.h"
#include "search_spec.h"

#define NAME_MAX_LEN 32 /* with what goes around it a name that PostgreSQL does not cut */

static apr_status_t refuse(const search_spec_t *spec, app_error_t *err, const char *what,
                           const char *why)
{
    return app_fail(err, APP_E_SETTING, "Collection \"%s\": %s%s", spec->name, what, why);
}

/** @return 0: no such word */
static int set_field(search_spec_t *spec, const char *word, const char *value)
{
    const struct { const char *word, **value; } known[] = {
        { "table", &spec->table },       { "columns", &spec->columns },
        { "facets", &spec->facets },     { "language", &spec->language },
        { "title", &spec->title },       { "key", &spec->key }
    };
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].word, word) == 0) {
            *known[i].value = value;
            return 1;
        }
    }
    return 0;
}

/* Checks */

static apr_status_t check_name(const search_spec_t *spec, app_error_t *err)
{
    if (*spec->name && strlen(spec->name) <= NAME_MAX_LEN &&
        strspn(spec->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(spec->name)) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_SETTING, "Collection \"%s\": this is no name", spec->name);
    return app_hint(err, "Take lower-case letters, digits and _, up to %d.", NAME_MAX_LEN);
}

static const search_column_t *find(const search_column_t *columns, int count, const char *name)
{
    int i;

    for (i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            return &columns[i];
        }
    }
    return NULL;
}

static apr_status_t check_columns(search_spec_t *spec, app_error_t *err, apr_pool_t *p)
{
    const search_column_t *columns;
    int i, count;

    if (!search_columns_parse(&columns, &count, spec->columns, p)) {
        refuse(spec, err, "no columns are named by ", spec->columns);
        return app_hint(err, "Write them as in title:A,summary:B,body:D.");
    }
    for (i = 1; i < count; i++) {
        if (find(columns, i, columns[i].name)) {
            return refuse(spec, err, columns[i].name, " stands twice among its columns");
        }
    }
    spec->title = spec->title ? spec->title : columns[0].name;
    return find(columns, count, spec->title)
               ? APR_SUCCESS
               : refuse(spec, err, spec->title, ", its title, is none of its columns");
}

static apr_status_t suits_sqlite(const search_spec_t *spec, app_error_t *err)
{
    if (strchr(spec->table, '.')) {
        return refuse(spec, err, spec->table, " names a schema, and SQLite has none");
    }
    if (spec->key) {
        return refuse(spec, err, "a key is for PostgreSQL; ", "SQLite tells rows apart by rowid");
    }
    if (strcmp(spec->language, "english") != 0 && strcmp(spec->language, "simple") != 0) {
        refuse(spec, err, "SQLite has no language ", spec->language);
        return app_hint(err, "Take simple, which finds words as they are, or english.");
    }
    return APR_SUCCESS;
}

apr_status_t search_spec_suits(const search_spec_t *spec, app_db_kind_e kind, app_error_t *err)
{
    return kind == APP_DB_SQLITE ? suits_sqlite(spec, err) : APR_SUCCESS;
}

apr_status_t search_spec_check(search_spec_t *spec, app_error_t *err, apr_pool_t *p)
{
    if (check_name(spec, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!spec->table || !spec->columns) {
        refuse(spec, err, spec->table ? "its columns" : "its table", " must be said");
        return app_hint(err, "As in: table=packages columns=name:A,summary:B");
    }
    spec->facets = spec->facets ? spec->facets : "";
    spec->language = spec->language ? spec->language : "english";
    return check_columns(spec, err, p);
}

apr_status_t search_specs_check(const apr_array_header_t *specs, app_db_kind_e kind,
                                app_error_t *err)
{
    int i, k;

    for (i = 0; i < specs->nelts; i++) {
        const search_spec_t *spec = APR_ARRAY_IDX(specs, i, const search_spec_t *);

        if (search_spec_suits(spec, kind, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        for (k = 0; k < i; k++) {
            if (strcmp(APR_ARRAY_IDX(specs, k, const search_spec_t *)->name, spec->name) == 0) {
                return refuse(spec, err, "it is declared", " twice");
            }
        }
    }
    return APR_SUCCESS;
}

/* Lines */

static apr_status_t take_word(search_spec_t *spec, const char *word, app_error_t *err,
                              apr_pool_t *p)
{
    const char *value = strchr(word, '=');

    if (value && value[1] &&
        set_field(spec, apr_pstrmemdup(p, word, (apr_size_t)(value - word)), value + 1)) {
        return APR_SUCCESS;
    }
    refuse(spec, err, "not known: ", word);
    return app_hint(err, "Accepted: table=, columns=, facets=, language=, title=, key=, each with "
                         "a value, and no blanks around commas.");
}

apr_status_t search_spec_parse(const void **pvalue, const apr_array_header_t *words,
                               app_error_t *err, apr_pool_t *p)
{
    search_spec_t *spec = apr_pcalloc(p, sizeof(*spec));
    int i;

    spec->name = APR_ARRAY_IDX(words, 0, const char *);
    for (i = 1; i < words->nelts; i++) {
        if (take_word(spec, APR_ARRAY_IDX(words, i, const char *), err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (search_spec_check(spec, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pvalue = spec;
    return APR_SUCCESS;
}
